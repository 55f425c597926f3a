import type { MarginEvent } from '../domain/index.ts'
import {
  AS_OF_AHEAD_MAX_MS,
  compare,
  type DueTimes,
  dueTimesIn,
  FULL_HOURS,
  FULL_MINUTES,
  formatDecimal,
  hourlyInterestOf,
  lastDueMs,
  type MarginAccount,
  parseDecimal,
  rolloverFeeOf,
  rolloversIn,
  sub,
  timesOf,
} from '../margin/index.ts'
import type { Differences } from './differences.ts'

/**
 * The time up to which an event holds interest or rollovers: that which caused it, and otherwise the stated one, if it is such a
 * time and had begun. The worker may not have reached the account with a later one.
 */
function lastChargedMs(
  upToMs: number,
  { reasons, eventTimeMs, receivedTimeMs }: Pick<MarginEvent, 'reasons' | 'eventTimeMs' | 'receivedTimeMs'>,
  cause: 'interest' | 'rollover',
  due: DueTimes,
): number | null {
  if (reasons.includes(cause)) return eventTimeMs
  return lastDueMs(due, Math.min(upToMs, receivedTimeMs + AS_OF_AHEAD_MAX_MS))
}

/**
 * Recomputes the interest that the event shows. Taken as stated are principals, rates and times; each debt of the pool must
 * hold its principal and the interest.
 */
export function compareInterest(event: MarginEvent, differences: Differences): void {
  const { interest, pool } = event
  if (interest === undefined) return
  const { asOfMs, upToMs, hours, debts } = interest
  differences.compare('interest.upToMs', upToMs, lastChargedMs(upToMs, event, 'interest', FULL_HOURS))
  differences.compare('interest.hours', hours, dueTimesIn(FULL_HOURS, asOfMs, upToMs))
  debts.forEach(({ asset, principal, hourlyInterestRate, amount }, index) => {
    const hourly = hourlyInterestOf(principal, hourlyInterestRate)
    const recomputed = timesOf(hourly, hours)
    differences.compare(`interest.debts[${index}].amount`, amount, formatDecimal(recomputed))
    const owed = pool?.assets.find((entry) => entry.asset === asset)?.liability ?? '0'
    if (compare(sub(parseDecimal(owed), recomputed), parseDecimal(principal)) < 0) {
      const holds = `at most ${owed} less the interest, ${formatDecimal(recomputed)}`
      differences.add(`interest.debts[${index}].principal`, principal, holds)
    }
  })
}

/**
 * Recomputes the rollover fees that the event shows. Taken as stated are rates and times of its positions, and the wallet that
 * has paid them.
 */
export function compareRollover(event: MarginEvent, exact: MarginAccount, differences: Differences): void {
  const { rollover } = event
  if (rollover === undefined) return
  const { asOfMs, upToMs, positions } = rollover
  differences.compare('rollover.upToMs', upToMs, lastChargedMs(upToMs, event, 'rollover', FULL_MINUTES))
  const recomputed = exact.formula.positions.flatMap((ruled) => {
    const { symbol, size, fourHourlyRolloverRate, rolloverTimeMs } = ruled.position
    if (fourHourlyRolloverRate === undefined || rolloverTimeMs === undefined) return []
    const rollovers = rolloversIn({ rolloverTimeMs }, asOfMs, upToMs)
    const amount = timesOf(rolloverFeeOf(ruled, fourHourlyRolloverRate), rollovers)
    const { settlementAsset: asset } = ruled.rules
    return [{ symbol, size, asset, rollovers, amount: formatDecimal(amount) }]
  })
  differences.compare('rollover.positions.length', positions.length, recomputed.length)
  positions.forEach((position, index) => {
    for (const field of ['symbol', 'size', 'asset', 'rollovers', 'amount'] as const) {
      differences.compare(
        `rollover.positions[${index}].${field}`,
        position[field],
        recomputed[index]?.[field],
      )
    }
  })
}
