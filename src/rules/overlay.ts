import type { EffectiveRules, InstrumentRules, RuleBook } from '../domain/index.ts'
import { checkRules, checkTiers, type TierChecks } from '../margin/index.ts'
import { rulesAt } from './in-time.ts'

/** Rules of one symbol: in force always, or entries that ascend by the time from which they are in force. */
export type SymbolRules = InstrumentRules | readonly EffectiveRules[]

/**
 * The book with the rules of some symbols replaced or added, under a version of its own. Before its first entry a symbol
 * has the rules that the book gives it.
 * @throws PlimsollError RULES_INVALID, naming symbol and field, for rules that cannot be computed with and for
 * tiers that break the recurrence of the deductions.
 */
export function withRules(
  book: RuleBook,
  overrides: Readonly<Record<string, SymbolRules>>,
  version: string,
  checks: TierChecks = {},
): RuleBook {
  const own = new Map(Object.entries(overrides).map(([symbol, rules]) => [symbol, entriesOf(rules)]))
  for (const [symbol, entries] of own) {
    for (const { rules } of entries) checkInstrument(symbol, rules, checks)
  }
  const refused = new Map([...(book.refused ?? [])].filter(([symbol]) => !own.has(symbol)))
  const rulesOf: RuleBook['rulesOf'] = (symbol, atMs) =>
    rulesAt(own.get(symbol), atMs) ?? book.rulesOf(symbol, atMs)
  return { ...book, version, refused, rulesOf }
}

function entriesOf(rules: SymbolRules): readonly EffectiveRules[] {
  return 'contribution' in rules ? [{ fromMs: Number.NEGATIVE_INFINITY, rules }] : rules
}

/**
 * The book without the symbols that are refused, each with the reason: rules that were given for one and cannot be
 * used must not fall back to older ones.
 */
export function withoutSymbols(book: RuleBook, refused: ReadonlyMap<string, string>): RuleBook {
  const all = new Map([...(book.refused ?? []), ...refused])
  const rulesOf: RuleBook['rulesOf'] = (symbol, atMs) =>
    all.has(symbol) ? undefined : book.rulesOf(symbol, atMs)
  return { ...book, refused: all, rulesOf }
}

/** The checks of `withRules` for one symbol. @throws PlimsollError RULES_INVALID */
export function checkInstrument(symbol: string, rules: InstrumentRules, checks: TierChecks = {}): void {
  checkRules(symbol, rules)
  if (rules.maintenance.kind === 'marginal-tiers') checkTiers(symbol, rules.maintenance.tiers, checks)
}
