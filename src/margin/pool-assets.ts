// Which assets make a pool over several currencies, and what the rule book lacks for them.
import {
  type Account,
  type AccountFault,
  type CollateralRules,
  type FieldPath,
  POOL_KINDS,
  type Pool,
  type RuleBook,
} from '../domain/index.ts'

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

/** How an asset counts in that kind of pool; undefined where the book does not say it of this kind. */
export function collateralRulesIn(
  { kind }: Pick<Pool, 'kind'>,
  asset: string,
  book: RuleBook,
): CollateralRules | undefined {
  const rules = book.collateralOf?.(asset, kind)
  return rules?.poolKind === undefined || rules.poolKind === kind ? rules : undefined
}

/** All that a book says of an asset, in the order of the kinds of pools that it is for; the same rules once. */
export function statedRulesOf(asset: string, book: RuleBook): readonly CollateralRules[] {
  return [...new Set(POOL_KINDS.flatMap((kind) => book.collateralOf?.(asset, kind) ?? []))]
}

/** What the book says of a debt in the currency of a multi-asset pool; of spot margin that asks for what every debt does. */
export function debtRulesIn(pool: Pool, book: RuleBook): CollateralRules | undefined {
  return pool.kind === 'multi-asset' ? collateralRulesIn(pool, pool.currency, book) : undefined
}

/**
 * Maintenance margin for a debt, as a share of its value; null: not known. Where rules leave it out, or the currency of the pool
 * has none, the venue says whether a debt asks for any.
 */
export function debtRateIn(
  rules: CollateralRules | undefined,
  { defaults }: Pick<RuleBook, 'defaults'>,
): string | null {
  const stated = rules?.liabilityMaintenanceRate
  if (stated !== undefined) return stated
  return defaults.debtMargin === 'by-asset' ? null : '0'
}

/** Of a multi-asset pool a debt needs maintenance margin: one of which it is not known how much cannot be judged. */
export function lacksDebtRate(
  rules: CollateralRules | undefined,
  { kind }: Pick<Pool, 'kind'>,
  book: Pick<RuleBook, 'defaults'>,
): boolean {
  return kind === 'multi-asset' && debtRateIn(rules, book) === null
}

/** The assets that an account owes: its debts, and its wallets below zero. */
export function owedAssetsOf({
  collateral,
  liabilities,
}: Pick<Account, 'collateral' | 'liabilities'>): ReadonlySet<string> {
  const debts = liabilities.filter(({ amount }) => NONZERO_DIGIT.test(amount))
  const below = collateral.filter(({ amount }) => amount.startsWith('-') && NONZERO_DIGIT.test(amount))
  return new Set([...debts, ...below].map(({ asset }) => asset))
}

/**
 * The assets that the venue calls by another name, those that the book does not know as collateral, which would count as nothing,
 * and the debts without a margin.
 */
export function assetFaultsOf(
  assets: readonly NamedAsset[],
  account: Account,
  pool: Pool,
  book: RuleBook,
): AccountFault[] {
  const owed = owedAssetsOf(account)
  return assets.flatMap(({ asset, path }) => {
    const rule = nameFaultOf(asset, book) ?? faultOf(asset, owed.has(asset), pool, book)
    return rule === undefined ? [] : [{ code: 'ACCOUNT_UNSUPPORTED', path, rule }]
  })
}

function nameFaultOf(asset: string, { venue, defaults }: RuleBook): string | undefined {
  const { assetNames = {} } = defaults
  return Object.hasOwn(assetNames, asset)
    ? `${venue} calls this coin ${assetNames[asset]}, and one coin under two names would move as two: give it under that name`
    : undefined
}

function faultOf(asset: string, isOwed: boolean, pool: Pool, book: RuleBook): string | undefined {
  const isCurrency = asset === pool.currency
  const rules = isCurrency ? debtRulesIn(pool, book) : collateralRulesIn(pool, asset, book)
  if (rules === undefined && !isCurrency) {
    const refusal = book.refused?.get(collateralPlace(asset))
    if (refusal !== undefined) return `its collateral rules are refused: ${refusal}`
    const other = statedRulesOf(asset, book)[0]?.poolKind
    const lack = `rule book ${book.version} does not say how ${asset} counts in a pool valued in ${pool.currency}`
    const ofOther = other === undefined ? '' : `: its rules are those of a ${other} pool`
    return `${lack}${ofOther}; ${collateralRulesWayOut(pool, book)}`
  }
  if (!isOwed || !lacksDebtRate(rules, pool, book)) return undefined
  return `rule book ${book.version} does not say what maintenance margin a debt of ${asset} needs: give liabilityMaintenanceRate in its collateralRules`
}

/** How the rules of an asset come into the book, in words. What venues answer says nothing of spot margin. */
function collateralRulesWayOut({ kind }: Pool, { defaults }: RuleBook): string {
  const command = kind === 'multi-asset' ? defaults.collateralWayOut : undefined
  const made = command === undefined ? '' : `: ${command}, for --rules`
  return `a rules file with collateralRules says it (docs/rules.md, Collateral)${made}`
}

/** Under which name the refused collateral rules of an asset stand among those of symbols. */
export function collateralPlace(asset: string): string {
  return `collateralRules.${asset}`
}
