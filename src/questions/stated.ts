import { UNSIGNED_DECIMAL_PATTERN } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { parseDecimal, type Rational } from '../margin/index.ts'

// Numbers that a user states. Each is read exactly, or refused with INPUT_INVALID by the name of its field.

export function positive(field: string, text: string): Rational {
  const value = zeroOrMore(field, text)
  return value.n > 0n ? value : refuse(field, text, 'must be above zero')
}

export function zeroOrMore(field: string, text: string): Rational {
  if (!UNSIGNED_DECIMAL_PATTERN.test(text)) {
    refuse(field, text, 'must be a decimal number of zero or more without exponent')
  }
  return parseDecimal(text)
}

export function fractionBelow1(field: string, text: string): Rational {
  const value = zeroOrMore(field, text)
  return value.n < value.d ? value : refuse(field, text, 'must be a fraction below 1, such as 0.00055')
}

/** A rate that may be negative, between −1 and 1. */
export function signed(field: string, text: string): Rational {
  const isNegative = text.startsWith('-')
  const magnitude = fractionBelow1(field, isNegative ? text.slice(1) : text)
  return isNegative ? { n: -magnitude.n, d: magnitude.d } : magnitude
}

export function refuse(field: string, value: string, rule: string): never {
  throw new PlimsollError('INPUT_INVALID', `${field} is ${JSON.stringify(value)}: it ${rule}`, {
    path: field,
  })
}
