// What falls due by the clock, while no price moves.
import { ceilTo, mul, parseDecimal, powerOfTen, type Rational } from './rational.ts'

/** When a charge falls due: at `fromMs`, and every `everyMs` before and after it. Unix milliseconds. */
export interface DueTimes {
  readonly everyMs: number
  readonly fromMs: number
}

export const FULL_HOURS: DueTimes = { everyMs: 3_600_000, fromMs: 0 }
/** When a worker looks at what has fallen due. */
export const FULL_MINUTES: DueTimes = { everyMs: 60_000, fromMs: 0 }

/** How many due times there are after `afterMs`, up to and with `upToMs`. */
export function dueTimesIn({ everyMs, fromMs }: DueTimes, afterMs: number, upToMs: number): number {
  const numberAt = (timeMs: number) => Math.floor((timeMs - fromMs) / everyMs)
  return Math.max(0, numberAt(upToMs) - numberAt(afterMs))
}

/** The last due time up to and with that time. */
export function lastDueMs({ everyMs, fromMs }: DueTimes, upToMs: number): number {
  return Math.floor((upToMs - fromMs) / everyMs) * everyMs + fromMs
}

/** The first due time after that time. */
export function nextDueMs(due: DueTimes, afterMs: number): number {
  return lastDueMs(due, afterMs) + due.everyMs
}

/** Digits after the point of one charge. What is below the last one is charged to the account. */
const CHARGE_DECIMALS = 12
const UNIT: Rational = { n: 1n, d: powerOfTen(CHARGE_DECIMALS) }

/** What falls due at one time: amount times rate, rounded up to CHARGE_DECIMALS. */
export function chargeOf(amount: Rational, rate: string): Rational {
  return ceilTo(mul(amount, parseDecimal(rate)), UNIT)
}

/** So many equal charges. */
export function timesOf(charge: Rational, count: number): Rational {
  return mul(charge, { n: BigInt(count), d: 1n })
}
