// The prices at which a margin account of straight pieces meets its line: those of its formula, in a fraction of the time.
import { coordinateAt, priceAt } from './curve.ts'
import type { Known } from './formula-figures.ts'
import type { Leg } from './leg.ts'
import { liquidationPriceByPieces } from './prices-by-pieces.ts'
import { abs, add, div, mul, neg, parseDecimal, type Rational, sign, sub, ZERO } from './rational.ts'
import { straightAccountOf } from './straight.ts'

/** The legs of a margin account that straight pieces say exactly; undefined for any other one. */
export function straightLegsOf({ formula }: Known): readonly Leg[] | undefined {
  const { pool, marginMode, positions, walletBalance } = formula
  if (pool !== undefined) return undefined
  const straight = straightAccountOf({ marginMode, positions, currency: '' }, walletBalance)
  if (straight === undefined || straight.uncertainty.n !== 0n) return undefined
  if (straight.positions.some(({ tiers }) => tiers.some(({ increment }) => increment !== undefined)))
    return undefined
  return straight.positions.map((curve, index) => {
    const { position, rules, defaults } = positions[index]!
    const kind = rules.closingFee ?? defaults.closingFee
    return {
      curve,
      position,
      closingFeeRate: kind === 'none' || kind === 'at-cost' ? ZERO : parseDecimal(rules.takerFeeRate),
    }
  })
}

/** As `liquidationPriceOf` of the formula, for an account that is not on its line. */
export function straightLiquidationPrice(
  legs: readonly Leg[],
  { figures, marks }: Known,
  symbol: string,
): Rational | undefined {
  return liquidationPriceByPieces({ legs }, symbol, marks.get(symbol)!, figures)
}

/** As `bankruptcyPriceOf` of the formula. */
export function straightBankruptcyPrice(
  legs: readonly Leg[],
  { figures, marks, formula }: Known,
  symbol: string,
): Rational | undefined {
  const own = legs.filter(({ curve }) => curve.symbol === symbol)
  const { coordinate } = own[0]!.curve
  const x = coordinateAt(coordinate, marks.get(symbol)!)
  let constant = add(figures.walletBalance, figures.unrealizedPnl)
  let slope = ZERO
  for (const { curve, closingFeeRate } of own) {
    constant = sub(constant, mul(curve.slope, x))
    slope = add(slope, sub(curve.slope, mul(closingFeeRate, abs(curve.slope))))
  }
  formula.positions.forEach(({ position, rules, defaults }, index) => {
    const isAtCost = (rules.closingFee ?? defaults.closingFee) === 'at-cost'
    if (isAtCost && position.symbol === symbol) constant = sub(constant, figures.positions[index]!.closingFee)
  })
  if (slope.n === 0n) return undefined
  const root = div(neg(constant), slope)
  return sign(root) > 0 ? priceAt(coordinate, root) : undefined
}
