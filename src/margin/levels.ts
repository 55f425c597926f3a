// Which level a margin account is at.
import type { Evaluation, MarginAccount } from './account.ts'
import { slackIsConcave } from './curve.ts'
import type { LevelRule } from './level-rule.ts'
import { add, compare, mul, ONE, type Rational } from './rational.ts'

/** The sums of a margin account at prices moved against it by a fraction; of 0 at the present prices. */
export type EvaluationAt = (distance: Rational) => Evaluation

/**
 * The highest level reached, 0 when safe. A warning ratio λ is reached when λ·marginBalance ≤ maintenanceMargin. A
 * distance is reached when the account would be liquidated at prices moved by it: as for the line, the last level, only
 * below the line at a venue that liquidates once it is `passed`. Where an account holds both sides of an instrument, a
 * distance can be reached while a farther one is not.
 */
export function reachedLevel(
  evaluationAt: EvaluationAt,
  marginAccount: MarginAccount,
  rule: LevelRule,
): number {
  const isReached = (level: number) => {
    const sides = compareAt(rule, level, evaluationAt, ONE)
    return sides < 0 || (sides === 0 && equalityReaches(level, marginAccount, rule))
  }
  // Most accounts are safe, which one comparison says then.
  if (rule.isByDistance && areLevelsNested(marginAccount) && !isReached(1)) return 0
  for (let level = rule.levels.length; level > 0; level--) if (isReached(level)) return level
  return 0
}

/**
 * Whether no nearer distance is reached where a farther one is not: each price that moves against the account takes from its
 * slack. Not where it holds both sides of an instrument, and not where the maintenance margin jumps at a cap.
 */
export function areLevelsNested({ isPlain, legs }: Pick<MarginAccount, 'isPlain' | 'legs'>): boolean {
  if (!isPlain || !legs.every(({ curve }) => slackIsConcave(curve))) return false
  return legs.length === 1 || new Set(legs.map(({ curve }) => curve.symbol)).size === legs.length
}

/** Whether a level is reached when both sides of its comparison are equal. */
export function equalityReaches(
  level: number,
  marginAccount: Pick<MarginAccount, 'liquidation'>,
  rule: LevelRule,
): boolean {
  const isWarningRatio = level < rule.levels.length && !rule.isByDistance
  return isWarningRatio || marginAccount.liquidation === 'reached'
}

/**
 * The level after hysteresis, coming from level `current`: a higher one is taken at once, a level is left only when
 * ratio·marginBalance ≥ maintenanceMargin·(1 + hysteresis) at its prices.
 */
export function heldLevel(
  evaluationAt: EvaluationAt,
  marginAccount: MarginAccount,
  rule: LevelRule,
  current: number,
): number {
  const reached = reachedLevel(evaluationAt, marginAccount, rule)
  if (current <= reached) return reached
  const release = add(ONE, rule.hysteresis)
  for (let level = current; level > reached; level--) {
    if (compareAt(rule, level, evaluationAt, release) < 0) return level
  }
  return reached
}

/** ratio·marginBalance against maintenanceMargin·weight at the prices of the level. Over one denominator that of both cancels. */
function compareAt(
  { levels }: LevelRule,
  level: number,
  evaluationAt: EvaluationAt,
  weight: Rational,
): -1 | 0 | 1 {
  const { ratio, distance } = levels[level - 1]!
  const { marginBalance, maintenanceMargin } = evaluationAt(distance)
  if (marginBalance.d !== maintenanceMargin.d) {
    return compare(mul(ratio, marginBalance), mul(maintenanceMargin, weight))
  }
  const left = ratio.n * weight.d * marginBalance.n
  const right = ratio.d * weight.n * maintenanceMargin.n
  return left > right ? 1 : left < right ? -1 : 0
}
