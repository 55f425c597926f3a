// What a position on spot margin costs: a rollover fee every four hours, at a rate that is fixed when it is opened (Kraken,
// "Rollover fees"; OpenPositions `terms`, `rollovertm`).
import {
  type Account,
  type Collateral,
  type Position,
  ROLLOVER_EVERY_MS,
  type RuleBook,
} from '../domain/index.ts'
import { isOpen } from './account-faults.ts'
import { exactNumbers } from './algebra.ts'
import { chargeOf, type DueTimes, dueTimesIn, timesOf } from './charges.ts'
import { type RuledPosition, sizedPositionOf } from './position-value.ts'
import { add, formatDecimal, neg, parseDecimal, type Rational, ZERO } from './rational.ts'

/** A position whose account states what four hours cost, and a time at which they end. */
export type RolledPosition = Position & {
  readonly fourHourlyRolloverRate: string
  readonly rolloverTimeMs: number
}

export function bearsRollover(position: Position): position is RolledPosition {
  return isOpen(position) && position.fourHourlyRolloverRate !== undefined
}

export function rolloverTimesOf({ rolloverTimeMs }: Pick<RolledPosition, 'rolloverTimeMs'>): DueTimes {
  return { everyMs: ROLLOVER_EVERY_MS, fromMs: rolloverTimeMs }
}

/** Rollovers of the position after `afterMs`, up to and with `upToMs`; Unix milliseconds. */
export function rolloversIn(
  position: Pick<RolledPosition, 'rolloverTimeMs'>,
  afterMs: number,
  upToMs: number,
): number {
  return dueTimesIn(rolloverTimesOf(position), afterMs, upToMs)
}

/** Fee of one rollover in the settlement asset: value at entry times rate. */
export function rolloverFeeOf(ruled: RuledPosition, fourHourlyRolloverRate: string): Rational {
  const { entryValue } = sizedPositionOf(exactNumbers, ruled, parseDecimal(ruled.position.size))
  return chargeOf(entryValue, fourHourlyRolloverRate)
}

/** Rollovers of one position. The amount is what it paid for all of them, in the asset in which it settles. */
export interface ChargedRollover {
  readonly symbol: string
  readonly size: string
  readonly asset: string
  readonly rollovers: number
  readonly amount: Rational
}

export interface AccountWithRollovers {
  /** The account with the fees out of its wallet. */
  readonly account: Account
  /** Of each open position that states a rate, in the order of the account. */
  readonly charged: readonly ChargedRollover[]
}

/** Takes the fees of the rollovers after `afterMs`, up to and with `upToMs`, out of the wallet. Positions are taken to be held throughout. */
export function accountWithRollovers(
  account: Account,
  book: RuleBook,
  afterMs: number,
  upToMs: number,
): AccountWithRollovers {
  const charged = account.positions.filter(bearsRollover).flatMap((position): ChargedRollover[] => {
    const rules = book.rulesOf(position.symbol)
    // The book refuses the account.
    if (rules === undefined) return []
    const { symbol, size, fourHourlyRolloverRate } = position
    const rollovers = rolloversIn(position, afterMs, upToMs)
    const fee = rolloverFeeOf({ position, rules, defaults: book.defaults }, fourHourlyRolloverRate)
    return [{ symbol, size, asset: rules.settlementAsset, rollovers, amount: timesOf(fee, rollovers) }]
  })
  return { account: paidBy(account, charged), charged }
}

function paidBy(account: Account, charged: readonly ChargedRollover[]): Account {
  const paid = new Map<string, Rational>()
  for (const { asset, amount } of charged) {
    if (amount.n !== 0n) paid.set(asset, add(paid.get(asset) ?? ZERO, amount))
  }
  if (paid.size === 0) return account
  const collateral = account.collateral.map((entry): Collateral => {
    const amount = paid.get(entry.asset)
    if (amount === undefined) return entry
    paid.delete(entry.asset)
    return { asset: entry.asset, amount: formatDecimal(add(parseDecimal(entry.amount), neg(amount))) }
  })
  // A pool holds nothing of an asset in which it only settles; elsewhere the book refuses a wallet that is not stated.
  const owed = account.pool === undefined ? [] : [...paid]
  const debts = owed.map(([asset, amount]): Collateral => ({ asset, amount: formatDecimal(neg(amount)) }))
  return { ...account, collateral: [...collateral, ...debts] }
}

/** The rollovers of the cross margin account in that currency. */
export function rolloversOf(
  charged: readonly ChargedRollover[],
  currency: string,
  { pool }: Pick<Account, 'pool'>,
): readonly ChargedRollover[] {
  return charged.filter(({ asset }) => pool !== undefined || asset === currency)
}
