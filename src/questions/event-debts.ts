import type { Liability, MarginEvent } from '../domain/index.ts'
import { compare, parseDecimal, principalAssumption, rateAssumption, sub } from '../margin/index.ts'

/**
 * A debt of the pool of an event, with the terms that its account states as far as assumptions depend on them. Where the
 * event shows interest, that decides; elsewhere it does not hold these terms, and its sentences are taken as stated.
 */
export function debtOfEvent(
  { interest, assumptions = [] }: MarginEvent,
  asset: string,
  amount: string,
): Liability {
  const bearing = interest?.debts.find((debt) => debt.asset === asset)
  if (bearing === undefined) {
    const hasRate = interest === undefined && !assumptions.includes(rateAssumption(asset))
    if (!hasRate) return { asset, amount }
  }
  const saysNone = assumptions.includes(principalAssumption(asset))
  const isWhole = bearing === undefined || isAllOf(amount, bearing)
  const hourlyInterestRate = bearing?.hourlyInterestRate ?? '0'
  return { asset, amount, hourlyInterestRate, ...(saysNone && isWhole ? {} : { principal: amount }) }
}

type BearingDebt = NonNullable<MarginEvent['interest']>['debts'][number]

/** Whether the principal is all that the account states as its debt. */
function isAllOf(owed: string, { principal, amount }: BearingDebt): boolean {
  return compare(sub(parseDecimal(owed), parseDecimal(amount)), parseDecimal(principal)) === 0
}
