// The part of a position that a venue closes first where that is a share of it.
import type { Known } from './formula-figures.ts'
import { abs, compare, div, floorTo, max, min, mul, parseDecimal, type Rational } from './rational.ts'
import { reductionStepOf } from './reduction.ts'

/**
 * The most that the venue closes first, in units of size. undefined where it closes the whole position, or states no share.
 */
export function shareReductionOf({ formula, figures }: Known, place: number): Rational | undefined {
  const { rules, defaults, position } = formula.positions[place]!
  const { liquidationShare } = defaults
  if (liquidationShare === undefined) return undefined
  const { share, notionalMin, notionalMax, notionalAbove, takeoverRatioOf } = liquidationShare
  const notional = abs(figures.positions[place]!.value)
  if (notionalAbove !== undefined && compare(notional, parseDecimal(notionalAbove)) <= 0) return undefined
  const takeoverRatio = takeoverRatioOf?.(position.symbol)
  if (takeoverRatio !== undefined) {
    const { maintenanceMargin, marginBalance } = figures
    if (compare(maintenanceMargin, mul(parseDecimal(takeoverRatio), marginBalance)) > 0) return undefined
  }
  let closed = mul(parseDecimal(share), notional)
  if (notionalMin !== undefined) closed = max(closed, parseDecimal(notionalMin))
  if (notionalMax !== undefined) closed = min(closed, parseDecimal(notionalMax))
  if (compare(closed, notional) >= 0) return undefined
  const size = abs(parseDecimal(position.size))
  return floorTo(mul(size, div(closed, notional)), parseDecimal(reductionStepOf(rules)))
}
