import type { Account, AccountFault, RuleBook } from '../domain/index.ts'
import { faultsText, pathText } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { isOpen, LEVERAGE_RULE, lacksLeverage, liquidationOf } from './account-faults.ts'
import type { AccountFormula } from './account-formulas.ts'
import { crossPoolId } from './account-id.ts'
import { checkRules } from './exact-rules.ts'
import type { MarginAccount } from './margin-account.ts'
import type { PoolAsset } from './pool-formulas.ts'
import type { RuledPosition } from './position-value.ts'
import { parseDecimal, parseRate, ZERO } from './rational.ts'
import { assumptionsOf, oldestMs } from './rule-age.ts'

/**
 * The cross pool over all currencies of an account that states one; undefined if it holds no cross position and no debt.
 * @throws PlimsollError SYMBOL_UNKNOWN or ACCOUNT_UNSUPPORTED, naming an asset or symbol for which the book has no rules.
 */
export function poolAccountOf(account: Account, book: RuleBook): MarginAccount | undefined {
  const { pool } = account
  if (pool === undefined) return undefined
  const positions = ruledPositionsOf(account, book)
  if (positions.length === 0 && account.liabilities.length === 0) return undefined
  const formula: AccountFormula = {
    marginMode: 'cross',
    positions,
    walletBalance: ZERO,
    pool: {
      currency: pool.currency,
      assets: assetsOf(account, pool.currency, positions, book),
      liquidationLevel: pool.liquidationLevel === undefined ? undefined : parseRate(pool.liquidationLevel),
      defaults: book.defaults,
    },
  }
  const rules = positions.map((ruled) => ruled.rules)
  const [first] = rules
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
    liquidation: first === undefined ? book.defaults.liquidation : liquidationOf(first, book),
    ruleBook: book.version,
    rulesAsOfMs: oldestMs(rules),
    assumptions: assumptionsOf(positions),
    isPlain: false,
    formula,
  }
}

function ruledPositionsOf(account: Account, book: RuleBook): RuledPosition[] {
  const { defaults } = book
  return account.positions.flatMap((position, index) => {
    if (!isOpen(position) || position.marginMode !== 'cross') return []
    const rules = book.rulesOf(position.symbol)
    if (rules === undefined) {
      const rule = `rule book ${book.version} of ${account.venue} does not hold it; a rules file can add it`
      refuse(account, { code: 'SYMBOL_UNKNOWN', path: ['positions', index, 'symbol'], rule })
    }
    checkRules(position.symbol, rules!)
    if (lacksLeverage(position, rules!)) {
      refuse(account, {
        code: 'ACCOUNT_UNSUPPORTED',
        path: ['positions', index, 'leverage'],
        rule: LEVERAGE_RULE,
      })
    }
    return [{ position, rules: rules!, defaults }]
  })
}

/** Each asset once: the currency, which a top-up brings, those of the wallet, debts, and those in which positions settle. */
function assetsOf(
  account: Account,
  currency: string,
  positions: readonly RuledPosition[],
  book: RuleBook,
): PoolAsset[] {
  const names = new Set([
    currency,
    ...account.collateral.map(({ asset }) => asset),
    ...account.liabilities.map(({ asset }) => asset),
    ...positions.map(({ rules }) => rules.settlementAsset),
  ])
  const amountIn = (list: readonly { asset: string; amount: string }[], asset: string) =>
    parseDecimal(list.find((entry) => entry.asset === asset)?.amount ?? '0')
  return [...names].map((asset) => {
    const rules = asset === currency ? undefined : book.collateralOf?.(asset)
    if (asset !== currency && rules === undefined) {
      const index = account.collateral.findIndex((entry) => entry.asset === asset)
      const path = index < 0 ? ['collateral'] : ['collateral', index, 'asset']
      const rule = `rule book ${book.version} does not say how ${asset} counts in a pool valued in ${currency}`
      refuse(account, { code: 'ACCOUNT_UNSUPPORTED', path, rule })
    }
    return {
      asset,
      wallet: amountIn(account.collateral, asset),
      liability: amountIn(account.liabilities, asset),
      rules,
    }
  })
}

function refuse(account: Account, fault: AccountFault): never {
  throw new PlimsollError(fault.code, faultsText(account, [fault]), { path: pathText(fault.path) })
}
