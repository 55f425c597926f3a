import type { Cure, Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { closedByPieces } from './cure-by-pieces.ts'
import { slackIsConcave } from './curve.ts'
import { isolatedTerms, type Leg } from './leg.ts'
import type { LevelRule } from './level-rule.ts'
import { areLevelsNested, type EvaluationAt, reachedLevel } from './levels.ts'
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
  type GoalAt,
  meets,
  type Reduction,
  reductionGoalsOf,
  reductionOf,
  roundUp,
  shareWithout,
  surplusKeeping,
  topUpGoalsOf,
} from './reduction.ts'
import { tierIndexAt } from './tiers.ts'

function surplusOf({ ratio }: Goal, evaluation: Evaluation): Rational {
  return sub(mul(ratio, evaluation.marginBalance), evaluation.maintenanceMargin)
}

/**
 * The smallest top-up, and the smallest reduction of each position, at the current marks and before trading costs, that
 * brings the account below every level. Null when it is below already.
 *
 * In a cross pool the realised PnL stays and a reduction lowers the maintenance margin; the size is null when closing
 * the whole position is not enough. The margin of an isolated position leaves in proportion to the closed part: only a
 * lower tier helps, otherwise the whole size is closed. Prices move the same way as before the reduction.
 */
export function cureOf(
  marginAccount: MarginAccount,
  evaluationAt: EvaluationAt,
  xAt: (leg: Leg, distance: Rational) => Rational,
  rule: LevelRule,
): Cure | null {
  if (reachedLevel(evaluationAt, marginAccount, rule) === 0) return null
  const isNested = areLevelsNested(marginAccount)
  const topUps = topUpGoalsOf(marginAccount, rule, isNested).map((goal) =>
    topUpOf(marginAccount, evaluationAt(goal.distance), goal),
  )
  const isNegative = sign(evaluationAt(ZERO).marginBalance) < 0
  const goals = reductionGoalsOf(marginAccount, rule, isNested, isNegative)
  return {
    topUp: formatDecimal(topUps.reduce(max)),
    reductions: marginAccount.legs.map((leg) => {
      const at = goals.map((goal) => {
        const { distance } = goal
        return { goal, evaluation: evaluationAt(distance), x: xAt(leg, distance) }
      })
      return { symbol: leg.curve.symbol, size: closedSizeOf(leg, xAt(leg, ZERO), marginAccount, at) }
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
  if (marginAccount.marginMode === 'cross' || feeRate.n === 0n) return [goal.ratio]
  const gainsWithX = sign(curve.slope) > 0
  const credit = gainsWithX ? sub(ONE, feeRate) : add(ONE, feeRate)
  if (position.leverage !== undefined) return [div(goal.ratio, credit)]
  const feeSlope = div(feeRate, credit)
  return gainsWithX ? [add(goal.ratio, feeSlope), goal.ratio] : [goal.ratio, sub(goal.ratio, feeSlope)]
}

/**
 * How much of the position to close; null when closing it all is not enough. Of several goals the one that asks for the most
 * decides, if that part meets the others too; otherwise only closing it all may.
 */
export function closedSizeOf(
  leg: Leg,
  presentX: Rational,
  marginAccount: MarginAccount,
  goals: readonly GoalAt[],
): Decimal | null {
  const reductions = goals.map((goal) => reductionOf(leg, presentX, marginAccount, goal))
  const { size } = reductions[0]!
  const part = reductions.filter((one) => !meets(one.goal, surplusKeeping(one, ONE))).map(partOf)
  const closed = part.reduce(max, ZERO)
  const cures = (one: Reduction) => meets(one.goal, surplusKeeping(one, shareWithout(one, closed)))
  if (compare(closed, size) < 0 && reductions.every(cures)) return formatDecimal(closed)
  const allCures =
    marginAccount.marginMode === 'isolated' || reductions.every(({ goal, base }) => meets(goal, base))
  return allCures ? formatDecimal(size) : null
}

/** The smallest part that meets one goal; the whole size where no smaller one does. */
function partOf(reduction: Reduction): Rational {
  const isConcave = slackIsConcave(reduction.curve)
  return (isConcave ? closedByWalk(reduction) : closedByPieces(reduction)) ?? reduction.size
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
