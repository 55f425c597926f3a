import type { Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { parseDecimal, powerOfTen, type Rational } from './rational.ts'

/** A decimal as a whole number of 10^−decimals. */
export interface Fixed {
  readonly digits: bigint
  readonly decimals: number
}

/** Most marks whose value is kept, enough for some thousand markets. A further mark clears the list first. */
export const PARSED_MARKS_MAX = 4_096
const parsedMarks = new Map<Decimal, Fixed>()

/** The value of a mark. All accounts of a market ask for the same text, so it is parsed once. */
export function markFixedOf(text: Decimal): Fixed {
  const known = parsedMarks.get(text)
  if (known !== undefined) return known
  const fixed = fixedOf(text)
  if (parsedMarks.size >= PARSED_MARKS_MAX) parsedMarks.clear()
  parsedMarks.set(text, fixed)
  return fixed
}

export function fixedOf(text: Decimal): Fixed {
  return { digits: parseDecimal(text).n, decimals: decimalsIn(text) }
}

/** Digits after the point. */
export function decimalsIn(text: Decimal): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point - 1
}

/** The digits at `more` decimals; `more` is at least the decimals of the value. */
export function digitsAt({ digits, decimals }: Fixed, more: number): bigint {
  return decimals === more ? digits : digits * powerOfTen(more - decimals)
}

/** k of a denominator 10^k; undefined for any other denominator. */
export function decimalsOf({ d }: Rational): number | undefined {
  let decimals = 0
  // Most values have few decimals: counting is faster than a look-up by bigint.
  while (powerOfTen(decimals) < d) decimals++
  return powerOfTen(decimals) === d ? decimals : undefined
}

/** `decimalsOf` of a product of decimals, which always has a power of ten as its denominator. */
export function knownDecimalsOf(value: Rational): number {
  const decimals = decimalsOf(value)
  assert(decimals !== undefined, `${value.n}/${value.d} is no decimal`)
  return decimals
}
