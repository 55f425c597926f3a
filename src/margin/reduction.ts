import type { Decimal } from '../domain/index.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { type Curve, maintenanceAt, tieredMaintenanceAt } from './curve.ts'
import type { Leg } from './leg.ts'
import { equalityReaches, type LevelRule } from './levels.ts'
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
/** Inverse positions are reduced by whole contracts. */
export const CURE_CONTRACTS: Decimal = '1'

/** To stay below a level the surplus must be above zero, or at least zero if equality does not reach the level. */
export interface Goal {
  readonly level: Rational
  readonly zeroIsSafe: boolean
}

export function goalOf(
  level: number,
  marginAccount: Pick<MarginAccount, 'liquidation'>,
  rule: LevelRule,
): Goal {
  return { level: rule.levels[level - 1]!, zeroIsSafe: !equalityReaches(level, marginAccount, rule) }
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
 * Closing a part of a position at the mark. If the share k is kept, the surplus over the level of the goal is base +
 * gain·k − tiered maintenance margin of k·notional.
 */
export interface Reduction {
  readonly curve: Curve
  readonly goal: Goal
  readonly base: Rational
  readonly gain: Rational
  /** Notional of the whole position at the mark. */
  readonly notional: Rational
  /** Size of the whole position, unsigned. */
  readonly size: Rational
  /** A closed part is a multiple of this. */
  readonly step: Rational
}

/** In a cross pool the realised PnL stays; the margin of an isolated position leaves in proportion to the closed part. */
export function reductionOf(
  { curve, position }: Leg,
  x: Rational,
  { marginMode }: MarginAccount,
  evaluation: Evaluation,
  goal: Goal,
): Reduction {
  const isIsolated = marginMode === 'isolated'
  const balance = mul(goal.level, evaluation.marginBalance)
  const others = sub(evaluation.maintenanceMargin, maintenanceAt(curve, x))
  return {
    curve,
    goal,
    base: isIsolated ? ZERO : sub(balance, others),
    gain: isIsolated ? sub(balance, curve.maintenanceConstant) : neg(curve.maintenanceConstant),
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
