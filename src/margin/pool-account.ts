import type {
  Account,
  CollateralRules,
  InstrumentRules,
  Liquidation,
  Pool,
  RuleBook,
} from '../domain/index.ts'
import { accountFaultsOf, refuseFaults } from './account-faults.ts'
import { crossPoolId } from './account-id.ts'
import { exactNumbers } from './algebra.ts'
import { assumptionsOf } from './assumptions.ts'
import { interestAssumptionsOf } from './interest.ts'
import type { MarginAccount } from './margin-account.ts'
import { collateralRulesIn, debtRulesIn, lacksDebtRate, poolAssetsOf } from './pool-assets.ts'
import { debtRateOf, owedOf, type PoolAsset, type PoolTerms } from './pool-formulas.ts'
import { isOneMarginAccount, liquidationOf } from './position-mates.ts'
import type { RuledPosition } from './position-value.ts'
import { parseDecimal, parseRate, ZERO } from './rational.ts'
import { oldestMs } from './rule-age.ts'

/**
 * The terms of the pool of an account; `positions` are its open cross positions.
 * @throws PlimsollError ACCOUNT_UNSUPPORTED, naming each asset for which the book has no rules, or not those of a debt.
 */
export function poolTermsOf(
  account: Account,
  pool: Pool,
  positions: readonly RuledPosition[],
  book: RuleBook,
): PoolTerms {
  const { currency, kind, liquidationLevel } = pool
  const { collateral, liabilities } = account
  const settling = positions.map(({ rules }, index) => ({ index, asset: rules.settlementAsset }))
  const assets = poolAssetsOf(account, pool, settling).map(({ asset }) => {
    const isCurrency = asset === currency
    const rules = isCurrency ? debtRulesIn(pool, book) : collateralRulesIn(pool, asset, book)
    const weights = isCurrency ? undefined : rules
    const wallet = amountIn(collateral, asset)
    const terms = { asset, wallet, liability: amountIn(liabilities, asset), rules, weights }
    const isUnruled = !isCurrency && rules === undefined
    const isLacking = lacksDebtRate(rules, pool, book)
    if (isUnruled || (isOwed(terms) && isLacking)) refuseFaults(account, accountFaultsOf(account, book))
    return isLacking ? { ...terms, lacksDebtRate: true as const } : terms
  })
  return {
    currency,
    kind,
    assets,
    liquidationLevel: liquidationLevel === undefined ? undefined : parseRate(liquidationLevel),
    defaults: book.defaults,
  }
}

function isOwed(asset: PoolAsset): boolean {
  return owedOf(exactNumbers, asset, asset.wallet).n > 0n
}

function amountIn(list: readonly { asset: string; amount: string }[], asset: string) {
  return parseDecimal(list.find((entry) => entry.asset === asset)?.amount ?? '0')
}

/**
 * A cross pool over several currencies. It may hold debts alone, and no position.
 * @throws PlimsollError ACCOUNT_UNSUPPORTED for positions that cannot stand in one margin account.
 */
export function poolAccount(
  account: Account,
  pool: PoolTerms,
  positions: readonly RuledPosition[],
  book: RuleBook,
): MarginAccount {
  if (positions.length > 0 && !isOneMarginAccount(positions, book))
    refuseFaults(account, accountFaultsOf(account, book))
  const rules = positions.map((ruled) => ruled.rules)
  const [first] = rules
  const owed = pool.assets.filter(isOwed)
  const counting = pool.assets.filter((one) => one.asset !== pool.currency || owed.includes(one))
  const weights = counting.flatMap((asset) => asset.rules ?? [])
  return {
    id: crossPoolId(account, pool.currency),
    account: account.id,
    accountVersion: account.version,
    venue: account.venue,
    marginMode: 'cross',
    currency: pool.currency,
    walletBalance: ZERO,
    constant: ZERO,
    legs: [],
    curves: [],
    liquidation: poolLiquidationOf(pool, first, book),
    ruleBook: book.version,
    rulesAsOfMs: oldestMs([...rules, ...weights]),
    assumptions: [
      ...poolAssumptionsOf(positions, weights),
      ...lossAssumptionsOf(pool, positions, book),
      ...interestAssumptionsOf(
        account,
        owed.map(({ asset }) => asset),
      ),
    ],
    isPlain: false,
    formula: { marginMode: 'cross', positions, walletBalance: ZERO, pool },
  }
}

/**
 * What is assumed of losses that are not realised, of each asset in which they may arise. A venue that asks for margin of debts lends
 * what the equity of an asset lacks, not its wallet alone (Bybit: "coin equity = walletBalance − spotBorrow + unrealisedPnl").
 */
function lossAssumptionsOf(
  pool: PoolTerms,
  positions: readonly RuledPosition[],
  { defaults }: RuleBook,
): string[] {
  if (pool.kind !== 'multi-asset' || defaults.debtMargin !== 'by-asset') return []
  const settling = new Set(positions.map(({ rules }) => rules.settlementAsset))
  const asking = pool.assets.filter(
    (asset) => settling.has(asset.asset) && (asset.lacksDebtRate === true || debtRateOf(pool, asset).n > 0n),
  )
  return asking.map(({ asset }) => lossAssumption(asset))
}

export function lossAssumption(asset: string): string {
  return `a loss in ${asset} that is not realised counts as no debt, also beyond the wallet: the venue may lend it, and then ask for more maintenance margin`
}

/** Each once: those of the positions, then of the assets. */
function poolAssumptionsOf(
  positions: readonly RuledPosition[],
  weights: readonly CollateralRules[],
): readonly string[] {
  const ofAssets = weights.flatMap((rules) => rules.assumptions ?? [])
  const ofPositions = assumptionsOf(positions)
  return ofAssets.length === 0 ? ofPositions : [...new Set([...ofPositions, ...ofAssets])]
}

/** Spot margin is liquidated at its level (Binance, Kraken: margin level at or below it), whatever the rules of futures say. */
function poolLiquidationOf(
  { kind }: PoolTerms,
  first: InstrumentRules | undefined,
  book: RuleBook,
): Liquidation {
  if (kind === 'spot-margin') return 'reached'
  return first === undefined ? book.defaults.liquidation : liquidationOf(first, book)
}
