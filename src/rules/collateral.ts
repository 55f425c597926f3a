import type { CollateralRules, RuleBook } from '../domain/index.ts'
import { checkCollateral, collateralPlace } from '../margin/index.ts'

/**
 * The book with the collateral rules of some assets replaced or added, and without those of `refused`: rules that were given for
 * an asset and cannot be used must not fall back to older ones.
 * @throws PlimsollError RULES_INVALID, naming the asset and the field, for rules that cannot be computed with.
 */
export function withCollateralRules(
  book: RuleBook,
  own: Readonly<Record<string, CollateralRules>>,
  refused: ReadonlyMap<string, string> = new Map(),
): RuleBook {
  for (const [asset, rules] of Object.entries(own)) checkCollateral(asset, rules)
  return {
    ...book,
    rulesOf: (symbol, atMs) => book.rulesOf(symbol, atMs),
    symbols: () => book.symbols(),
    entriesOf: (symbol) => book.entriesOf(symbol),
    collateralOf: (asset) =>
      refused.has(collateralPlace(asset)) ? undefined : (own[asset] ?? book.collateralOf?.(asset)),
  }
}
