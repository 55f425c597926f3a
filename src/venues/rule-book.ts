import type { InstrumentRules, RuleBook } from '../domain/index.ts'
import { checkRules, checkTiers, type TierChecks } from '../margin/index.ts'

/**
 * The book with the rules of some symbols replaced or added, under a version of its own.
 * @throws PlimsollError RULES_INVALID, naming symbol and field, for rules that cannot be computed with and for
 * tiers that break the recurrence of the deductions.
 */
export function withRules(
  book: RuleBook,
  overrides: Readonly<Record<string, InstrumentRules>>,
  version: string,
  checks: TierChecks = {},
): RuleBook {
  const own = new Map(Object.entries(overrides))
  for (const [symbol, rules] of own) {
    checkRules(symbol, rules)
    checkTiers(symbol, rules.tiers, checks)
  }
  return { ...book, version, rulesOf: (symbol) => own.get(symbol) ?? book.rulesOf(symbol) }
}
