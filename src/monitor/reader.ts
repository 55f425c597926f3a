import type { Decimal } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import { div, evaluate, formatDecimal, sign } from '../margin/index.ts'
import type { Monitor } from './monitor.ts'

/** Margin accounts looked at for one answer; those beyond it are left out. */
const NEAREST_LOOKS_MAX = 2_000

export interface NearAccount {
  readonly marginAccount: string
  readonly venue: string
  readonly settle: string
  readonly marginRatio: Decimal
}

/** The margin accounts nearest below their liquidation line, nearest first, with exact ratios. */
export function nearest(monitor: Monitor, kernel: Kernel, count: number, breachLevel: number): NearAccount[] {
  const near: { marginAccount: number; ratio: number }[] = []
  let looks = 0
  for (let level = breachLevel - 1; level > 0 && near.length < count; level--) {
    for (const marginAccount of standingAt(monitor, kernel, level)) {
      if (looks++ >= NEAREST_LOOKS_MAX) break
      kernel.measureAccount(marginAccount)
      const marginBalance = kernel.measuredMarginBalance
      if (marginBalance > 0)
        near.push({ marginAccount, ratio: kernel.measuredMaintenanceMargin / marginBalance })
    }
  }
  near.sort((a, b) => b.ratio - a.ratio)
  return near.slice(0, count).flatMap(({ marginAccount }) => nearAccountOf(monitor, marginAccount) ?? [])
}

function* standingAt({ watchlist }: Monitor, kernel: Kernel, level: number): Generator<number> {
  for (let marginAccount = 0; marginAccount < watchlist.marginAccountNumbers; marginAccount++) {
    if (kernel.accountLevel(marginAccount) === level && watchlist.has(marginAccount)) yield marginAccount
  }
}

function nearAccountOf({ watchlist, markets }: Monitor, marginAccount: number): NearAccount | undefined {
  const { id, venue, currency } = watchlist.subjectOf(marginAccount)
  if (watchlist.isSuspended(watchlist.accountOf(marginAccount))) return undefined
  const evaluation = evaluate(watchlist.exactOf(marginAccount), markets.markOf(venue))
  if (evaluation === undefined || sign(evaluation.marginBalance) <= 0) return undefined
  const marginRatio = formatDecimal(div(evaluation.maintenanceMargin, evaluation.marginBalance), 6)
  return { marginAccount: id, venue, settle: currency, marginRatio }
}

export interface StandingCount {
  readonly level: Decimal
  readonly marginAccounts: number
}

/** Margin accounts by level, `0` is safe. Those without a verdict are in none. `levelNames` are those of the rule. */
export function standingCounts(
  { watchlist }: Monitor,
  kernel: Kernel,
  levelNames: readonly Decimal[],
): StandingCount[] {
  const counts = levelNames.map((level) => ({ level, marginAccounts: 0 }))
  for (let account = 0; account < watchlist.marginAccountNumbers; account++) {
    const level = kernel.accountLevel(account)
    // Below 0 a verdict is asked afresh and not given yet.
    if (level < 0 || kernel.isAccountUnknown(account) || !watchlist.has(account)) continue
    counts[level]!.marginAccounts++
  }
  return counts
}
