// How much of a position to close when slack need not be concave: each tier is solved separately. Slower than the walk of
// cure.ts, and its twin for concave slack.
import { add, ceilTo, compare, div, max, mul, neg, ONE, type Rational, sign, sub, ZERO } from './rational.ts'
import { closedBeyond, meets, type Reduction, shareWithout, surplusKeeping } from './reduction.ts'
import { tierIndexAt } from './tiers.ts'

/**
 * The smallest part of a position, from a multiple of the step on, whose closing at the mark cures; undefined when only closing the
 * whole position may. A larger part need not cure: if maintenance margin jumps at a cap, the surplus jumps too.
 */
export function closedByPieces(reduction: Reduction, from: Rational = ZERO): Rational | undefined {
  const { curve, notional, size } = reduction
  for (let index = tierIndexAt(curve.tiers, notional); index >= 0; index--) {
    const low = index === 0 ? ZERO : div(curve.tiers[index - 1]!.cap, notional)
    const closed = max(closedInTier(reduction, index), from)
    if (compare(closed, size) >= 0) continue
    const share = shareWithout(reduction, closed)
    if (compare(share, low) > 0 && meets(reduction.goal, surplusKeeping(reduction, share))) return closed
  }
  return undefined
}

/**
 * The smallest part that leaves the position in the tier or below it and, if the surplus falls with the share kept, on
 * the safe side of its zero. If this part does not cure, no part that leaves the position in the tier does.
 */
function closedInTier(reduction: Reduction, index: number): Rational {
  const { curve, notional, base, gain, step } = reduction
  const tier = curve.tiers[index]!
  const isTop = compare(notional, tier.cap) <= 0 || index === curve.tiers.length - 1
  // A share that ends on the cap is in the tier, whether or not a surplus of zero meets the goal.
  const withinCap = isTop ? ZERO : ceilTo(mul(reduction.size, sub(ONE, div(tier.cap, notional))), step)
  const slope = sub(gain, mul(tier.maintenanceMarginRate, notional))
  if (sign(slope) >= 0) return withinCap
  const beyondRoot = closedBeyond(reduction, div(neg(add(base, tier.maintenanceDeduction)), slope))
  return compare(beyondRoot, withinCap) > 0 ? beyondRoot : withinCap
}
