import type { InstrumentRules, RuleBook } from '../domain/index.ts'
import { checkTiers } from '../margin/index.ts'

/**
 * The book with the rules of some symbols replaced or added, under a version of its own.
 * @throws PlimsollError RULES_INVALID, naming symbol and row, for tiers that break the recurrence of the deductions.
 */
export function withRules(
  book: RuleBook,
  overrides: Readonly<Record<string, InstrumentRules>>,
  version: string,
): RuleBook {
  const own = new Map(Object.entries(overrides))
  for (const [symbol, rules] of own) checkTiers(symbol, rules.tiers)
  return { ...book, version, rulesOf: (symbol) => own.get(symbol) ?? book.rulesOf(symbol) }
}
