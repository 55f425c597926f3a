import type { InstrumentRules, RuleBook } from '../domain/index.ts'

/** The book with the rules of some symbols replaced or added, under a version of its own. */
export function withRules(
  book: RuleBook,
  overrides: Readonly<Record<string, InstrumentRules>>,
  version: string,
): RuleBook {
  const own = new Map(Object.entries(overrides))
  return { ...book, version, rulesOf: (symbol) => own.get(symbol) ?? book.rulesOf(symbol) }
}
