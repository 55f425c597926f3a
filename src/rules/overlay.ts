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
  for (const [symbol, rules] of own) checkInstrument(symbol, rules, checks)
  const refused = new Map([...(book.refused ?? [])].filter(([symbol]) => !own.has(symbol)))
  return { ...book, version, refused, rulesOf: (symbol) => own.get(symbol) ?? book.rulesOf(symbol) }
}

/**
 * The book without the symbols that are refused, each with the reason: rules that were given for one and cannot be
 * used must not fall back to older ones.
 */
export function withoutSymbols(book: RuleBook, refused: ReadonlyMap<string, string>): RuleBook {
  const all = new Map([...(book.refused ?? []), ...refused])
  return { ...book, refused: all, rulesOf: (symbol) => (all.has(symbol) ? undefined : book.rulesOf(symbol)) }
}

/** The checks of `withRules` for one symbol. @throws PlimsollError RULES_INVALID */
export function checkInstrument(symbol: string, rules: InstrumentRules, checks: TierChecks = {}): void {
  checkRules(symbol, rules)
  if (rules.maintenance.kind === 'marginal-tiers') checkTiers(symbol, rules.maintenance.tiers, checks)
}
