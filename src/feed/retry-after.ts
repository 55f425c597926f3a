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
