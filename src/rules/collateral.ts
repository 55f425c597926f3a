import type { CollateralRules, RuleBook } from '../domain/index.ts'
import { checkCollateral } from '../margin/index.ts'

/**
 * The book with the collateral rules of some assets replaced or added.
 * @throws PlimsollError RULES_INVALID, naming the asset and the field, for rules that cannot be computed with.
 */
export function withCollateralRules(
  book: RuleBook,
  own: Readonly<Record<string, CollateralRules>>,
): RuleBook {
  for (const [asset, rules] of Object.entries(own)) checkCollateral(asset, rules)
  return {
    ...book,
    rulesOf: (symbol, atMs) => book.rulesOf(symbol, atMs),
    symbols: () => book.symbols(),
    entriesOf: (symbol) => book.entriesOf(symbol),
    collateralOf: (asset) => own[asset] ?? book.collateralOf?.(asset),
  }
}
