// The prices at which a margin account meets its line, from its formula.
import type { PositionState } from '../domain/index.ts'
import { sumOf } from './algebra.ts'
import { closingFeeAtMarkOf } from './closing-fee.ts'
import { type Figure, type FigureOf, tracedFigure } from './crossing.ts'
import { figuresAt, type Known, type Moved, slackAt } from './formula-figures.ts'
import { focusOn, placesOn } from './formula-focus.ts'
import { figureOfPieces } from './pieces.ts'
import { premiumsOf, type Received, slackPiecesOf, worthPiecesOf } from './price-pieces.ts'
import { add, compare, mul, ONE, type Rational, sub } from './rational.ts'
import { textOf } from './state-text.ts'

/** The smallest price of the domain. */
const PRICE_MIN: Rational = { n: 1n, d: 10n ** 18n }

export function pricesAt(
  known: Known,
  index: number,
): Pick<PositionState, 'liquidationPrice' | 'bankruptcyPrice'> {
  const { symbol } = known.formula.positions[index]!.position
  const liquidationPrice = textOf(inDomain(liquidationPriceOf(known, symbol)))
  return { liquidationPrice, bankruptcyPrice: textOf(inDomain(bankruptcyPriceOf(known, symbol))) }
}

/** undefined below the smallest price. */
function inDomain(price: Rational | undefined): Rational | undefined {
  return price !== undefined && compare(price, PRICE_MIN) >= 0 ? price : undefined
}

/**
 * The mark of `symbol` at which the account passes its line, `received` counted in. A healthy account: the next such price on
 * the side where slack falls, or on the other side if this one has none. A breached account: the nearest.
 */
export function liquidationPriceOf(known: Known, symbol: string, received?: Received): Rational | undefined {
  return nextOf(slackOfSymbol(known, symbol, received), known.marks.get(symbol)!)
}

/** Slack as a function of the mark of one symbol. */
function slackOfSymbol(known: Known, symbol: string, received?: Received): Figure {
  const pieces = known.isTraced === true ? undefined : slackPiecesOf(known, symbol, received)
  if (pieces !== undefined) return figureOfPieces(pieces)
  const places = placesOn(known.formula, new Set([symbol]))
  const focused = focusOn(known, places, [received?.asset])
  if (received === undefined)
    return tracedFigure((algebra, price) => slackAt(algebra, focused, movedTo(symbol, price)))
  const { amount, asset } = received
  return tracedFigure((algebra, price) =>
    slackAt(algebra, focused, movedTo(symbol, price), { topUp: algebra.of(amount), topUpAsset: asset }),
  )
}

function movedTo<N>(symbol: string, price: N): Moved<N> {
  return (kind, name) => (kind === 'mark' && name === symbol ? price : undefined)
}

/** The next prices of a symbol below and above its mark at which the account passes its line; the mark itself on the line. */
export function bothPricesOf(known: Known, symbol: string): BothPrices {
  const slack = slackOfSymbol(known, symbol)
  const from = known.marks.get(symbol)!
  if (slack.valueAt(from).n === 0n) {
    const onTheLine = isLevelAt(slack, from) ? undefined : from
    return { below: onTheLine, above: onTheLine }
  }
  return {
    below: slack.crossing(from, 'down', PRICE_MIN),
    above: slack.crossing(from, 'up'),
  }
}

/**
 * Whether a liquidation price lies on the way of the mark of `symbol` from its own to `end`, not counting `end`, the other marks
 * fixed. A tier that meets the line exactly where it ends has one there.
 */
export function isLinePassedBefore(known: Known, symbol: string, end: Rational): boolean {
  const from = known.marks.get(symbol)!
  const side = compare(end, from) < 0 ? 'down' : 'up'
  const slack = slackOfSymbol(known, symbol)
  const price = slack.crossing(from, side, end)
  if (price === undefined || compare(price, end) === 0) return false
  // At its start it is a jump there, unless the account stays on its line.
  return compare(price, from) !== 0 || slack.valueAt(from).n !== 0n
}

export interface BothPrices {
  readonly below: Rational | undefined
  readonly above: Rational | undefined
}

/** The mark at which the wallet, all PnL, what options paid and brought, and the fee of closing the symbol there come to zero, the other marks fixed. */
export function bankruptcyPriceOf(known: Known, symbol: string): Rational | undefined {
  return nextOf(worthOfSymbol(known, symbol), known.marks.get(symbol)!)
}

function worthOfSymbol(known: Known, symbol: string): Figure {
  const pieces = known.isTraced === true ? undefined : worthPiecesOf(known, symbol)
  if (pieces !== undefined) return figureOfPieces(pieces)
  const focused = focusOn(known, placesOn(known.formula, new Set([symbol])))
  const worthAt: FigureOf = (algebra, price) => {
    const { walletBalance, unrealizedPnl, positions } = figuresAt(
      algebra,
      focused,
      {},
      movedTo(symbol, price),
    )
    const fees = focused.formula.positions.flatMap((ruled, index) => {
      if (ruled.position.symbol !== symbol) return []
      const indexPrice = algebra.of(known.indexes.get(ruled.rules.settlementAsset) ?? ONE)
      return [algebra.mul(closingFeeAtMarkOf(algebra, ruled, positions[index]!), indexPrice)]
    })
    const worth = algebra.add(algebra.add(walletBalance, unrealizedPnl), algebra.of(premiumsOf(known)))
    return algebra.sub(worth, sumOf(algebra, fees))
  }
  return tracedFigure(worthAt)
}

function nextOf(figure: Figure, from: Rational): Rational | undefined {
  const atMark = figure.valueAt(from)
  if (atMark.n === 0n) return isLevelAt(figure, from) ? undefined : from
  const below = () => figure.crossing(from, 'down', PRICE_MIN)
  const above = () => figure.crossing(from, 'up')
  const direction = atMark.n > 0n ? fallingSide(figure, from, atMark) : 0
  if (direction !== 0) return direction < 0 ? (below() ?? above()) : (above() ?? below())
  const [low, high] = [below(), above()]
  if (low === undefined || high === undefined) return low ?? high
  return compare(sub(from, low), sub(high, from)) <= 0 ? low : high
}

/** A step so small that no tier lies within it, unless the mark is on its cap. */
const NEARBY: Rational = { n: 1n, d: 10n ** 24n }

/** Whether a figure that is zero stays zero: an account of long options with an empty wallet is on its line at every price. */
function isLevelAt(figure: Figure, from: Rational): boolean {
  const step = mul(from, NEARBY)
  return [sub(from, step), add(from, step)].every((price) => figure.valueAt(price).n === 0n)
}

/** −1 if the figure falls with the price, 1 if it rises while the price falls, 0 if it is level. */
function fallingSide(figure: Figure, from: Rational, atMark: Rational): -1 | 0 | 1 {
  const below = figure.valueAt(sub(from, mul(from, NEARBY)))
  return compare(below, atMark) < 0 ? -1 : compare(below, atMark) > 0 ? 1 : 0
}
