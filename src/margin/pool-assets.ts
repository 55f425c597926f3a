// Which assets make a pool over several currencies, and what the rule book lacks for them.
import type { Account, AccountFault, FieldPath, Pool, RuleBook } from '../domain/index.ts'

const NONZERO_DIGIT = /[1-9]/

/** An asset of a pool, and the field of the account that names it first. */
export interface NamedAsset {
  readonly asset: string
  readonly path: FieldPath
}

/**
 * Each asset once: the currency of the pool, which a top-up brings, those of the wallet and debts that are not zero, and those
 * in which `settling` positions settle, given with their place in the account.
 */
export function poolAssetsOf(
  { collateral, liabilities }: Account,
  { currency }: Pool,
  settling: readonly { readonly index: number; readonly asset: string }[],
): NamedAsset[] {
  const named = new Map<string, FieldPath>([[currency, ['pool', 'currency']]])
  const name = (asset: string, path: FieldPath) => {
    if (!named.has(asset)) named.set(asset, path)
  }
  collateral.forEach(({ asset, amount }, index) => {
    if (NONZERO_DIGIT.test(amount)) name(asset, ['collateral', index, 'asset'])
  })
  liabilities.forEach(({ asset, amount }, index) => {
    if (NONZERO_DIGIT.test(amount)) name(asset, ['liabilities', index, 'asset'])
  })
  for (const { index, asset } of settling) name(asset, ['positions', index, 'symbol'])
  return [...named].map(([asset, path]) => ({ asset, path }))
}

/** The assets of an account whose open cross positions the book holds, each with the field that names it first. */
export function pooledAssetsOf(account: Account, pool: Pool, book: RuleBook): NamedAsset[] {
  const settling = account.positions.flatMap(({ symbol, marginMode, size }, index) => {
    const isPooled = marginMode === 'cross' && NONZERO_DIGIT.test(size)
    const rules = isPooled ? book.rulesOf(symbol) : undefined
    return rules === undefined ? [] : [{ index, asset: rules.settlementAsset }]
  })
  return poolAssetsOf(account, pool, settling)
}

/** The assets that the book does not know as collateral: they would count as nothing. */
export function assetFaultsOf(
  assets: readonly NamedAsset[],
  { currency }: Pool,
  book: RuleBook,
): AccountFault[] {
  return assets.flatMap(({ asset, path }) => {
    if (asset === currency || book.collateralOf?.(asset) !== undefined) return []
    const refusal = book.refused?.get(collateralPlace(asset))
    const lack = `rule book ${book.version} does not say how ${asset} counts in a pool valued in ${currency}`
    const rule = refusal === undefined ? lack : `its collateral rules are refused: ${refusal}`
    return [{ code: 'ACCOUNT_UNSUPPORTED', path, rule }]
  })
}

/** Under which name the refused collateral rules of an asset stand among those of symbols. */
export function collateralPlace(asset: string): string {
  return `collateralRules.${asset}`
}
