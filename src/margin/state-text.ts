// What every way to compute a state says in the same words.
import type { Decimal, Verdict } from '../domain/index.ts'
import type { LevelRule } from './level-rule.ts'
import { formatDecimal, type Rational } from './rational.ts'

export const UNKNOWN_FIGURES = {
  unrealizedPnl: null,
  marginBalance: null,
  maintenanceMargin: null,
  marginRatio: null,
  verdict: 'unknown',
  level: null,
  shortfall: null,
} as const

/** The verdict of a level: 0 is safe, the last level is the breach. */
export function verdictOf(level: number, rule: LevelRule): Verdict {
  if (level === 0) return 'safe'
  return level === rule.levels.length ? 'breach' : 'warning'
}

export const NO_POSITION_FIGURES = {
  markPrice: null,
  notional: null,
  unrealizedPnl: null,
  initialMargin: null,
  maintenanceMargin: null,
} as const

export function textOf(value: Rational | undefined): Decimal | null {
  return value === undefined ? null : formatDecimal(value)
}
