import type { Decimal } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import { div, evaluate, formatDecimal, sign } from '../margin/index.ts'
import type { Monitor } from './monitor.ts'
import type { Watched } from './watchlist.ts'

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
  const near: { watched: Watched; ratio: number }[] = []
  let looks = 0
  for (let level = breachLevel - 1; level > 0 && near.length < count; level--) {
    for (const watched of standingAt(monitor, kernel, level)) {
      if (looks++ >= NEAREST_LOOKS_MAX) break
      kernel.measureAccount(watched.kernelAccount)
      const marginBalance = kernel.measuredMarginBalance
      if (marginBalance > 0) near.push({ watched, ratio: kernel.measuredMaintenanceMargin / marginBalance })
    }
  }
  near.sort((a, b) => b.ratio - a.ratio)
  return near.slice(0, count).flatMap(({ watched }) => nearAccountOf(monitor, watched) ?? [])
}

function* standingAt({ book }: Monitor, kernel: Kernel, level: number): Generator<Watched> {
  for (let account = 0; account < book.kernelAccounts; account++) {
    if (kernel.accountLevel(account) !== level) continue
    const watched = book.at(account)
    if (watched !== undefined) yield watched
  }
}

function nearAccountOf({ book, markets }: Monitor, { id, owner, settle }: Watched): NearAccount | undefined {
  const { venue } = owner.account
  const exact = book.exactOf(owner.account, id)
  const evaluation = exact === undefined ? undefined : evaluate(exact, markets.markOf(venue))
  if (evaluation === undefined || sign(evaluation.marginBalance) <= 0) return undefined
  const marginRatio = formatDecimal(div(evaluation.maintenanceMargin, evaluation.marginBalance), 6)
  return { marginAccount: id, venue, settle, marginRatio }
}

export interface StandingCount {
  readonly level: Decimal
  readonly marginAccounts: number
}

/** Margin accounts by level, `0` is safe. Those without a verdict are in none. `levelNames` are those of the rule. */
export function standingCounts(
  { book }: Monitor,
  kernel: Kernel,
  levelNames: readonly Decimal[],
): StandingCount[] {
  const counts = levelNames.map((level) => ({ level, marginAccounts: 0 }))
  for (let account = 0; account < book.kernelAccounts; account++) {
    const level = kernel.accountLevel(account)
    // Below 0 a verdict is asked afresh and not given yet.
    if (level < 0 || kernel.isAccountUnknown(account) || book.at(account) === undefined) continue
    counts[level]!.marginAccounts++
  }
  return counts
}
