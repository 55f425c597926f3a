import {
  assetSchema,
  type CollateralRules,
  collateralRulesSchema,
  faultsText,
  firstRule,
  IN_OUR_WORDS,
  type RuleBook,
  schemaFaultsOf,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { checkCollateral, collateralPlace } from '../margin/index.ts'

/** The field of a venue in a rules file that holds how assets count in a pool, by asset. No venue names a contract so. */
export const COLLATERAL_FIELD = 'collateralRules'

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
  const isRefused = (asset: string) => refused.has(collateralPlace(asset))
  return {
    ...book,
    rulesOf: (symbol, atMs) => book.rulesOf(symbol, atMs),
    symbols: () => book.symbols(),
    entriesOf: (symbol) => book.entriesOf(symbol),
    collateralOf: (asset) => (isRefused(asset) ? undefined : (own[asset] ?? book.collateralOf?.(asset))),
    collateralAssets: () =>
      [...new Set([...(book.collateralAssets?.() ?? []), ...Object.keys(own)])].filter(
        (asset) => !isRefused(asset),
      ),
  }
}

/** What is stated for an asset as rules, or what is wrong with it. */
export function collateralOrFault(asset: string, stated: unknown): CollateralRules | string {
  const name = assetSchema.safeParse(asset, IN_OUR_WORDS)
  if (!name.success) return `the asset ${firstRule(name.error)}`
  const rules = collateralRulesSchema.safeParse(stated, IN_OUR_WORDS)
  if (!rules.success) return faultsText(stated, schemaFaultsOf(rules.error), 'it')
  try {
    checkCollateral(asset, rules.data)
    return rules.data
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return error.message
  }
}
