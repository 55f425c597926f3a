import type { Decimal } from '../domain/index.ts'
import { add, mul, parseDecimal, type Rational, sub } from './rational.ts'
import { type ExactTier, maintenanceIsConvex, tierIndexAt } from './tiers.ts'

/** `price`: x = markPrice (linear). `reciprocal`: x = 1/markPrice (inverse). */
export type Coordinate = 'price' | 'reciprocal'

/**
 * What moves with the price of one symbol, as straight pieces in x, in the currency of the margin account:
 * marginBalance += intercept + slope·x, notional y = scale·x,
 * maintenanceMargin += rateₜ·y − deductionₜ + maintenanceConstant in the tier t of y.
 */
export interface Curve {
  readonly symbol: string
  readonly coordinate: Coordinate
  readonly intercept: Rational
  readonly slope: Rational
  /** Above zero. Of a plain position the slope is this or its negative. */
  readonly scale: Rational
  /** One array for all curves of the same rules. */
  readonly tiers: readonly ExactTier[]
  /** What does not move with the mark: the closing fee that the venue counts, or a whole margin. Not below zero. */
  readonly maintenanceConstant: Rational
}

/** x of a mark price. */
export function coordinateAt(coordinate: Coordinate, markPrice: Rational): Rational {
  return coordinate === 'price' ? markPrice : { n: markPrice.d, d: markPrice.n }
}

/** x of a mark price given as text. */
export function coordinateOf(curve: Curve, markPrice: Decimal): Rational {
  return coordinateAt(curve.coordinate, parseDecimal(markPrice))
}

/** The price of an x above zero. A reciprocal is its own inverse. */
export const priceAt = coordinateAt

/** Contribution to the margin balance at x: of a position its unrealised PnL. */
export function valueAt(curve: Curve, x: Rational): Rational {
  return add(curve.intercept, mul(curve.slope, x))
}

/**
 * Whether the slack of the curve, its contribution less its maintenance margin, is concave in x: the maintenance margin
 * is continuous at each cap, and no rate is below the one before it. True of marginal tiers, not of whole tiers.
 */
export function slackIsConcave({ tiers }: Curve): boolean {
  return maintenanceIsConvex(tiers)
}

/** Maintenance margin of a notional, without the closing fee. */
export function tieredMaintenanceAt(tiers: readonly ExactTier[], notional: Rational): Rational {
  const tier = tiers[tierIndexAt(tiers, notional)]!
  return sub(mul(tier.maintenanceMarginRate, notional), tier.maintenanceDeduction)
}

/** Maintenance margin of the curve at x, its constant included. */
export function maintenanceAt(curve: Curve, x: Rational): Rational {
  return add(tieredMaintenanceAt(curve.tiers, mul(curve.scale, x)), curve.maintenanceConstant)
}
