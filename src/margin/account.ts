import type { Account, MarginMode, Position, RuleBook } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { accountFaultsOf, hasFault, isOpen, refuseFaults } from './account-faults.ts'
import type { AccountFormula } from './account-formulas.ts'
import { crossPoolId, isolatedId, parseMarginAccountId, sideOf } from './account-id.ts'
import { exactNumbers } from './algebra.ts'
import { assumptionsOf } from './assumptions.ts'
import { isolatedMarginOf as formulaMarginOf } from './closing-fee.ts'
import { checkRules, isPlain } from './exact-rules.ts'
import { Kept } from './kept.ts'
import { isolatedMarginOf, isolatedTerms, legOf, legWithFee, leverageClosingFee } from './leg.ts'
import type { MarginAccount } from './margin-account.ts'
import { ownRulesOf } from './own-leverage.ts'
import { poolAccount, poolTermsOf } from './pool-account.ts'
import { owedAssetsOf } from './pool-assets.ts'
import type { PoolTerms } from './pool-formulas.ts'
import { hasPositionFault } from './position-faults.ts'
import { isOneMarginAccount, liquidationOf } from './position-mates.ts'
import type { RuledPosition } from './position-value.ts'
import { ONE, parseDecimal, type Rational, ZERO } from './rational.ts'
import { oldestMs } from './rule-age.ts'

export type { Evaluation, MarginAccount } from './margin-account.ts'

/** One margin account of an account: its open positions with their rules, before it is compiled. */
export interface MarginAccountPart {
  readonly marginMode: MarginMode
  readonly currency: string
  /** In the order of the account; a single one when it is isolated, none of a pool that holds debts alone. */
  readonly positions: readonly RuledPosition[]
  /** Set for a cross pool over several currencies. */
  readonly pool?: PoolTerms
}

/**
 * Splits an account into its margin accounts: each isolated position is one, all cross positions with one settlement
 * asset are one. They come in the order of their first positions. Positions of size zero and wallets without positions
 * make no margin account. In an account with a pool, all cross positions and debts, wallets below zero among them, are one, which
 * comes first.
 * @throws PlimsollError SYMBOL_UNKNOWN or ACCOUNT_UNSUPPORTED with all faults of
 * `accountFaultsOf`, RULES_INVALID for rules that this version cannot compute.
 */
export function marginAccountPartsOf(account: Account, book: RuleBook): MarginAccountPart[] {
  const parts = openPartsOf(account, book)
  if (parts === undefined || hasFault(account, parts, book)) {
    refuseFaults(account, accountFaultsOf(account, book))
    assert(false, 'an account with a fault is refused')
  }
  for (const { positions } of parts)
    for (const { position, rules } of positions) checkRules(position.symbol, rules)
  const { pool } = account
  if (pool === undefined) return parts
  return parts.map((part) =>
    part.marginMode === 'isolated'
      ? part
      : { ...part, pool: poolTermsOf(account, pool, part.positions, book) },
  )
}

/** Whether straight pieces of one price say what the margin account is. */
export function isPlainPart({ positions, pool }: MarginAccountPart): boolean {
  if (pool !== undefined) return false
  return positions.every(({ position, rules, defaults }) => isPlain(position, rules, defaults))
}

/** The margin account as one formula, whether it is plain or not. `walletBalance`: of a cross pool. */
export function formulaOf(
  { marginMode, positions }: Pick<MarginAccountPart, 'marginMode' | 'positions'>,
  walletBalance: Rational,
): AccountFormula {
  return { marginMode, positions, walletBalance: marginMode === 'isolated' ? ZERO : walletBalance }
}

/** undefined if the book does not hold the symbol of an open position. */
function openPartsOf(account: Account, book: RuleBook): MarginAccountPart[] | undefined {
  const parts: MarginAccountPart[] = []
  const pools: { readonly currency: string; readonly positions: RuledPosition[] }[] = []
  const { defaults } = book
  if (hasPool(account)) {
    const part = { marginMode: 'cross' as const, currency: account.pool!.currency, positions: [] }
    pools.push(part)
    parts.push(part)
  }
  for (const position of account.positions) {
    if (!isOpen(position)) continue
    const rules = book.rulesOf(position.symbol)
    if (rules === undefined) return undefined
    const { marginMode } = position
    const currency =
      marginMode === 'cross' && account.pool !== undefined ? account.pool.currency : rules.settlementAsset
    const ruled = { position, rules: ownRulesOf(position, rules), defaults }
    const pool = marginMode === 'cross' ? pools.find((known) => known.currency === currency) : undefined
    if (pool !== undefined) pool.positions.push(ruled)
    else {
      const part = { marginMode, currency, positions: [ruled] }
      if (marginMode === 'cross') pools.push(part)
      parts.push(part)
    }
  }
  return parts
}

/** Whether an open cross position or a debt makes the pool of the account a margin account. */
function hasPool(account: Account): boolean {
  if (account.pool === undefined) return false
  const isCross = (position: Position) => position.marginMode === 'cross' && isOpen(position)
  return account.positions.some(isCross) || owedAssetsOf(account).size > 0
}

/** The margin accounts of an account in exact terms. Throws as `marginAccountPartsOf` does. */
export function marginAccountsOf(account: Account, book: RuleBook): MarginAccount[] {
  return marginAccountPartsOf(account, book).map((part) => marginAccountOfPart(account, part, book))
}

/** The margin account of one part of an account, as `marginAccountPartsOf` gives it, in exact terms. */
export function marginAccountOfPart(
  account: Account,
  { marginMode, currency, positions, pool }: MarginAccountPart,
  book: RuleBook,
): MarginAccount {
  if (pool !== undefined) return poolAccount(account, pool, positions, book)
  return marginMode === 'isolated'
    ? isolatedAccount(account, positions[0]!, book)
    : crossPool(account, currency, positions, book)
}

/**
 * The margin account with that id, compiled without the others. It equals the one that `marginAccountsOf` returns.
 * Undefined when the account has none with that id. Throws as `marginAccountsOf` for the faults of its own positions.
 */
export function marginAccountOf(account: Account, id: string, book: RuleBook): MarginAccount | undefined {
  const name = parseMarginAccountId(id)
  if (name === undefined || name.account !== account.id) return undefined
  const positions = account.positions.filter(
    (position) =>
      position.marginMode === name.marginMode &&
      (name.marginMode === 'cross' || (position.symbol === name.symbol && sideOf(position) === name.side)) &&
      isOpen(position),
  )
  const { defaults } = book
  const legs = positions.map((position) => {
    const rules = book.rulesOf(position.symbol)
    return { position, rules: rules && ownRulesOf(position, rules), defaults }
  })
  if (legs.some(({ rules }) => rules === undefined)) refuseFaults(account, accountFaultsOf(account, book))
  const known = legs as RuledPosition[]
  const [first] = known
  if (name.marginMode === 'isolated') {
    if (first === undefined) return undefined
    refuseFaultyPositions(account, known, book)
    return isolatedAccount(account, first, book)
  }
  const { pool } = account
  if (pool !== undefined) {
    if (name.currency !== pool.currency || !hasPool(account)) return undefined
    refuseFaultyPositions(account, known, book)
    return poolAccount(account, poolTermsOf(account, pool, known, book), known, book)
  }
  const own = known.filter(({ rules }) => rules.settlementAsset === name.currency)
  refuseFaultyPositions(account, own, book)
  return own.length === 0 ? undefined : crossPool(account, name.currency, own, book)
}

function refuseFaultyPositions(account: Account, positions: readonly RuledPosition[], book: RuleBook): void {
  for (const { position, rules } of positions) {
    if (hasPositionFault(position, rules, book, account.pool))
      refuseFaults(account, accountFaultsOf(account, book))
  }
}

function isolatedAccount(account: Account, ruled: RuledPosition, book: RuleBook): MarginAccount {
  const { position, rules } = ruled
  if (!isPlain(position, rules, book.defaults)) return isolatedByFormula(account, ruled, book)
  const uncharged = legOf(position, rules, book.defaults)
  const walletBalance = isolatedMarginOf(uncharged)
  const { constant, maintenanceConstant } = isolatedTerms(uncharged, walletBalance)
  const leg = legWithFee(uncharged, maintenanceConstant)
  return {
    id: isolatedId(account, position),
    account: account.id,
    accountVersion: account.version,
    venue: account.venue,
    marginMode: 'isolated',
    currency: rules.settlementAsset,
    walletBalance,
    constant,
    legs: [leg],
    curves: [leg.curve],
    liquidation: liquidationOf(rules, book),
    ruleBook: book.version,
    rulesAsOfMs: oldestMs([rules]),
    assumptions: assumptionsOf([ruled]),
    isPlain: true,
    formula: formulaOf({ marginMode: 'isolated', positions: [ruled] }, ZERO),
    terms: new Kept(),
  }
}

function isolatedByFormula(account: Account, ruled: RuledPosition, book: RuleBook): MarginAccount {
  const { position, rules } = ruled
  const formula = formulaOf({ marginMode: 'isolated', positions: [ruled] }, ZERO)
  const size = parseDecimal(position.size)
  const { margin, credited } = formulaMarginOf(exactNumbers, ruled, size, ONE, ZERO)
  return {
    id: isolatedId(account, position),
    account: account.id,
    accountVersion: account.version,
    venue: account.venue,
    marginMode: 'isolated',
    currency: rules.settlementAsset,
    walletBalance: margin,
    constant: credited,
    legs: [],
    curves: [],
    liquidation: liquidationOf(rules, book),
    ruleBook: book.version,
    rulesAsOfMs: oldestMs([rules]),
    assumptions: assumptionsOf([ruled]),
    isPlain: false,
    formula,
  }
}

function crossPool(
  account: Account,
  currency: string,
  positions: readonly RuledPosition[],
  book: RuleBook,
): MarginAccount {
  const amount = account.collateral.find(({ asset }) => asset === currency)?.amount
  if (amount === undefined) refuseFaults(account, accountFaultsOf(account, book))
  const walletBalance = parseDecimal(amount!)
  if (!isOneMarginAccount(positions, book)) refuseFaults(account, accountFaultsOf(account, book))
  const liquidation = liquidationOf(positions[0]!.rules, book)
  const plain = positions.every(({ position, rules }) => isPlain(position, rules, book.defaults))
  const legs = (plain ? positions : []).map(({ position, rules }) => {
    const leg = legOf(position, rules, book.defaults)
    return legWithFee(leg, leverageClosingFee(leg))
  })
  const formula = formulaOf({ marginMode: 'cross', positions }, walletBalance)
  return {
    id: crossPoolId(account, currency),
    account: account.id,
    accountVersion: account.version,
    venue: account.venue,
    marginMode: 'cross',
    currency,
    walletBalance,
    constant: walletBalance,
    legs,
    curves: legs.map(({ curve }) => curve),
    liquidation,
    ruleBook: book.version,
    rulesAsOfMs: oldestMs(positions.map(({ rules }) => rules)),
    assumptions: assumptionsOf(positions),
    isPlain: plain,
    formula,
    ...(plain ? { terms: new Kept<unknown>() } : {}),
  }
}
