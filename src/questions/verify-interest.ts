import type { MarginEvent } from '../domain/index.ts'
import {
  AS_OF_AHEAD_MAX_MS,
  compare,
  formatDecimal,
  hourlyInterestOf,
  INTEREST_EVERY_MS,
  interestHoursOf,
  mul,
  parseDecimal,
  sub,
} from '../margin/index.ts'
import type { Differences } from './differences.ts'

/**
 * The full hour up to which the debts of an event hold interest: that which caused it, and otherwise the stated one, if it is a full
 * hour and had begun. The worker may not have reached the account with a later one.
 */
function lastHourMs(
  upToMs: number,
  { reasons, eventTimeMs, receivedTimeMs }: Pick<MarginEvent, 'reasons' | 'eventTimeMs' | 'receivedTimeMs'>,
): number | null {
  if (reasons.includes('interest')) return eventTimeMs
  const latestMs = Math.min(upToMs, receivedTimeMs + AS_OF_AHEAD_MAX_MS)
  return Math.floor(latestMs / INTEREST_EVERY_MS) * INTEREST_EVERY_MS
}

/**
 * Recomputes the interest that the event shows. Taken as stated are principals, rates and times; each debt of the pool must
 * hold its principal and the interest.
 */
export function compareInterest(event: MarginEvent, differences: Differences): void {
  const { interest, pool } = event
  if (interest === undefined) return
  const { asOfMs, upToMs, hours, debts } = interest
  differences.compare('interest.upToMs', upToMs, lastHourMs(upToMs, event))
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
