// Prices moved against a margin account: each mark by the net of the positions in it, each index price by what its asset counts.

import type { InstrumentRules } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { sideOf } from './account-id.ts'
import { type Algebra, exactNumbers } from './algebra.ts'
import type { Coordinate } from './curve.ts'
import type { Fixed } from './fixed.ts'
import { decimalsOf } from './fixed.ts'
import { figuresAt, type Known, type KnownPrices } from './formula-figures.ts'
import type { RuledPosition } from './position-value.ts'
import { add, max, ONE, parseDecimal, type Rational, sub, ZERO } from './rational.ts'

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
  const sides = new Map<string, Adverse>()
  const { positions } = known.formula
  const nets = positions.length > 1 ? netsOf(positions) : undefined
  for (const { position, rules } of positions) {
    const net = nets === undefined ? (sideOf(position) === 'long' ? 1 : -1) : nets.get(position.symbol)!.n
    sides.set(position.symbol, adverseOf(net, rules.contribution === 'inverse'))
  }
  for (const symbol of known.marks.keys()) if (!sides.has(symbol)) sides.set(symbol, 'rise')
  return sides
}

function netsOf(positions: readonly RuledPosition[]): ReadonlyMap<string, Rational> {
  const nets = new Map<string, Rational>()
  for (const { position } of positions) {
    const { symbol, size } = position
    nets.set(symbol, add(nets.get(symbol) ?? ZERO, parseDecimal(size)))
  }
  return nets
}

type OptionTerms = NonNullable<InstrumentRules['option']>

const options = new WeakMap<readonly RuledPosition[], ReadonlyMap<string, OptionTerms>>()

/** The terms of an option; undefined of another contract. */
function optionOf(positions: readonly RuledPosition[], symbol: string): OptionTerms | undefined {
  const [only, other] = positions
  // The account of one position, and most are such, is worth no map.
  if (only !== undefined && other === undefined)
    return only.position.symbol === symbol ? only.rules.option : undefined
  return optionsIn(positions).get(symbol)
}

/** The terms of the options among the positions, by symbol. */
function optionsIn(positions: readonly RuledPosition[]): ReadonlyMap<string, OptionTerms> {
  const known = options.get(positions)
  if (known !== undefined) return known
  const found = new Map<string, OptionTerms>()
  for (const { position, rules } of positions)
    if (rules.option !== undefined) found.set(position.symbol, rules.option)
  options.set(positions, found)
  return found
}

/**
 * What a mark comes to by a move against the account by the distance; the largest counts. One of an option that rises, as that of
 * a short one does, rises by the distance or by as much as such a move of its underlying alone can raise it: the worth of an option
 * changes by no more than its underlying does (delta is at most 1). By the move of a call in coin the underlying rises, of a put
 * it falls. `markOf` gives present marks.
 */
export function movedMarks<N>(
  algebra: Algebra<N>,
  positions: readonly RuledPosition[],
  markOf: (symbol: string) => N,
  symbol: string,
  side: Adverse,
  distance: N,
): readonly [N] | readonly [N, N] {
  const price = markOf(symbol)
  const one = algebra.of(ONE)
  const [fallen, risen] = [algebra.sub(one, distance), algebra.add(one, distance)]
  const moved = algebra.mul(price, side === 'fall' ? fallen : risen)
  const option = optionOf(positions, symbol)
  if (option === undefined || side === 'fall') return [moved]
  if (option.pricedIn === 'quote')
    return [moved, algebra.add(price, algebra.mul(markOf(option.underlying), distance))]
  return [moved, algebra.div(algebra.add(price, distance), option.type === 'call' ? risen : fallen)]
}

/** A mark after a move against the account, as `movedMarks` says. */
export function movedMark(
  { formula, marks }: KnownPrices,
  symbol: string,
  side: Adverse,
  distance: Rational,
): Rational {
  const markOf = (name: string) => marks.get(name)!
  return movedMarks(exactNumbers, formula.positions, markOf, symbol, side, distance).reduce(max)
}

/** The account at prices moved against it by the distance; what is closed of it is closed at the present marks. */
export function knownAgainst(known: Known, distance: Rational): Known {
  if (distance.n === 0n) return known
  const sides = adverseMarks(known)
  const marks = new Map(
    [...known.marks.keys()].map((symbol) => [symbol, movedMark(known, symbol, sides.get(symbol)!, distance)]),
  )
  const prices = { ...known, marks, indexShare: distance, closingMarks: known.marks }
  return { ...prices, figures: figuresAt(exactNumbers, prices) }
}
