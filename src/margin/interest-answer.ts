// What the next hour of interest does to a margin account.
import type { Account, Decimal, RuleBook } from '../domain/index.ts'
import { type MarginAccount, marginAccountsOf } from './account.ts'
import { type Answers, answersOf } from './formula-answers.ts'
import type { FurtherPrices, MarkOf } from './formula-figures.ts'
import { accountWithInterest, bearsInterest, nextInterestMs } from './interest.ts'
import { formatDecimal } from './rational.ts'

export interface InterestAnswer {
  /** The first full hour after the balances were true, Unix milliseconds. */
  readonly nextTimeMs: number
  /** What that hour adds to each debt that states a rate, in units of the asset. */
  readonly debts: readonly { readonly asset: string; readonly interest: Decimal }[]
  /** The way to the line once it is added, at the same prices. */
  readonly after: Omit<Answers, 'venueMarginRatio' | 'marginCall'>
}

/** `sinceMs`: when the balances were true. Undefined for a margin account without a debt that states a rate. */
export function interestAnswerOf(
  account: Account,
  { id, formula }: MarginAccount,
  book: RuleBook,
  sinceMs: number,
  markOf: MarkOf,
  further: FurtherPrices,
): InterestAnswer | undefined {
  if (formula.pool === undefined || !account.liabilities.some(bearsInterest)) return undefined
  const { account: later, accrued } = accountWithInterest(account, 1)
  const own = marginAccountsOf(later, book).find((marginAccount) => marginAccount.id === id)!
  const { distance, liquidationPrices, ifOnly } = answersOf(own, markOf, further)
  return {
    nextTimeMs: nextInterestMs(sinceMs),
    debts: accrued.map(({ asset, amount }) => ({ asset, interest: formatDecimal(amount) })),
    after: { distance, liquidationPrices, ifOnly },
  }
}
