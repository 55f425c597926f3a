// What the next charge by the clock does to a margin account: an hour of interest, a rollover.
import type { Account, Decimal, RuleBook } from '../domain/index.ts'
import { type MarginAccount, marginAccountsOf } from './account.ts'
import { FULL_HOURS, nextDueMs } from './charges.ts'
import { type Answers, answersOf } from './formula-answers.ts'
import type { FurtherPrices, MarkOf } from './formula-figures.ts'
import { accountWithInterest, bearsInterest } from './interest.ts'
import { formatDecimal } from './rational.ts'
import { accountWithRollovers, bearsRollover, rolloversOf, rolloverTimesOf } from './rollover.ts'

/** The way to the line. */
export type Way = Omit<Answers, 'venueMarginRatio' | 'marginCall'>

export interface InterestAnswer {
  /** The first full hour after the balances were true, Unix milliseconds. */
  readonly nextTimeMs: number
  /** What that hour adds to each debt that states a rate, in units of the asset. */
  readonly debts: readonly { readonly asset: string; readonly interest: Decimal }[]
  /** Once it is added, at the same prices. */
  readonly after: Way
}

/** `sinceMs`: when the balances were true. Undefined for a margin account without a debt that states a rate. */
export function interestAnswerOf(
  account: Account,
  own: MarginAccount,
  book: RuleBook,
  sinceMs: number,
  markOf: MarkOf,
  further: FurtherPrices,
): InterestAnswer | undefined {
  if (own.formula.pool === undefined || !account.liabilities.some(bearsInterest)) return undefined
  const { account: later, accrued } = accountWithInterest(account, 1)
  return {
    nextTimeMs: nextDueMs(FULL_HOURS, sinceMs),
    debts: accrued.map(({ asset, amount }) => ({ asset, interest: formatDecimal(amount) })),
    after: wayOf(later, own, book, markOf, further),
  }
}

export interface RolloverAnswer {
  /** The first rollover of a position after the balances were true, Unix milliseconds. */
  readonly nextTimeMs: number
  /** The positions that are rolled over at that time, and what each pays, in units of the asset. */
  readonly positions: readonly {
    readonly symbol: string
    readonly size: Decimal
    readonly asset: string
    readonly fee: Decimal
  }[]
  /** Once they have paid, at the same prices. */
  readonly after: Way
}

/** `sinceMs`: when the balances were true. Undefined for a margin account without a position that states a rate. */
export function rolloverAnswerOf(
  account: Account,
  own: MarginAccount,
  book: RuleBook,
  sinceMs: number,
  markOf: MarkOf,
  further: FurtherPrices,
): RolloverAnswer | undefined {
  const rolled = own.formula.positions.map(({ position }) => position).filter(bearsRollover)
  if (rolled.length === 0) return undefined
  const nextTimeMs = rolled.reduce(
    (nextMs, position) => Math.min(nextMs, nextDueMs(rolloverTimesOf(position), sinceMs)),
    Number.POSITIVE_INFINITY,
  )
  const { account: later, charged } = accountWithRollovers(account, book, nextTimeMs - 1, nextTimeMs)
  return {
    nextTimeMs,
    positions: rolloversOf(charged, own.currency, account)
      .filter(({ rollovers }) => rollovers > 0)
      .map(({ symbol, size, asset, amount }) => ({ symbol, size, asset, fee: formatDecimal(amount) })),
    after: wayOf(later, own, book, markOf, further),
  }
}

function wayOf(
  later: Account,
  { id }: MarginAccount,
  book: RuleBook,
  markOf: MarkOf,
  further: FurtherPrices,
): Way {
  const own = marginAccountsOf(later, book).find((marginAccount) => marginAccount.id === id)!
  const { distance, liquidationPrices, ifOnly } = answersOf(own, markOf, further)
  return { distance, liquidationPrices, ifOnly }
}
