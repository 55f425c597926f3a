import type { MarginEvent } from '../domain/index.ts'
import {
  compare,
  formatDecimal,
  hourlyInterestOf,
  interestHoursOf,
  mul,
  parseDecimal,
  sub,
} from '../margin/index.ts'
import type { Differences } from './differences.ts'

/**
 * Recomputes the interest that the event shows. Taken as stated are principals, rates and times; each debt of the pool must
 * hold its principal and the interest.
 */
export function compareInterest({ interest, pool }: MarginEvent, differences: Differences): void {
  if (interest === undefined) return
  const { asOfMs, upToMs, hours, debts } = interest
  differences.compare('interest.hours', hours, interestHoursOf(asOfMs, upToMs))
  debts.forEach(({ asset, principal, hourlyInterestRate, amount }, index) => {
    const hourly = hourlyInterestOf(principal, hourlyInterestRate)
    const recomputed = mul(hourly, { n: BigInt(hours), d: 1n })
    differences.compare(`interest.debts[${index}].amount`, amount, formatDecimal(recomputed))
    const owed = pool?.assets.find((entry) => entry.asset === asset)?.liability ?? '0'
    if (compare(sub(parseDecimal(owed), recomputed), parseDecimal(principal)) < 0) {
      const holds = `at most ${owed} less the interest, ${formatDecimal(recomputed)}`
      differences.add(`interest.debts[${index}].principal`, principal, holds)
    }
  })
}
