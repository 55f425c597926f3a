import type { Cure, Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { Evaluation, MarginAccount, MarkOf } from './account.ts'
import { type Curve, coordinateOf, maintenanceAt, slackIsConcave, tieredMaintenanceAt } from './curve.ts'
import { isolatedTerms, type Leg } from './leg.ts'
import { equalityReaches, type LevelRule, reachedLevel } from './levels.ts'
import {
  abs,
  add,
  compare,
  div,
  floorTo,
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
import { tierIndexAt } from './tiers.ts'

/** Top-ups and reductions of linear positions are rounded up to this step, in asset or base units. */
export const CURE_STEP: Decimal = '0.00000001'
/** Inverse positions are reduced by whole contracts. */
export const CURE_CONTRACTS: Decimal = '1'

/** To stay under a level its surplus must be above zero, or not below where equality does not reach it. */
export interface Goal {
  readonly level: Rational
  readonly zeroIsSafe: boolean
}

export function goalOf(level: number, marginAccount: MarginAccount, rule: LevelRule): Goal {
  return { level: rule.levels[level - 1]!, zeroIsSafe: !equalityReaches(level, marginAccount, rule) }
}

function meets(goal: Goal, surplus: Rational): boolean {
  return sign(surplus) > 0 || (goal.zeroIsSafe && surplus.n === 0n)
}

/** The smallest multiple of `step` that is beyond `bound`, or on it where that is still safe. */
function roundUp(goal: Goal, bound: Rational, step: Rational): Rational {
  const floor = floorTo(bound, step)
  return goal.zeroIsSafe && compare(floor, bound) === 0 ? floor : add(floor, step)
}

/** Surplus over a level: λ·marginBalance − maintenanceMargin. */
function surplusOf(goal: Goal, evaluation: Evaluation): Rational {
  return sub(mul(goal.level, evaluation.marginBalance), evaluation.maintenanceMargin)
}

/**
 * The smallest top-up, and the smallest reduction of each position at the current marks and before trading
 * costs, after which the account is below every level. null when it is so already.
 *
 * Needs maintenance margins that are convex (`slackIsConcave` of every curve), so that less of a position is never worse.
 *
 * In a cross pool the realised PnL stays and a reduction lowers the maintenance margin; null as a size where
 * closing the whole position is not enough. The margin of an isolated position leaves in proportion to the
 * closed part, so only a lower tier can help, else the whole size.
 */
export function cureOf(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  evaluation: Evaluation,
  rule: LevelRule,
): Cure | null {
  if (reachedLevel(evaluation, marginAccount, rule) === 0) return null
  assertConcave(marginAccount)
  const lowest = goalOf(1, marginAccount, rule)
  const highest = goalOf(rule.levels.length, marginAccount, rule)
  const topUps = [lowest, highest].map((goal) => topUpOf(marginAccount, evaluation, goal))
  // Closing at the mark does not change the sign of the margin balance; below zero λ = 1 asks the most.
  const goal = sign(evaluation.marginBalance) < 0 ? highest : lowest
  return {
    topUp: formatDecimal(topUps.reduce(max)),
    reductions: marginAccount.legs.map((leg) => {
      const { curve } = leg
      const { symbol } = curve
      const size = reductionOf(leg, coordinateOf(curve, markOf(symbol)!), marginAccount, evaluation, goal)
      return { symbol, size: size === undefined ? null : formatDecimal(size) }
    }),
  }
}

/** The walk down the tiers assumes it: on a jump a smaller position could need more. */
export function assertConcave({ id, curves }: MarginAccount): void {
  for (const curve of curves)
    assert(slackIsConcave(curve), `the slack of ${curve.symbol} in ${id} is concave`)
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
 * Growth of the surplus per unit of top-up, on each piece, steepest first. The surplus is concave in the
 * amount, so a step along a steeper slope than the true one falls short and the next slope completes it.
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

/**
 * With the share k of the position kept, surplus(k) = base + gain·k − tiered maintenance(k·y): concave in k,
 * not safe at k = 1. Walks down the tiers from k = 1 to the k below which it is safe; from there it stays safe
 * as long as anything is left, because no base or gain lets it fall again.
 */
function reductionOf(
  { curve, position }: Leg,
  x: Rational,
  marginAccount: MarginAccount,
  evaluation: Evaluation,
  goal: Goal,
): Rational | undefined {
  const isolated = marginAccount.marginMode === 'isolated'
  const balance = mul(goal.level, evaluation.marginBalance)
  const others = sub(evaluation.maintenanceMargin, maintenanceAt(curve, x))
  const base = isolated ? ZERO : sub(balance, others)
  const gain = isolated ? sub(balance, curve.maintenanceConstant) : neg(curve.maintenanceConstant)
  const notional = mul(curve.scale, x)
  const size = abs(parseDecimal(position.size))
  const kept = keptShare(curve, notional, base, gain, goal)
  if (kept !== undefined) {
    const step = parseDecimal(curve.coordinate === 'price' ? CURE_STEP : CURE_CONTRACTS)
    const closed = roundUp(goal, mul(size, sub(ONE, kept)), step)
    if (compare(closed, size) < 0) {
      const share = sub(ONE, div(closed, size))
      const maintenance = tieredMaintenanceAt(curve.tiers, mul(share, notional))
      const surplus = sub(add(base, mul(gain, share)), maintenance)
      assert(
        meets(goal, surplus),
        `closing ${formatDecimal(closed)} of ${curve.symbol} cures ${marginAccount.id}`,
      )
      return closed
    }
  }
  return isolated || meets(goal, base) ? size : undefined
}

/** The largest share at or below which (until the next change of sign) the surplus is safe; undefined for none. */
function keptShare(
  { tiers }: Curve,
  notional: Rational,
  base: Rational,
  gain: Rational,
  goal: Goal,
): Rational | undefined {
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
