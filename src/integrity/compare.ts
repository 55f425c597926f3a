import type { Decimal } from '../domain/index.ts'
import { abs, add, compare, div, formatDecimal, mul, ONE, parseDecimal, sub } from '../margin/index.ts'

/** What f64 may be wrong by in a ratio of two prices, with room. A difference so close to a limit is for exact arithmetic. */
const RATIO_ERROR = 1e-12

/** Whether f64 leaves it possible that the price is further than `limit` from the reference. Both are above zero. */
export function mayBeBeyond(price: number, reference: number, limit: number): boolean {
  return Math.abs(price / reference - 1) > limit - RATIO_ERROR
}

/** The same of a price `scale` times above or below the reference. */
export function mayBeOffScale(price: number, reference: number, scale: number): boolean {
  const ratio = price / reference
  return ratio > scale * (1 - RATIO_ERROR) || ratio * scale < 1 + RATIO_ERROR
}

/** Whether the price is further than `limit`, a fraction, from the reference. Exact. */
export function isBeyond(price: Decimal, reference: Decimal, limit: Decimal): boolean {
  const base = parseDecimal(reference)
  return compare(abs(sub(parseDecimal(price), base)), mul(parseDecimal(limit), base)) > 0
}

/** Whether the price is more than `scale` times the reference, or less than that part of it. Exact. */
export function isOffScale(price: Decimal, reference: Decimal, scale: Decimal): boolean {
  const [own, base, times] = [parseDecimal(price), parseDecimal(reference), parseDecimal(scale)]
  return compare(own, mul(times, base)) > 0 || compare(mul(times, own), base) < 0
}

/** Whether `other` is as far from `start` as the price, or further on the same side. Exact. */
export function isOnSideOf(other: Decimal, price: Decimal, start: Decimal): boolean {
  const [own, stated] = [parseDecimal(other), parseDecimal(price)]
  return compare(stated, parseDecimal(start)) < 0 ? compare(own, stated) <= 0 : compare(own, stated) >= 0
}

/** Whether `part` of `whole` is at least that share, a fraction. Exact. */
export function reachesShare(part: number, whole: number, share: Decimal): boolean {
  return compare(parseDecimal(String(part)), mul(parseDecimal(share), parseDecimal(String(whole)))) >= 0
}

/** Half the sum of two prices. */
export function middleOf(left: Decimal, right: Decimal): Decimal {
  if (left === right) return left
  const two = add(ONE, ONE)
  return formatDecimal(div(add(parseDecimal(left), parseDecimal(right)), two))
}

/** Whether the price is nearer to `one` than to `other`. Exact. */
export function isNearer(price: Decimal, one: Decimal, other: Decimal): boolean {
  const own = parseDecimal(price)
  return compare(abs(sub(own, parseDecimal(one))), abs(sub(own, parseDecimal(other)))) < 0
}
