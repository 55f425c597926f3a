import type { Account, Decimal, InstrumentRules, MarginMode, Position, RuleBook } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  coordinateOf,
  curveOf,
  isolatedMarginOf,
  isolatedTerms,
  leverageClosingFee,
  maintenanceAt,
  pnlAt,
  type Row,
} from './contract.ts'
import { add, parseDecimal, type Rational, ZERO } from './rational.ts'

/** The unit that is liquidated as a whole, compiled to rows. Money in the settlement asset. */
export interface MarginAccount {
  readonly id: string
  /** Id of the account that it is part of. */
  readonly account: string
  readonly accountVersion: number
  readonly venue: string
  readonly marginMode: MarginMode
  readonly settle: string
  /** As the venue displays it: the wallet of a cross pool, the margin assigned to an isolated position. */
  readonly walletBalance: Rational
  /** What enters the margin balance: the wallet, or the isolated margin as the venue's formula credits it. */
  readonly constant: Rational
  readonly rows: readonly Row[]
  readonly liquidation: 'reached' | 'passed'
  /** Version of the rule book. */
  readonly ruleBook: string
}

/** The last known mark price of a symbol; undefined where it is not known. */
export type MarkOf = (symbol: string) => Decimal | undefined

export interface Evaluation {
  readonly marginBalance: Rational
  readonly unrealizedPnl: Rational
  readonly maintenanceMargin: Rational
}

/**
 * Splits an account into its margin accounts: each isolated position is one, all cross positions with one
 * settlement asset are one. They stand in the order of their first positions. Positions of size zero and
 * wallets without positions make none. Throws SYMBOL_UNKNOWN or RULES_INVALID.
 */
export function marginAccountsOf(account: Account, book: RuleBook): MarginAccount[] {
  const made = new Map<string, MarginAccount>()
  const rowsOf = new Map<string, Row[]>()
  account.positions.forEach((position, index) => {
    if (parseDecimal(position.size).n === 0n) return
    const rules = rulesFor(position, index, account, book)
    if (position.marginMode === 'isolated') {
      const isolated = isolatedAccount(account, position, rules, book)
      made.set(isolated.id, isolated)
      return
    }
    const id = `${account.id}:cross:${rules.settle}`
    let rows = rowsOf.get(id)
    if (rows === undefined) {
      rows = []
      rowsOf.set(id, rows)
      made.set(id, crossPool(id, account, rules.settle, rows, book))
    }
    const curve = curveOf(position, rules, book.margin)
    rows.push({ ...curve, maintenanceConstant: leverageClosingFee(curve) })
  })
  return [...made.values()]
}

function rulesFor(position: Position, index: number, account: Account, book: RuleBook): InstrumentRules {
  const rules = book.rulesOf(position.symbol)
  if (rules !== undefined) return rules
  const path = `positions[${index}].symbol`
  throw new PlimsollError(
    'SYMBOL_UNKNOWN',
    `${path} is ${position.symbol}, which rule book ${book.version} of ${account.venue} does not hold`,
    { path },
  )
}

function isolatedAccount(
  account: Account,
  position: Position,
  rules: InstrumentRules,
  book: RuleBook,
): MarginAccount {
  const curve = curveOf(position, rules, book.margin)
  const walletBalance = isolatedMarginOf(curve)
  const { constant, maintenanceConstant } = isolatedTerms(curve, walletBalance)
  const side = position.size.startsWith('-') ? 'short' : 'long'
  return {
    ...commonFields(account, book),
    id: `${account.id}:isolated:${position.symbol}:${side}`,
    marginMode: 'isolated',
    settle: rules.settle,
    walletBalance,
    constant,
    rows: [{ ...curve, maintenanceConstant }],
  }
}

function crossPool(
  id: string,
  account: Account,
  settle: string,
  rows: readonly Row[],
  book: RuleBook,
): MarginAccount {
  const amount = account.collateral.find((entry) => entry.asset === settle)?.amount
  const walletBalance = amount === undefined ? ZERO : parseDecimal(amount)
  return {
    ...commonFields(account, book),
    id,
    marginMode: 'cross',
    settle,
    walletBalance,
    constant: walletBalance,
    rows,
  }
}

function commonFields(account: Account, book: RuleBook) {
  return {
    account: account.id,
    accountVersion: account.version,
    venue: account.venue,
    liquidation: book.margin.liquidation,
    ruleBook: book.version,
  }
}

/** The three sums of a margin account at the given marks; undefined when a mark is missing. */
export function evaluate(marginAccount: MarginAccount, markOf: MarkOf): Evaluation | undefined {
  let unrealizedPnl = ZERO
  let maintenanceMargin = ZERO
  for (const row of marginAccount.rows) {
    const markPrice = markOf(row.symbol)
    if (markPrice === undefined) return undefined
    const x = coordinateOf(row, markPrice)
    unrealizedPnl = add(unrealizedPnl, pnlAt(row, x))
    maintenanceMargin = add(maintenanceMargin, maintenanceAt(row, x))
  }
  return { marginBalance: add(marginAccount.constant, unrealizedPnl), unrealizedPnl, maintenanceMargin }
}
