import type { RuleBook } from '../domain/index.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** How many days the day of rules may be after the present one, UTC: it may have begun where the venue stated them. */
export const RULES_AHEAD_MAX_DAYS = 1

/** Why no venue can have stated rules on the ISO day; undefined where one can. They would never grow old. */
export function reasonAgainstDay(asOf: string | undefined, nowMs: number): string | undefined {
  if (!isSeenAfter(asOf, nowMs)) return undefined
  const today = new Date(nowMs).toISOString().slice(0, 'yyyy-mm-dd'.length)
  return `must be at most ${RULES_AHEAD_MAX_DAYS} day after the present day, ${today}: the venue was seen to state the rules on it`
}

function isSeenAfter(asOf: string | undefined, timeMs: number): boolean {
  return asOf !== undefined && Date.parse(asOf) > timeMs + RULES_AHEAD_MAX_DAYS * DAY_MS
}

/**
 * Whether rules of that day, in force at a time, Unix milliseconds, were first seen after it, so that nobody knows whether the
 * venue had them. A contract whose entry in the book states since when it is in force is not such a one; an asset states none.
 */
export function areKnownLater(
  asOf: string | undefined,
  timeMs: number,
  contract?: { readonly symbol: string; readonly book: Pick<RuleBook, 'entriesOf'> },
): boolean {
  if (!isSeenAfter(asOf, timeMs)) return false
  const entry = contract?.book.entriesOf(contract.symbol).findLast(({ fromMs }) => fromMs <= timeMs)
  return entry === undefined || !Number.isFinite(entry.fromMs)
}

/** Whole days since the day of the rules, 0 for a future day; null when the day is not known. */
export function ruleAgeDays(rulesAsOfMs: number | null, nowMs: number): number | null {
  return rulesAsOfMs === null ? null : Math.max(0, Math.floor((nowMs - rulesAsOfMs) / DAY_MS))
}

/** Start of the oldest day of the rules, UTC; null when the day of any is not known. */
export function oldestMs(rules: readonly { readonly asOf?: string | undefined }[]): number | null {
  let oldest: string | undefined
  for (const { asOf } of rules) {
    if (asOf === undefined) return null
    // ISO days sort as text.
    if (oldest === undefined || asOf < oldest) oldest = asOf
  }
  return oldest === undefined ? null : Date.parse(oldest)
}
