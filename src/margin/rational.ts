import { DECIMAL_PATTERN, type Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'

/** An exact fraction, `d` > 0. Not always in lowest terms: compare with `compare`, never field by field. */
export interface Rational {
  readonly n: bigint
  readonly d: bigint
}

/** Decimals of displayed figures: as many as a decimal of the domain may have. */
export const DISPLAY_DECIMALS = 18

/** Above this denominator sums look for a common divisor. Below it the search costs more than it saves. */
const DENOMINATOR_FREE_MAX = 1n << 256n

const POWERS_OF_TEN: readonly bigint[] = Array.from({ length: 81 }, (_, exponent) => 10n ** BigInt(exponent))

export const ZERO: Rational = { n: 0n, d: 1n }
export const ONE: Rational = { n: 1n, d: 1n }

/** 10^exponent, `exponent` ≥ 0. */
export function powerOfTen(exponent: number): bigint {
  return POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent)
}

/** A cure evaluates the same decimals hundreds of times. One more text than these clears them. */
const REMEMBERED_MAX = 8_192
const remembered = new Map<string, Rational>()

/** The exact value of a decimal string. Its grammar was checked when it entered the program. */
export function parseDecimal(text: Decimal): Rational {
  const known = remembered.get(text)
  if (known !== undefined) return known
  const value = parsedDecimal(text)
  if (remembered.size >= REMEMBERED_MAX) remembered.clear()
  remembered.set(text, value)
  return value
}

function parsedDecimal(text: Decimal): Rational {
  assert(DECIMAL_PATTERN.test(text), `"${text}" is no decimal string`)
  const point = text.indexOf('.')
  if (point < 0) return { n: BigInt(text), d: 1n }
  return {
    n: BigInt(text.slice(0, point) + text.slice(point + 1)),
    d: powerOfTen(text.length - point - 1),
  }
}

/** The exact value of a rate: a decimal string, or a fraction such as `1/30`. Its grammar was checked when it entered the program. */
export function parseRate(text: string): Rational {
  const slash = text.indexOf('/')
  return slash < 0
    ? parseDecimal(text)
    : { n: BigInt(text.slice(0, slash)), d: BigInt(text.slice(slash + 1)) }
}

/** The text that `parseRate` reads as the same value: a decimal where it ends, otherwise a fraction in lowest terms. */
export function formatRate(rate: Rational): string {
  const { n, d } = reduce(rate)
  const decimal = formatDecimal({ n, d })
  return compare(parseDecimal(decimal), { n, d }) === 0 ? decimal : `${n}/${d}`
}

/**
 * Decimal text without trailing zeros. Exact when the fraction ends within `decimals` digits after the point, otherwise
 * rounded half to even at that digit. Never `-0`.
 */
export function formatDecimal(r: Rational, decimals: number = DISPLAY_DECIMALS): Decimal {
  const magnitude = (r.n < 0n ? -r.n : r.n) * powerOfTen(decimals)
  return decimalText(r.n < 0n, quotientHalfEven(magnitude, r.d), decimals)
}

/**
 * The text of `formatDecimal` for digits/10^decimals, without a division when the fraction ends within the displayed
 * decimals.
 */
export function formatFixed(digits: bigint, decimals: number): Decimal {
  const magnitude = digits < 0n ? -digits : digits
  if (decimals <= DISPLAY_DECIMALS) return decimalText(digits < 0n, magnitude, decimals)
  const quotient = quotientHalfEven(magnitude, powerOfTen(decimals - DISPLAY_DECIMALS))
  return decimalText(digits < 0n, quotient, DISPLAY_DECIMALS)
}

const ZERO_DIGIT = '0'.charCodeAt(0)

/** The text of magnitude/10^decimals. */
function decimalText(negative: boolean, magnitude: bigint, decimals: number): Decimal {
  if (magnitude === 0n) return '0'
  const text = magnitude.toString().padStart(decimals + 1, '0')
  const point = text.length - decimals
  let end = text.length
  while (end > point && text.charCodeAt(end - 1) === ZERO_DIGIT) end--
  const unsigned = end === point ? text.slice(0, point) : `${text.slice(0, point)}.${text.slice(point, end)}`
  return negative ? `-${unsigned}` : unsigned
}

function quotientHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const twiceRest = (numerator - quotient * denominator) * 2n
  const up = twiceRest > denominator || (twiceRest === denominator && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}

/** Bits of the quotient kept before the one rounding to 53: enough that a sticky last bit cannot be a tie. */
const QUOTIENT_BITS = 66

/** The nearest f64, ties to even; exactly rounded for every value in the range of normal numbers. */
export function toFloat(r: Rational): number {
  if (r.n === 0n) return 0
  const magnitude = r.n < 0n ? -r.n : r.n
  if (magnitude <= Number.MAX_SAFE_INTEGER && r.d <= Number.MAX_SAFE_INTEGER) return Number(r.n) / Number(r.d)
  const shift = QUOTIENT_BITS - (bitLength(magnitude) - bitLength(r.d))
  const numerator = shift > 0 ? magnitude << BigInt(shift) : magnitude
  const denominator = shift < 0 ? r.d << BigInt(-shift) : r.d
  const quotient = numerator / denominator
  const sticky = quotient * denominator === numerator ? quotient : quotient | 1n
  const value = scaleByPowerOfTwo(Number(sticky), -shift)
  return r.n < 0n ? -value : value
}

function scaleByPowerOfTwo(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2)
  return value * 2 ** half * 2 ** (exponent - half)
}

function bitLength(positive: bigint): number {
  const hex = positive.toString(16)
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0]!, 16)))
}

export function add(a: Rational, b: Rational): Rational {
  if (a.d === b.d) return { n: a.n + b.n, d: a.d }
  if (a.d < b.d) return addToFiner(b, a)
  return addToFiner(a, b)
}

// Denominators of decimals are powers of ten, so the finer one is nearly always a multiple of the coarser.
function addToFiner(fine: Rational, coarse: Rational): Rational {
  const factor = fine.d / coarse.d
  if (factor * coarse.d === fine.d) return { n: fine.n + coarse.n * factor, d: fine.d }
  const common = fine.d > DENOMINATOR_FREE_MAX ? greatestCommonDivisor(fine.d, coarse.d) : 1n
  const coarseFactor = coarse.d / common
  return { n: fine.n * coarseFactor + coarse.n * (fine.d / common), d: fine.d * coarseFactor }
}

export function neg(a: Rational): Rational {
  return { n: -a.n, d: a.d }
}

export function sub(a: Rational, b: Rational): Rational {
  return add(a, neg(b))
}

export function mul(a: Rational, b: Rational): Rational {
  return { n: a.n * b.n, d: a.d * b.d }
}

/** `b` must not be zero. */
export function div(a: Rational, b: Rational): Rational {
  assert(b.n !== 0n, 'division by zero')
  return b.n > 0n ? { n: a.n * b.d, d: a.d * b.n } : { n: -a.n * b.d, d: -a.d * b.n }
}

export function abs(a: Rational): Rational {
  return a.n < 0n ? neg(a) : a
}

/** −1, 0 or 1. */
export function sign(a: Rational): -1 | 0 | 1 {
  return a.n > 0n ? 1 : a.n < 0n ? -1 : 0
}

/** −1 where a < b, 0 when equal, 1 where a > b. */
export function compare(a: Rational, b: Rational): -1 | 0 | 1 {
  const left = a.d === b.d ? a.n : a.n * b.d
  const right = a.d === b.d ? b.n : b.n * a.d
  return left > right ? 1 : left < right ? -1 : 0
}

export function max(a: Rational, b: Rational): Rational {
  return compare(a, b) >= 0 ? a : b
}

export function min(a: Rational, b: Rational): Rational {
  return compare(a, b) <= 0 ? a : b
}

/** The same value in lowest terms. For values that are computed once and used often. */
export function reduce(a: Rational): Rational {
  const common = greatestCommonDivisor(a.n < 0n ? -a.n : a.n, a.d)
  return common === 1n ? a : { n: a.n / common, d: a.d / common }
}

/** Below it a step of Euclid costs less than to look at the leading bits. */
const LEADING_MIN = 1n << 512n
/** An f64 holds so many leading bits exactly, sums with a cofactor included. */
const LEADING_BITS = 50

/**
 * Neither is below zero. Of long numbers the leading bits tell many steps of Euclid at once, which are then done together
 * (Lehmer; Knuth, TAOCP 4.5.2, algorithm L): sums over a hundred reciprocal prices have denominators of thousands of bits.
 */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [large, small] = a >= b ? [a, b] : [b, a]
  let bits = large >= LEADING_MIN ? bitLength(large) : 0
  while (small >= LEADING_MIN) {
    // A step shortens the larger number by a few bits, or by many: then its bits are counted anew.
    let x = Number(large >> BigInt(bits - LEADING_BITS))
    bits = x >= 1 ? bits - LEADING_BITS + Math.floor(Math.log2(x)) + 1 : bitLength(large)
    const shift = BigInt(bits - LEADING_BITS)
    x = Number(large >> shift)
    let y = Number(small >> shift)
    let [a1, b1, a2, b2] = [1, 0, 0, 1]
    while (y + a2 !== 0 && y + b2 !== 0) {
      const quotient = Math.floor((x + a1) / (y + a2))
      if (quotient !== Math.floor((x + b1) / (y + b2))) break
      ;[a1, a2] = [a2, a1 - quotient * a2]
      ;[b1, b2] = [b2, b1 - quotient * b2]
      ;[x, y] = [y, x - quotient * y]
    }
    if (b1 === 0) [large, small] = [small, large % small]
    else {
      const [p, q, r, s] = [BigInt(a1), BigInt(b1), BigInt(a2), BigInt(b2)]
      ;[large, small] = [p * large + q * small, r * large + s * small]
    }
  }
  while (small !== 0n) [large, small] = [small, large % small]
  return large
}

/** Largest multiple of `unit` that is not above `a`. */
export function floorTo(a: Rational, unit: Rational): Rational {
  const ratio = div(a, unit)
  const truncated = ratio.n / ratio.d
  const whole = ratio.n < 0n && truncated * ratio.d !== ratio.n ? truncated - 1n : truncated
  return mul({ n: whole, d: 1n }, unit)
}

/** Smallest multiple of `unit` that is not below `a`. */
export function ceilTo(a: Rational, unit: Rational): Rational {
  return neg(floorTo(neg(a), unit))
}
