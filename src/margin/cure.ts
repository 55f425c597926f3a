import type { Cure, Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { closedByPieces } from './cure-by-pieces.ts'
import { coordinateOf, slackIsConcave } from './curve.ts'
import type { MarkOf } from './formula-figures.ts'
import { isolatedTerms, type Leg } from './leg.ts'
import { type LevelRule, reachedLevel } from './levels.ts'
import {
  add,
  compare,
  div,
  formatDecimal,
  max,
  mul,
  neg,
  ONE,
  parseDecimal,
  type Rational,
  sign,
  sub,
  ZERO,
} from './rational.ts'
import {
  CURE_STEP,
  closedBeyond,
  type Goal,
  goalOf,
  meets,
  type Reduction,
  reductionOf,
  roundUp,
  shareWithout,
  surplusKeeping,
} from './reduction.ts'
import { tierIndexAt } from './tiers.ts'

/** Surplus over a level: λ·marginBalance − maintenanceMargin. */
function surplusOf(goal: Goal, evaluation: Evaluation): Rational {
  return sub(mul(goal.level, evaluation.marginBalance), evaluation.maintenanceMargin)
}

/**
 * The smallest top-up, and the smallest reduction of each position, at the current marks and before trading costs, that
 * brings the account below every level. Null when it is below already.
 *
 * In a cross pool the realised PnL stays and a reduction lowers the maintenance margin; the size is null when closing
 * the whole position is not enough. The margin of an isolated position leaves in proportion to the closed part: only a
 * lower tier helps, otherwise the whole size is closed.
 */
export function cureOf(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  evaluation: Evaluation,
  rule: LevelRule,
): Cure | null {
  if (reachedLevel(evaluation, marginAccount, rule) === 0) return null
  const lowest = goalOf(1, marginAccount, rule)
  const highest = goalOf(rule.levels.length, marginAccount, rule)
  const topUps = [lowest, highest].map((goal) => topUpOf(marginAccount, evaluation, goal))
  // Closing at the mark keeps the sign of the margin balance. For a negative balance λ = 1 demands the most.
  const goal = sign(evaluation.marginBalance) < 0 ? highest : lowest
  return {
    topUp: formatDecimal(topUps.reduce(max)),
    reductions: marginAccount.legs.map((leg) => {
      const { curve } = leg
      const { symbol } = curve
      const x = coordinateOf(curve, markOf(symbol)!)
      return { symbol, size: closedSizeOf(leg, x, marginAccount, evaluation, goal) }
    }),
  }
}

export function topUpOf(marginAccount: MarginAccount, evaluation: Evaluation, goal: Goal): Rational {
  const surplusAfter = (amount: Rational) => surplusOf(goal, afterTopUp(marginAccount, evaluation, amount))
  let bound = ZERO
  for (const slope of topUpSlopes(marginAccount, goal)) {
    const surplus = surplusAfter(bound)
    if (sign(surplus) >= 0) break
    bound = sub(bound, div(surplus, slope))
  }
  const amount = roundUp(goal, bound, parseDecimal(CURE_STEP))
  assert(meets(goal, surplusAfter(amount)), `a top-up of ${formatDecimal(amount)} cures ${marginAccount.id}`)
  return amount
}

function afterTopUp(marginAccount: MarginAccount, evaluation: Evaluation, amount: Rational): Evaluation {
  const leg = marginAccount.legs[0]!
  if (marginAccount.marginMode === 'cross') {
    return { ...evaluation, marginBalance: add(evaluation.marginBalance, amount) }
  }
  const terms = isolatedTerms(leg, add(marginAccount.walletBalance, amount))
  const feeChange = sub(terms.maintenanceConstant, leg.curve.maintenanceConstant)
  return {
    unrealizedPnl: evaluation.unrealizedPnl,
    marginBalance: add(terms.constant, evaluation.unrealizedPnl),
    maintenanceMargin: add(evaluation.maintenanceMargin, feeChange),
  }
}

/**
 * Growth of the surplus per unit of top-up, on each piece, steepest first. The surplus is concave in the amount: a step
 * along a slope that is too steep falls short, and the next slope completes it.
 */
function topUpSlopes(marginAccount: MarginAccount, goal: Goal): Rational[] {
  const { curve, closingFeeRate: feeRate, position } = marginAccount.legs[0]!
  if (marginAccount.marginMode === 'cross' || feeRate.n === 0n) return [goal.level]
  const gainsWithX = sign(curve.slope) > 0
  const credit = gainsWithX ? sub(ONE, feeRate) : add(ONE, feeRate)
  if (position.leverage !== undefined) return [div(goal.level, credit)]
  const feeSlope = div(feeRate, credit)
  return gainsWithX ? [add(goal.level, feeSlope), goal.level] : [goal.level, sub(goal.level, feeSlope)]
}

/** How much of the position to close; null when closing it all is not enough. */
export function closedSizeOf(
  leg: Leg,
  x: Rational,
  marginAccount: MarginAccount,
  evaluation: Evaluation,
  goal: Goal,
): Decimal | null {
  const reduction = reductionOf(leg, x, marginAccount, evaluation, goal)
  const closed = slackIsConcave(leg.curve) ? closedByWalk(reduction) : closedByPieces(reduction)
  if (closed !== undefined) {
    const size = formatDecimal(closed)
    const surplus = surplusKeeping(reduction, shareWithout(reduction, closed))
    assert(meets(goal, surplus), `closing ${size} of ${leg.curve.symbol} cures ${marginAccount.id}`)
    return size
  }
  const allCures = marginAccount.marginMode === 'isolated' || meets(goal, reduction.base)
  return allCures ? formatDecimal(reduction.size) : null
}

/**
 * The smallest part that cures; undefined when only closing the whole position may. Needs concave slack (`slackIsConcave`): then
 * the surplus is concave in the share k that is kept, and not safe at k = 1. Walks down the tiers from k = 1 to the k
 * below which the surplus is safe. Below that k it stays safe while any share is left, because no base or gain makes it
 * fall again.
 */
export function closedByWalk(reduction: Reduction): Rational | undefined {
  assert(slackIsConcave(reduction.curve), `the slack of ${reduction.curve.symbol} is concave`)
  const kept = keptShare(reduction)
  if (kept === undefined) return undefined
  const closed = closedBeyond(reduction, kept)
  return compare(closed, reduction.size) < 0 ? closed : undefined
}

/** The largest share at or below which (until the next change of sign) the surplus is safe; undefined for none. */
function keptShare({ curve: { tiers }, notional, base, gain, goal }: Reduction): Rational | undefined {
  for (let index = tierIndexAt(tiers, notional); index >= 0; index--) {
    const tier = tiers[index]!
    const slope = sub(gain, mul(tier.maintenanceMarginRate, notional))
    if (sign(slope) >= 0) return undefined
    const root = div(neg(add(base, tier.maintenanceDeduction)), slope)
    const low = index === 0 ? ZERO : div(tiers[index - 1]!.cap, notional)
    const side = compare(root, low)
    if (side > 0 || (side === 0 && goal.zeroIsSafe && index > 0)) return root
  }
  return undefined
}
