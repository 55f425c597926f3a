// What debts cost: interest at each full hour of UTC, on the principal (Binance margin, "How to calculate interest").
import type { Account, Liability } from '../domain/index.ts'
import { chargeOf, timesOf } from './charges.ts'
import { add, formatDecimal, parseDecimal, type Rational } from './rational.ts'

/** Interest of one debt since the balances were stated. Amounts are in the asset. */
export interface AccruedInterest {
  readonly asset: string
  readonly principal: string
  readonly hourlyInterestRate: string
  readonly amount: Rational
}

/** A debt whose account states what an hour costs. */
export type BearingDebt = Liability & { readonly hourlyInterestRate: string }

export function bearsInterest(debt: Liability): debt is BearingDebt {
  return debt.hourlyInterestRate !== undefined
}

/** A debt with interest has a principal; the account may have stated none. */
type ChargedDebt = Liability & { readonly isPrincipalAssumed?: boolean }

function isPrincipalAssumed({ principal, isPrincipalAssumed }: ChargedDebt): boolean {
  return isPrincipalAssumed ?? principal === undefined
}

export function principalOf({ principal, amount }: Liability): string {
  return principal ?? amount
}

/** Interest of one hour. */
export function hourlyInterestOf(principal: string, hourlyInterestRate: string): Rational {
  return chargeOf(parseDecimal(principal), hourlyInterestRate)
}

export interface AccountWithInterest {
  /** The account with the interest in its debts. */
  readonly account: Account
  /** Of each debt that states a rate. */
  readonly accrued: readonly AccruedInterest[]
}

/** Adds the interest of so many hours to the debts that state a rate. It is simple: hours of interest bear none. */
export function accountWithInterest(account: Account, hours: number): AccountWithInterest {
  const accrued = account.liabilities.filter(bearsInterest).map((debt): AccruedInterest => {
    const [principal, { asset, hourlyInterestRate }] = [principalOf(debt), debt]
    const hourly = hourlyInterestOf(principal, hourlyInterestRate)
    return { asset, principal, hourlyInterestRate, amount: timesOf(hourly, hours) }
  })
  if (hours === 0 || accrued.length === 0) return { account, accrued }
  const amountOf = new Map(accrued.map(({ asset, amount }) => [asset, amount]))
  const liabilities = account.liabilities.map((debt) => {
    const interest = amountOf.get(debt.asset)
    if (interest === undefined) return debt
    // Later hours are charged on the principal alone.
    const amount = formatDecimal(add(parseDecimal(debt.amount), interest))
    return { ...debt, principal: principalOf(debt), amount, isPrincipalAssumed: isPrincipalAssumed(debt) }
  })
  return { account: { ...account, liabilities }, accrued }
}

/** What is assumed of the interest of debts in these assets; each once. */
export function interestAssumptionsOf({ liabilities }: Account, owed: readonly string[]): string[] {
  return owed.flatMap((asset) => {
    const debt = liabilities.find((entry) => entry.asset === asset)
    if (debt === undefined || !bearsInterest(debt)) return [rateAssumption(asset)]
    return isPrincipalAssumed(debt) ? [principalAssumption(asset)] : []
  })
}

export function rateAssumption(asset: string): string {
  return `the debt in ${asset} states no hourlyInterestRate, so no interest is added to it`
}

export function principalAssumption(asset: string): string {
  return `the debt in ${asset} states no principal, so interest is charged on all of it`
}
