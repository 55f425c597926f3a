// How far the prices of a margin account are from its line, all together or those of one coin.

import { adverseMarks, FALL_MAX } from './adverse.ts'
import { type Figure, type FigureOf, firstCrossingSteps, firstFallSteps, tracedFigure } from './crossing.ts'
import { type Known, type Moved, slackAt } from './formula-figures.ts'
import { focusOn, placesOn } from './formula-focus.ts'
import { movedSlack } from './moved-sums.ts'
import { figureOfPieces } from './pieces.ts'
import type { RuledPosition } from './position-value.ts'
import { coinPiecesOf } from './price-pieces.ts'
import { compare, mul, neg, ONE, type Rational, sub, ZERO } from './rational.ts'
import { resultOf, type Steps } from './steps.ts'
import { unroundedFiguresOf } from './unrounded.ts'

/**
 * The largest equal relative move of all prices, each against the account, that leaves it above its line, as a fraction: the
 * move at which it is on the line. 0 on and below the line; undefined if no move brings it there. Each instrument moves by
 * the net of its positions. Each index price of a pool falls or rises, whichever leaves less there, at the moved prices: so no
 * move of index prices within the distance, beside marks moved like that, brings the account to its line if the ratios of its
 * tiers fall. A root that is no fraction is rounded down to 18 digits. Where the venue rounds, the distance is that of the
 * figures before rounding, and 0 if they or the rounded ones have reached the line.
 */
export function distanceByFormula(known: Known): Rational | undefined {
  return resultOf(distanceStepsByFormula(known))
}

/** The same in steps: one for each piece between two caps, or turns of an index price, and each position that passes a cap. */
export function* distanceStepsByFormula(known: Known): Steps<Rational | undefined> {
  const { marginBalance, maintenanceMargin } = known.figures
  if (compare(marginBalance, maintenanceMargin) <= 0) return ZERO
  const unrounded = unroundedFiguresOf(known)
  if (compare(unrounded.marginBalance, unrounded.maintenanceMargin) <= 0) return ZERO
  if (holdsShortOption(known.formula.positions)) return undefined
  const sides = adverseMarks(known)
  const falls = [...sides.values()].includes('fall')
  const end = falls ? FALL_MAX : undefined
  if (known.isTraced !== true && known.formula.marginMode === 'cross')
    return yield* firstFallSteps(movedSlack({ prices: known, sides, end }), ZERO, end)
  const slack: FigureOf = (algebra, move) => {
    const one = algebra.of(ONE)
    const factors = { fall: algebra.sub(one, move), rise: algebra.add(one, move) }
    return slackAt(
      algebra,
      known,
      (kind, name, price) =>
        kind === 'mark' ? algebra.mul(algebra.of(price), factors[sides.get(name)!]) : undefined,
      {},
      move,
    )
  }
  return yield* firstCrossingSteps(slack, ZERO, 'up', end)
}

/** How far the mark of an option moves with its underlying is not known; a long one neither adds to a margin balance nor asks. */
export function holdsShortOption(positions: readonly RuledPosition[]): boolean {
  return positions.some(
    ({ position, rules }) => rules.contribution === 'option' && position.size.startsWith('-'),
  )
}

/** Where an account is liquidated if only one coin moves. */
export interface CoinMove {
  readonly coin: string
  /** Relative move of the coin, below zero for a fall; undefined if no move of it alone liquidates the account, or beside a short option on it. */
  readonly change: Rational | undefined
  /** The marks of the coin's instruments after that move. */
  readonly prices: ReadonlyMap<string, Rational>
}

/** For each coin that the account depends on, the nearer of its fall and its rise at which the account meets its line. */
export function coinMovesOf(known: Known): readonly CoinMove[] {
  return [...symbolsByCoin(known)].map(([coin, symbols]) => {
    const slack = slackOfCoin(known, coin, symbols)
    const pricesAt = (factor: Rational) =>
      new Map([...symbols].map((symbol) => [symbol, mul(known.marks.get(symbol)!, factor)]))
    if (slack.valueAt(ONE).n === 0n) return { coin, change: ZERO, prices: pricesAt(ONE) }
    if (holdsShortOption(positionsOf(known, symbols))) return { coin, change: undefined, prices: new Map() }
    const fall = slack.crossing(ONE, 'down', sub(ONE, FALL_MAX))
    const rise = slack.crossing(ONE, 'up')
    const factor = nearerOf(fall, rise)
    if (factor === undefined) return { coin, change: undefined, prices: new Map() }
    return { coin, change: sub(factor, ONE), prices: pricesAt(factor) }
  })
}

function positionsOf({ formula }: Known, symbols: ReadonlySet<string>): readonly RuledPosition[] {
  const own = placesOn(formula, symbols).map((place) => formula.positions[place]!)
  return own.filter(({ position }) => symbols.has(position.symbol))
}

/** Slack as a function of the factor by which the marks of the coin are multiplied, of a pool with its index price. */
function slackOfCoin(known: Known, coin: string, symbols: ReadonlySet<string>): Figure {
  const pieces = known.isTraced === true ? undefined : coinPiecesOf(known, coin, symbols)
  if (pieces !== undefined) return figureOfPieces(pieces)
  const focused = focusOn(known, placesOn(known.formula, symbols), [coin])
  const moves =
    <N>(one: (price: Rational) => N): Moved<N> =>
    (kind, name, price) =>
      (kind === 'mark' ? symbols.has(name) : name === coin) ? one(price) : undefined
  return tracedFigure((algebra, factor) =>
    slackAt(
      algebra,
      focused,
      moves((price) => algebra.mul(algebra.of(price), factor)),
    ),
  )
}

function nearerOf(fall: Rational | undefined, rise: Rational | undefined): Rational | undefined {
  if (fall === undefined || rise === undefined) return fall ?? rise
  return compare(neg(sub(fall, ONE)), sub(rise, ONE)) <= 0 ? fall : rise
}

/** The marks that follow each coin; none for a coin that is collateral alone. */
function symbolsByCoin({ formula, marks, indexes }: Known): ReadonlyMap<string, ReadonlySet<string>> {
  const coins = new Map<string, Set<string>>()
  for (const { position, rules, defaults } of formula.positions) {
    const { baseAsset, contribution, settlementAsset, option } = rules
    const bySymbol = contribution === 'inverse' ? settlementAsset : position.symbol
    const coin = baseAsset ?? defaults.coinOf?.(position.symbol) ?? bySymbol
    const symbols = coins.get(coin) ?? new Set()
    coins.set(coin, symbols.add(position.symbol))
    if (option !== undefined && marks.has(option.underlying)) symbols.add(option.underlying)
  }
  for (const coin of indexes.keys()) if (!coins.has(coin)) coins.set(coin, new Set())
  return coins
}
