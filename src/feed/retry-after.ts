import type { HttpAnswer } from '../system/index.ts'
import { LIMITED_PAUSE_MS } from './limits.ts'

const SECONDS = /^\d{1,9}$/
const DAY_AND_TIME = /^[A-Z][a-z]{2,8}, /

/**
 * Milliseconds to wait by the header `Retry-After` (RFC 9110, 10.2.3): seconds, or a day and time. undefined without one, and for a
 * text that is neither. `nowMs`: Unix milliseconds.
 */
export function retryAfterMsOf(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (SECONDS.test(header)) return Number(header) * 1_000
  const timeMs = DAY_AND_TIME.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(timeMs) ? undefined : Math.max(0, timeMs - nowMs)
}

/**
 * Milliseconds for which the failed answer wants no further request: as it states, or the default of a limited address; 0 if it wants
 * none. `nowMs`: Unix milliseconds.
 */
export function pauseMsOf({ status, retryAfter }: HttpAnswer, nowMs: number): number {
  const isLimited = status === 418 || status === 429
  return retryAfterMsOf(retryAfter, nowMs) ?? (isLimited ? LIMITED_PAUSE_MS : 0)
}
