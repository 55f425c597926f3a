import type { Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { DISPLAY_DECIMALS, parseDecimal, powerOfTen, type Rational } from './rational.ts'

/** A decimal as a whole number of 10^−decimals. */
export interface Fixed {
  readonly digits: bigint
  readonly decimals: number
}

/** Marks whose value is kept: those of some thousand markets. When one more comes, all are forgotten. */
export const PARSED_MARKS_MAX = 4_096
const parsedMarks = new Map<Decimal, Fixed>()

/** The value of a mark. The accounts of a market ask for the same text in turn, so it is parsed once. */
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

/** The digits at more decimals than the value has. */
export function digitsAt({ digits, decimals }: Fixed, more: number): bigint {
  return decimals === more ? digits : digits * powerOfTen(more - decimals)
}

const DECIMALS_KNOWN_MAX = 80
const DECIMALS_OF: ReadonlyMap<bigint, number> = new Map(
  Array.from({ length: DECIMALS_KNOWN_MAX + 1 }, (_, decimals) => [powerOfTen(decimals), decimals]),
)

/** k of a denominator 10^k; undefined for any other. */
export function decimalsOf({ d }: Rational): number | undefined {
  return DECIMALS_OF.get(d)
}

/** The same of what is made of decimals by multiplication alone. */
export function knownDecimalsOf(value: Rational): number {
  const decimals = decimalsOf(value)
  assert(decimals !== undefined, `${value.n}/${value.d} is no decimal`)
  return decimals
}

/** The text that `formatDecimal` gives for digits/10^decimals, without a division where it ends in time. */
export function formatFixed(digits: bigint, decimals: number): Decimal {
  const negative = digits < 0n
  let magnitude = negative ? -digits : digits
  let places = decimals
  if (places > DISPLAY_DECIMALS) {
    magnitude = roundedHalfEven(magnitude, powerOfTen(places - DISPLAY_DECIMALS))
    places = DISPLAY_DECIMALS
  }
  if (magnitude === 0n) return '0'
  const text = magnitude.toString().padStart(places + 1, '0')
  const point = text.length - places
  let end = text.length
  while (end > point && text.charCodeAt(end - 1) === ZERO_DIGIT) end--
  const whole = text.slice(0, point)
  const unsigned = end === point ? whole : `${whole}.${text.slice(point, end)}`
  return negative ? `-${unsigned}` : unsigned
}

const ZERO_DIGIT = '0'.charCodeAt(0)

function roundedHalfEven(magnitude: bigint, unit: bigint): bigint {
  const quotient = magnitude / unit
  const twiceRest = (magnitude - quotient * unit) * 2n
  const up = twiceRest > unit || (twiceRest === unit && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}
