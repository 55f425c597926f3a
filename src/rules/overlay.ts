import type { EffectiveRules, InstrumentRules, RuleBook } from '../domain/index.ts'
import { checkRules, checkTiers, type TierChecks } from '../margin/index.ts'
import { checkAskedMargin } from './asks-for-margin.ts'
import { ruleBookOfEntries } from './in-time.ts'

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
    for (const { rules } of entries) if (rules !== null) checkInstrument(symbol, rules, checks)
  }
  const entries = new Map([...own].map(([symbol, later]) => [symbol, afterThoseOf(book, symbol, later)]))
  const refused = new Map([...(book.refused ?? [])].filter(([symbol]) => !own.has(symbol)))
  return ruleBookOfEntries({
    ...book,
    version,
    refused,
    symbols: () => new Set([...book.symbols(), ...own.keys()]),
    entriesOf: (symbol) => entries.get(symbol) ?? entries.get(heldAs(book, symbol)) ?? book.entriesOf(symbol),
  })
}

function heldAs(book: RuleBook, symbol: string): string {
  return book.heldAs?.(symbol) ?? symbol
}

/** The entries, and those of the book that are in force before them. */
function afterThoseOf(
  book: RuleBook,
  symbol: string,
  entries: readonly EffectiveRules[],
): readonly EffectiveRules[] {
  const { fromMs } = entries[0]!
  if (fromMs === Number.NEGATIVE_INFINITY) return entries
  return [...book.entriesOf(symbol).filter((entry) => entry.fromMs < fromMs), ...entries]
}

function entriesOf(rules: SymbolRules): readonly EffectiveRules[] {
  return 'contribution' in rules ? [{ fromMs: Number.NEGATIVE_INFINITY, rules, source: 'given' }] : rules
}

/**
 * The book without the symbols that are refused, each with the reason: rules that were given for one and cannot be
 * used must not fall back to older ones.
 */
export function withoutSymbols(book: RuleBook, refused: ReadonlyMap<string, string>): RuleBook {
  const all = new Map([...(book.refused ?? []), ...refused])
  return ruleBookOfEntries({
    ...book,
    refused: all,
    symbols: () => new Set([...book.symbols()].filter((symbol) => !all.has(symbol))),
    entriesOf: (symbol) => (all.has(symbol) || all.has(heldAs(book, symbol)) ? [] : book.entriesOf(symbol)),
  })
}

/** The checks of `withRules` for one symbol. Whole tables of a venue ask for margin too. @throws PlimsollError RULES_INVALID */
export function checkInstrument(symbol: string, rules: InstrumentRules, checks: TierChecks = {}): void {
  checkRules(symbol, rules)
  if (rules.maintenance.kind === 'marginal-tiers') checkTiers(symbol, rules.maintenance.tiers, checks)
  if (checks.firstDeductionZero === true) checkAskedMargin(symbol, rules)
}
