import type { EffectiveRules, InstrumentRules, RuleBook } from '../domain/index.ts'

/** What a rule book is made of: `rulesOf` follows from the entries. */
export type RuleBookParts = Omit<RuleBook, 'rulesOf'>

/** A rule book whose rules at a time are those of the entry in force. */
export function ruleBookOfEntries(parts: RuleBookParts): RuleBook {
  return { ...parts, rulesOf: (symbol, atMs) => rulesAt(parts.entriesOf(symbol), atMs) }
}

/** The rules in force at a time, Unix milliseconds; without one those of the last entry. `entries` ascend by their time. */
export function rulesAt(
  entries: readonly EffectiveRules[],
  atMs = Number.POSITIVE_INFINITY,
): InstrumentRules | undefined {
  return entryAt(entries, atMs)?.rules ?? undefined
}

/** The entry in force at a time, Unix milliseconds. undefined before the first one. */
export function entryAt(entries: readonly EffectiveRules[], atMs: number): EffectiveRules | undefined {
  return entries.findLast(({ fromMs }) => fromMs <= atMs)
}

/** The book as it is at a time, Unix milliseconds. */
export function bookAt(book: RuleBook, atMs: number): RuleBook {
  return { ...book, rulesOf: (symbol) => book.rulesOf(symbol, atMs) }
}
