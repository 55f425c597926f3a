// Prices moved against a margin account: each mark by the net of the positions in it, each index price by what its asset counts.

import { assert } from '../errors.ts'
import { exactNumbers } from './algebra.ts'
import type { Coordinate } from './curve.ts'
import type { Fixed } from './fixed.ts'
import { decimalsOf } from './fixed.ts'
import { figuresAt, type Known, type KnownPrices } from './formula-figures.ts'
import { add, mul, ONE, parseDecimal, type Rational, sub, ZERO } from './rational.ts'

/** No price falls by all of itself. */
export const FALL_MAX: Rational = { n: 10n ** 18n - 1n, d: 10n ** 18n }

/** Whether an account loses when a price rises or when it falls. */
export type Adverse = 'rise' | 'fall'

/**
 * By the net of an instrument: a long one loses when its price falls. Where nothing is net, the side on which the value, and
 * so the margin that is asked, grows: a rise, of an inverse contract a fall.
 */
export function adverseOf(net: bigint | number, isInverse: boolean): Adverse {
  if (net > 0) return 'fall'
  return net < 0 || !isInverse ? 'rise' : 'fall'
}

/** The same by the sum of the slopes of the curves of a symbol: the slope of an inverse contract is against its size. */
export function adverseOfSlope(coordinate: Coordinate, slope: bigint | number): Adverse {
  return coordinate === 'price' ? adverseOf(slope, false) : adverseOf(-slope, true)
}

/** What a price is multiplied by when it moves against the account by the distance. */
export function factorOf(side: Adverse, distance: Rational): Rational {
  return side === 'fall' ? sub(ONE, distance) : add(ONE, distance)
}

/** A price that moved against the account by a distance, which is a decimal. */
export function movedFixed({ digits, decimals }: Fixed, side: Adverse, distance: Rational): Fixed {
  const factor = factorOf(side, distance)
  const more = decimalsOf(factor)
  assert(more !== undefined, 'a distance from the line is a decimal')
  return { digits: digits * factor.n, decimals: decimals + more }
}

/**
 * The way in which each mark moves. The underlying of an option rises, which raises the margin of a short one, unless the
 * account holds the underlying. An index price has no way of its own: see `indexesMovedAgainst`.
 */
export function adverseMarks(known: KnownPrices): ReadonlyMap<string, Adverse> {
  const nets = new Map<string, Rational>()
  const sides = new Map<string, Adverse>()
  for (const { position, rules } of known.formula.positions) {
    const net = add(nets.get(position.symbol) ?? ZERO, parseDecimal(position.size))
    nets.set(position.symbol, net)
    sides.set(position.symbol, adverseOf(net.n, rules.contribution === 'inverse'))
  }
  for (const symbol of known.marks.keys()) if (!sides.has(symbol)) sides.set(symbol, 'rise')
  return sides
}

/** The account at prices moved against it by the distance; what is closed of it is closed at the present marks. */
export function knownAgainst(known: Known, distance: Rational): Known {
  if (distance.n === 0n) return known
  const sides = adverseMarks(known)
  const marks = new Map(
    [...known.marks].map(([symbol, price]) => [symbol, mul(price, factorOf(sides.get(symbol)!, distance))]),
  )
  const prices = { ...known, marks, indexShare: distance, closingMarks: known.marks }
  return { ...prices, figures: figuresAt(exactNumbers, prices) }
}
