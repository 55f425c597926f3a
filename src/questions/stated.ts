import { type Decimal, UNSIGNED_DECIMAL_PATTERN } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { compare, parseDecimal, type Rational } from '../margin/index.ts'

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

/** `signs`: what the rule says of the sign, for a caller that takes it away before. */
export function fractionUpTo(greatest: Decimal, field: string, text: string, signs = ''): Rational {
  const value = zeroOrMore(field, text)
  if (compare(value, parseDecimal(greatest)) <= 0) return value
  return refuse(field, text, `must be a fraction of at most ${greatest}${signs}; 0.00055 is 0.055 %`)
}

export function refuse(field: string, value: string, rule: string): never {
  throw new PlimsollError('INPUT_INVALID', `${field} is ${JSON.stringify(value)}: it ${rule}`, {
    path: field,
  })
}
