const DAY_MS = 24 * 60 * 60 * 1_000

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
