import type { EffectiveRules, InstrumentRules, RuleBook } from '../domain/index.ts'

/** The entry in force at a time, Unix milliseconds; without one the last. `entries` ascend by their time. */
export function rulesAt(
  entries: readonly EffectiveRules[] | undefined,
  atMs = Number.POSITIVE_INFINITY,
): InstrumentRules | undefined {
  return entries?.findLast(({ fromMs }) => fromMs <= atMs)?.rules
}

/** The book as it is at a time, Unix milliseconds. */
export function bookAt(book: RuleBook, atMs: number): RuleBook {
  return { ...book, rulesOf: (symbol) => book.rulesOf(symbol, atMs) }
}
