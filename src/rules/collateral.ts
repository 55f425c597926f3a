import {
  assetRulesSchema,
  assetSchema,
  type CollateralRules,
  faultsText,
  firstRule,
  IN_OUR_WORDS,
  type RuleBook,
  rulesOfKind,
  schemaFaultsOf,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { checkCollateral, collateralPlace } from '../margin/index.ts'

/** The field of a venue in a rules file that holds how assets count in a pool, by asset. No venue names a contract so. */
export const COLLATERAL_FIELD = 'collateralRules'

/**
 * The book with the collateral rules of some assets replaced or added, and without those of `refused`: rules that were given for
 * an asset and cannot be used must not fall back to older ones. Rules for one kind of pool leave those of the other kind.
 * @throws PlimsollError RULES_INVALID, naming the asset and the field, for rules that cannot be computed with.
 */
export function withCollateralRules(
  book: RuleBook,
  own: Readonly<Record<string, CollateralRules | readonly CollateralRules[]>>,
  refused: ReadonlyMap<string, string> = new Map(),
): RuleBook {
  const entries = new Map(Object.entries(own).map(([asset, stated]) => [asset, [stated].flat()]))
  for (const [asset, stated] of entries) for (const rules of stated) checkCollateral(asset, rules)
  const isRefused = (asset: string) => refused.has(collateralPlace(asset))
  return {
    ...book,
    rulesOf: (symbol, atMs) => book.rulesOf(symbol, atMs),
    symbols: () => book.symbols(),
    entriesOf: (symbol) => book.entriesOf(symbol),
    collateralOf: (asset, kind) =>
      isRefused(asset)
        ? undefined
        : (rulesOfKind(entries.get(asset) ?? [], kind) ?? book.collateralOf?.(asset, kind)),
    collateralAssets: () =>
      [...new Set([...(book.collateralAssets?.() ?? []), ...entries.keys()])].filter(
        (asset) => !isRefused(asset),
      ),
  }
}

/** What is stated for an asset as rules or a list of them, or what is wrong with it. */
export function collateralOrFault(asset: string, stated: unknown): readonly CollateralRules[] | string {
  const name = assetSchema.safeParse(asset, IN_OUR_WORDS)
  if (!name.success) return `the asset ${firstRule(name.error)}`
  const entries = assetRulesSchema.safeParse(stated, IN_OUR_WORDS)
  if (!entries.success) return faultsText(stated, schemaFaultsOf(entries.error), 'it')
  try {
    for (const rules of entries.data) checkCollateral(asset, rules)
    return entries.data
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return error.message
  }
}
