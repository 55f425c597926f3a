// The place of a position in the queue of auto-deleveraging, where the venue publishes its formula.
import { exactNumbers } from './algebra.ts'
import type { Known } from './formula-figures.ts'
import { bankruptcyPriceOf } from './formula-prices.ts'
import { positionFiguresOf } from './position-formulas.ts'
import { sizedPositionOf } from './position-value.ts'
import { abs, div, mul, ONE, parseDecimal, type Rational, sign, sub, ZERO } from './rational.ts'

/** By which the venue ranks the positions of one side, the highest first. undefined without a published formula. */
export function adlRankingOf(known: Known, place: number): Rational | undefined {
  const { adlRanking } = known.formula.positions[place]!.defaults
  if (adlRanking === undefined) return undefined
  return adlRanking === 'return-by-leverage' ? returnByLeverage(known, place) : priceByLeverage(known, place)
}

/**
 * Hyperliquid ("Auto-deleveraging"): mark / entry · notional / account value, of either side. Those in profit are closed.
 * undefined without an account value above zero.
 */
function priceByLeverage({ formula, figures, marks }: Known, place: number): Rational | undefined {
  const { position } = formula.positions[place]!
  const { marginBalance } = figures
  if (sign(marginBalance) <= 0) return undefined
  const notional = abs(figures.positions[place]!.value)
  const price = div(marks.get(position.symbol)!, parseDecimal(position.entryPrice))
  return mul(price, div(notional, marginBalance))
}

/**
 * BitMEX ("Auto-deleveraging"): return · leverage of a profit, return / leverage of a loss, where return is PnL / value at entry
 * and leverage is value at the mark / (value at the mark − value at the bankruptcy price). undefined without a bankruptcy price
 * beyond the mark, and for a value that the venue rounds to zero.
 */
function returnByLeverage(known: Known, place: number): Rational | undefined {
  const ruled = known.formula.positions[place]!
  const bankruptcyPrice = bankruptcyPriceOf(known, ruled.position.symbol)
  if (bankruptcyPrice === undefined) return undefined
  const { value, unrealizedPnl } = known.figures.positions[place]!
  const size = parseDecimal(ruled.position.size)
  const market = { markPrice: bankruptcyPrice, underlyingPrice: ONE, fundingRate: ZERO }
  const bankrupt = positionFiguresOf(exactNumbers, ruled, size, market)
  const backing = sub(unrealizedPnl, bankrupt.unrealizedPnl)
  if (sign(backing) <= 0) return undefined
  const leverage = div(abs(value), backing)
  const { entryValue } = sizedPositionOf(exactNumbers, ruled, size)
  if (sign(entryValue) === 0 || sign(value) === 0) return undefined
  const gained = div(unrealizedPnl, entryValue)
  return sign(gained) > 0 ? mul(gained, leverage) : div(gained, leverage)
}
