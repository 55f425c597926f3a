const DAY_MS = 24 * 60 * 60 * 1_000

/** Whole days since the day of the rules, 0 for a future day; null when the day is not known. */
export function ruleAgeDays(rulesAsOfMs: number | null, nowMs: number): number | null {
  return rulesAsOfMs === null ? null : Math.max(0, Math.floor((nowMs - rulesAsOfMs) / DAY_MS))
}
