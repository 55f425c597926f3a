import type { Decimal } from '../domain/index.ts'
import { DECIMAL_PATTERN } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import {
  add,
  compare,
  formatDecimal,
  mul,
  ONE,
  parseDecimal,
  type Rational,
  toFloat,
  ZERO,
} from './rational.ts'

export const DEFAULT_LEVELS: readonly Decimal[] = ['0.5', '0.7', '0.9']
export const DEFAULT_HYSTERESIS: Decimal = '0.01'

/** More warning levels than this are refused. */
export const WARNING_LEVELS_MAX = 16
/** Lowest margin ratio that can be a warning level. Above every fee rate, so that a top-up always helps. */
export const WARNING_LEVEL_MIN: Decimal = '0.05'

/** Margin ratios at which a margin account changes level. Level i > 0 is `levels[i − 1]`; level 0 is safe. */
export interface LevelRule {
  /** Warning levels, ascending, then 1 for the breach. */
  readonly levels: readonly Rational[]
  /** `0`, then the text of each level: `0`, `0.5`, `0.7`, `0.9`, `1`. */
  readonly names: readonly Decimal[]
  /** A level is left only when the margin balance is this share above what would reach it. */
  readonly hysteresis: Rational
}

/**
 * The rule for the given warning levels.
 * @throws PlimsollError CONFIGURATION for levels that do not rise within
 * [WARNING_LEVEL_MIN, 1) as f64, which is what the kernel computes with; for more than WARNING_LEVELS_MAX; for a
 * hysteresis outside of [0, 1].
 */
export function levelRule(
  levels: readonly Decimal[] = DEFAULT_LEVELS,
  hysteresis: Decimal = DEFAULT_HYSTERESIS,
): LevelRule {
  if (levels.length > WARNING_LEVELS_MAX) {
    throw new PlimsollError(
      'CONFIGURATION',
      `levels has ${levels.length} entries, the most is ${WARNING_LEVELS_MAX}`,
      { path: 'levels' },
    )
  }
  const exact = levels.map((level, index) => numberAt(`levels[${index}]`, level))
  exact.forEach((level, index) => {
    const floor = index === 0 ? parseDecimal(WARNING_LEVEL_MIN) : exact[index - 1]!
    const tooLow = index === 0 ? compare(level, floor) < 0 : toFloat(level) <= toFloat(floor)
    if (tooLow || toFloat(level) >= 1) {
      const path = `levels[${index}]`
      const rule = `levels must rise, the first at least ${WARNING_LEVEL_MIN}, the last below 1`
      throw new PlimsollError('CONFIGURATION', `${path} is ${levels[index]}, ${rule}`, { path })
    }
  })
  const share = numberAt('hysteresis', hysteresis)
  if (compare(share, ZERO) < 0 || compare(share, ONE) > 0) {
    throw new PlimsollError('CONFIGURATION', `hysteresis is ${hysteresis}, it must be between 0 and 1`, {
      path: 'hysteresis',
    })
  }
  const all = [...exact, ONE]
  return { levels: all, names: ['0', ...all.map((level) => formatDecimal(level))], hysteresis: share }
}

function numberAt(path: string, text: Decimal): Rational {
  if (DECIMAL_PATTERN.test(text)) return parseDecimal(text)
  throw new PlimsollError('CONFIGURATION', `${path} is "${text}", it must be a decimal number`, { path })
}

/**
 * The highest level reached, 0 when safe. Level λ is reached when λ·marginBalance ≤ maintenanceMargin; the
 * last one, the breach, only when below it at a venue that liquidates once the line is `passed`.
 */
export function reachedLevel(evaluation: Evaluation, marginAccount: MarginAccount, rule: LevelRule): number {
  for (let level = rule.levels.length; level > 0; level--) {
    const sides = compareAt(rule.levels[level - 1]!, evaluation, ONE)
    if (sides < 0 || (sides === 0 && equalityReaches(level, marginAccount, rule))) return level
  }
  return 0
}

/** Whether a level is reached when λ·marginBalance equals maintenanceMargin exactly. */
export function equalityReaches(
  level: number,
  marginAccount: Pick<MarginAccount, 'liquidation'>,
  rule: LevelRule,
): boolean {
  return level < rule.levels.length || marginAccount.liquidation === 'reached'
}

/**
 * The level after hysteresis, coming from level `current`: a higher one is taken at once, a level is left
 * only when λ·marginBalance ≥ maintenanceMargin·(1 + hysteresis).
 */
export function heldLevel(
  evaluation: Evaluation,
  marginAccount: MarginAccount,
  rule: LevelRule,
  current: number,
): number {
  const reached = reachedLevel(evaluation, marginAccount, rule)
  if (current <= reached) return reached
  const release = add(ONE, rule.hysteresis)
  for (let level = current; level > reached; level--) {
    if (compareAt(rule.levels[level - 1]!, evaluation, release) < 0) return level
  }
  return reached
}

/** level·marginBalance against maintenanceMargin·weight: −1, 0 or 1. Over one denominator that of both cancels. */
function compareAt(level: Rational, evaluation: Evaluation, weight: Rational): -1 | 0 | 1 {
  const { marginBalance, maintenanceMargin } = evaluation
  if (marginBalance.d !== maintenanceMargin.d) {
    return compare(mul(level, marginBalance), mul(maintenanceMargin, weight))
  }
  const left = level.n * weight.d * marginBalance.n
  const right = level.d * weight.n * maintenanceMargin.n
  return left > right ? 1 : left < right ? -1 : 0
}
