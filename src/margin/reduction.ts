import type { Decimal, InstrumentRules } from '../domain/index.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { type Curve, maintenanceAt, tieredMaintenanceAt, valueAt } from './curve.ts'
import type { Leg } from './leg.ts'
import type { Level, LevelRule } from './level-rule.ts'
import { equalityReaches } from './levels.ts'
import {
  abs,
  add,
  compare,
  div,
  floorTo,
  mul,
  neg,
  ONE,
  parseDecimal,
  type Rational,
  sign,
  sub,
  ZERO,
} from './rational.ts'

/** Top-ups and reductions of linear positions are rounded up to this step, in asset or base units. */
export const CURE_STEP: Decimal = '0.00000001'
/** Inverse positions, and those with an amount of margin a contract, are reduced by whole contracts. */
export const CURE_CONTRACTS: Decimal = '1'

/** A part of a position that is closed is a multiple of this: of a lot where the venue values each, else as said above. */
export function reductionStepOf({ rounding, contribution, maintenance }: InstrumentRules): Decimal {
  const isWhole = contribution === 'inverse' || maintenance.kind === 'per-contract'
  return rounding?.lotSize ?? (isWhole ? CURE_CONTRACTS : CURE_STEP)
}

/**
 * To stay below a level the surplus, ratio·marginBalance − maintenanceMargin at the prices of the level, must be above zero,
 * or at least zero if equality does not reach the level.
 */
export interface Goal extends Level {
  readonly zeroIsSafe: boolean
}

export function goalOf(
  level: number,
  marginAccount: Pick<MarginAccount, 'liquidation'>,
  rule: LevelRule,
): Goal {
  const { ratio, distance } = rule.levels[level - 1]!
  return { ratio, distance, zeroIsSafe: !equalityReaches(level, marginAccount, rule) }
}

/**
 * The goals that stand for all levels when money is added. Of margin ratios the first asks for the most, or with a negative
 * margin balance the line; of distances the farthest, unless a farther one can ask for less (`isNested` is false).
 */
export function topUpGoalsOf(
  marginAccount: Pick<MarginAccount, 'liquidation'>,
  rule: LevelRule,
  isNested: boolean,
): readonly Goal[] {
  const goals = rule.levels.map((_, index) => goalOf(index + 1, marginAccount, rule))
  if (rule.isByDistance) return isNested ? goals.slice(0, 1) : goals
  return [goals[0]!, goals.at(-1)!]
}

/** The same when a part of a position is closed at the mark, which keeps the sign of the margin balance. */
export function reductionGoalsOf(
  marginAccount: Pick<MarginAccount, 'liquidation'>,
  rule: LevelRule,
  isNested: boolean,
  isNegative: boolean,
): readonly Goal[] {
  if (rule.isByDistance) return topUpGoalsOf(marginAccount, rule, isNested)
  return [goalOf(isNegative ? rule.levels.length : 1, marginAccount, rule)]
}

export function meets(goal: Goal, surplus: Rational): boolean {
  return sign(surplus) > 0 || (goal.zeroIsSafe && surplus.n === 0n)
}

/** The smallest multiple of `step` above `bound`, or on it if that is still safe. */
export function roundUp(goal: Goal, bound: Rational, step: Rational): Rational {
  const floor = floorTo(bound, step)
  return goal.zeroIsSafe && compare(floor, bound) === 0 ? floor : add(floor, step)
}

/**
 * Closing a part of a position at the present mark. If the share k is kept, the surplus at the prices of the goal is base +
 * gain·k − tiered maintenance margin of k·notional.
 */
export interface Reduction {
  readonly curve: Curve
  readonly goal: Goal
  readonly base: Rational
  readonly gain: Rational
  /** Notional of the whole position at the mark of the goal. */
  readonly notional: Rational
  /** Size of the whole position, unsigned. */
  readonly size: Rational
  /** A closed part is a multiple of this. */
  readonly step: Rational
}

/** A goal, with the account at its prices. */
export interface GoalAt {
  readonly goal: Goal
  readonly evaluation: Evaluation
  /** x of the leg that is reduced. */
  readonly x: Rational
}

/**
 * In a cross pool the PnL that is realised at the present mark stays; the margin of an isolated position leaves in
 * proportion to the closed part. `presentX` is x of the present mark.
 */
export function reductionOf(
  { curve, position }: Leg,
  presentX: Rational,
  { marginMode }: MarginAccount,
  { goal, evaluation, x }: GoalAt,
): Reduction {
  const isIsolated = marginMode === 'isolated'
  const balance = mul(goal.ratio, evaluation.marginBalance)
  const others = sub(evaluation.maintenanceMargin, maintenanceAt(curve, x))
  const fee = curve.maintenanceConstant
  // What is closed now is not there when the price moves.
  const spared = mul(goal.ratio, sub(valueAt(curve, presentX), valueAt(curve, x)))
  return {
    curve,
    goal,
    base: isIsolated ? ZERO : add(sub(balance, others), spared),
    gain: isIsolated ? sub(balance, fee) : neg(add(fee, spared)),
    notional: mul(curve.scale, x),
    size: abs(parseDecimal(position.size)),
    step: parseDecimal(curve.coordinate === 'price' ? CURE_STEP : CURE_CONTRACTS),
  }
}

/** Share of the position that is kept when `closed` of it is closed. */
export function shareWithout({ size }: Reduction, closed: Rational): Rational {
  return sub(ONE, div(closed, size))
}

/** The smallest part that leaves at most the share `bound`; exactly the bound only if that is safe. */
export function closedBeyond({ goal, size, step }: Reduction, bound: Rational): Rational {
  return roundUp(goal, mul(size, sub(ONE, bound)), step)
}

export function surplusKeeping({ curve, base, gain, notional }: Reduction, share: Rational): Rational {
  return sub(add(base, mul(gain, share)), tieredMaintenanceAt(curve.tiers, mul(share, notional)))
}
