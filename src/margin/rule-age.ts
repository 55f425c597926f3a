import type { InstrumentRules } from '../domain/index.ts'
import type { RuledPosition } from './position-value.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** Whole days since the day of the rules, 0 for a future day; null when the day is not known. */
export function ruleAgeDays(rulesAsOfMs: number | null, nowMs: number): number | null {
  return rulesAsOfMs === null ? null : Math.max(0, Math.floor((nowMs - rulesAsOfMs) / DAY_MS))
}

const NO_ASSUMPTIONS: readonly string[] = []

/** Each once, in the order of the positions. */
export function assumptionsOf(positions: readonly RuledPosition[]): readonly string[] {
  if (positions.every((ruled) => assumptionsIn(ruled) === NO_ASSUMPTIONS)) return NO_ASSUMPTIONS
  return [...new Set(positions.flatMap(assumptionsIn))]
}

/** By rules, because a book has one object for all positions in an instrument. */
const assumptions = new WeakMap<InstrumentRules, readonly string[]>()

function assumptionsIn({ position, rules }: RuledPosition): readonly string[] {
  let found = assumptions.get(rules)
  if (found === undefined) {
    const all = [...(rules.assumptions ?? []), ...partialTableOf(position.symbol, rules)]
    found = all.length === 0 ? NO_ASSUMPTIONS : all
    assumptions.set(rules, found)
  }
  return found
}

/** A user may give the part of a table that holds a position; smaller notionals have other tiers. */
function partialTableOf(symbol: string, { maintenance }: InstrumentRules): string[] {
  if (maintenance.kind !== 'marginal-tiers') return []
  const { maintenanceDeduction } = maintenance.tiers[0]!
  if (!/[1-9]/.test(maintenanceDeduction)) return []
  return [
    `the tiers of ${symbol} are a part of a table, since the first has the deduction ${maintenanceDeduction}; figures of a notional below that part are wrong`,
  ]
}

/** Start of the oldest day of the rules, UTC; null when the day of any is not known. */
export function oldestMs(rules: readonly InstrumentRules[]): number | null {
  let oldest: string | undefined
  for (const { asOf } of rules) {
    if (asOf === undefined) return null
    // ISO days sort as text.
    if (oldest === undefined || asOf < oldest) oldest = asOf
  }
  return oldest === undefined ? null : Date.parse(oldest)
}
