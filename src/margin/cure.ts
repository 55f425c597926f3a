import type { Cure, Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { factorOf } from './adverse.ts'
import { closedByPieces } from './cure-by-pieces.ts'
import { maintenanceAt, slackIsConcave } from './curve.ts'
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
import { firstTurned, isTurned, type Turn, turnOf } from './turn.ts'

function surplusOf({ ratio }: Goal, evaluation: Evaluation): Rational {
  return sub(mul(ratio, evaluation.marginBalance), evaluation.maintenanceMargin)
}

/**
 * The smallest top-up, and the smallest reduction of each position, at the current marks and before trading costs, that
 * brings the account below every level. Null when it is below already.
 *
 * In a cross pool the realised PnL stays and a reduction lowers the maintenance margin; the size is null when closing
 * the whole position is not enough. The margin of an isolated position leaves in proportion to the closed part: only a
 * lower tier helps, otherwise the whole size is closed. Prices move against the account as it is after the reduction.
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
    reductions: marginAccount.legs.map((leg, index) => {
      const at = goals.map((goal) => {
        const { distance } = goal
        return { goal, evaluation: evaluationAt(distance), x: xAt(leg, distance) }
      })
      return { symbol: leg.curve.symbol, size: closedSizeOf(index, xAt(leg, ZERO), marginAccount, at) }
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

/** How much of the position to close so that every goal is met; null when closing it all is not enough. */
export function closedSizeOf(
  index: number,
  presentX: Rational,
  marginAccount: MarginAccount,
  goals: readonly GoalAt[],
): Decimal | null {
  const { formula, marginMode, legs } = marginAccount
  const leg = legs[index]!
  const turn = turnOf(formula.positions, index)
  const closings = goals.map(
    (at): Closing => ({
      turn,
      reduction: reductionOf(leg, presentX, marginAccount, at),
      turned: turn && reductionOf(leg, presentX, marginAccount, turnedGoalOf(leg, marginAccount, at, turn)),
    }),
  )
  const closed = leastMeetingAll(closings)
  if (closed !== undefined) return formatDecimal(closed)
  const { size } = closings[0]!.reduction
  const allCures = marginMode === 'isolated' || closings.every((one) => isMetByAll(one, size))
  return allCures ? formatDecimal(size) : null
}

/** Closing a part of a position, as far as one goal is concerned. */
interface Closing {
  readonly reduction: Reduction
  readonly turn: Turn | undefined
  /** Set with `turn`: once the side of the instrument has turned. */
  readonly turned: Reduction | undefined
}

function inForce({ reduction, turn, turned }: Closing, closed: Rational): Reduction {
  return turn !== undefined && isTurned(turn, closed) ? turned! : reduction
}

function isMetByAll(closing: Closing, size: Rational): boolean {
  const { goal, base } = inForce(closing, size)
  return meets(goal, base)
}

function isMet(closing: Closing, closed: Rational): boolean {
  const one = inForce(closing, closed)
  return meets(one.goal, surplusKeeping(one, shareWithout(one, closed)))
}

/** The smallest part, not all, that meets every goal: each goal that is not met by it asks for more. */
function leastMeetingAll(closings: readonly Closing[]): Rational | undefined {
  let closed: Rational | undefined = ZERO
  while (closed !== undefined) {
    const part: Rational = closed
    const lacking = closings.find((one) => !isMet(one, part))
    if (lacking === undefined) return part
    closed = partFrom(lacking, part)
  }
  return undefined
}

/** The smallest part from there on that meets one goal, not all; undefined for none. */
function partFrom({ reduction, turn, turned }: Closing, from: Rational): Rational | undefined {
  if (turn === undefined) {
    const isWalk = from.n === 0n && slackIsConcave(reduction.curve)
    return isWalk ? closedByWalk(reduction) : closedByPieces(reduction, from)
  }
  const before = isTurned(turn, from) ? undefined : closedByPieces(reduction, from)
  if (before !== undefined && !isTurned(turn, before)) return before
  return closedByPieces(turned!, max(from, firstTurned(turn, reduction.step)))
}

/** The account at the prices of the goal, that of the instrument of the leg moved to the other side. */
function turnedGoalOf(
  { curve: { coordinate } }: Leg,
  { legs }: MarginAccount,
  at: GoalAt,
  { side, places }: Turn,
): GoalAt {
  const { goal, evaluation } = at
  const { distance } = goal
  const [now, then] = [factorOf(side === 'fall' ? 'rise' : 'fall', distance), factorOf(side, distance)]
  const x = mul(at.x, coordinate === 'price' ? div(then, now) : div(now, then))
  let { unrealizedPnl, maintenanceMargin } = evaluation
  for (const place of places) {
    const { curve } = legs[place]!
    unrealizedPnl = add(unrealizedPnl, mul(curve.slope, sub(x, at.x)))
    maintenanceMargin = add(maintenanceMargin, sub(maintenanceAt(curve, x), maintenanceAt(curve, at.x)))
  }
  const gained = sub(unrealizedPnl, evaluation.unrealizedPnl)
  const moved = { unrealizedPnl, maintenanceMargin, marginBalance: add(evaluation.marginBalance, gained) }
  return { goal, evaluation: moved, x }
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
