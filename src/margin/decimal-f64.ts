import type { Decimal } from '../domain/index.ts'

/** Longest text that is read digit by digit: it has at most 15 digits, which an f64 holds exactly. */
const LENGTH_MAX = 15
/** Exact in f64. */
const POWERS_OF_TEN = Float64Array.from({ length: LENGTH_MAX }, (_, exponent) => 10 ** exponent)
const MINUS = '-'.charCodeAt(0)
const POINT = '.'.charCodeAt(0)
const DIGIT_0 = '0'.charCodeAt(0)

/**
 * The f64 next to a decimal, as Number(text) gives it, in half the time. Whole number and power of ten are exact, so
 * their quotient is rounded once.
 */
export function decimalToF64(text: Decimal): number {
  const { length } = text
  if (length > LENGTH_MAX) return Number(text)
  const isNegative = text.charCodeAt(0) === MINUS
  let digits = 0
  let decimalsFrom = length
  for (let at = isNegative ? 1 : 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code === POINT) decimalsFrom = at + 1
    else digits = digits * 10 + (code - DIGIT_0)
  }
  const value = digits / POWERS_OF_TEN[length - decimalsFrom]!
  return isNegative ? -value : value
}
