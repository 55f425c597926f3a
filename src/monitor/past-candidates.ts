import type { BackfillRequest, Decimal, MarkBar } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { Market } from './market.ts'
import { missedIn } from './missed-level.ts'
import type { Watchlist } from './watchlist.ts'

/**
 * Margin accounts of a market that may have reached another level at prices of the past: those whose triggers one of them leaves, and
 * those of which the triggers say nothing. Call between two instants.
 */
export function pastCandidates(
  kernel: Kernel,
  watchlist: Watchlist,
  market: Market,
  request: BackfillRequest,
): number[] {
  const crossed = crossedBy(kernel, market, extremesMissed(request))
  const candidates: number[] = []
  kernel.beginInstant()
  const held = kernel.nominateAll(market.instrument)
  for (let at = 0; at < held; at++) {
    const marginAccount = kernel.nominatedAccount(at)
    const isChanged = request.versions.has(watchlist.accountIdOf(watchlist.accountOf(marginAccount)))
    // The triggers of an account with several rows say nothing of what its other markets did meanwhile.
    const isAlone = kernel.nextRow(kernel.firstRow(marginAccount)) < 0
    if (isAlone && !isChanged && !kernel.isAccountUnknown(marginAccount) && !crossed.has(marginAccount))
      continue
    candidates.push(marginAccount)
  }
  kernel.beginInstant()
  return candidates
}

/** Margin accounts that the prices would nominate. While no price leaves its triggers the level of an account is that of now. */
function crossedBy(kernel: Kernel, { instrument }: Market, prices: readonly Decimal[]): Set<number> {
  const crossed = new Set<number>()
  const present = kernel.mark(instrument)
  for (const price of prices) {
    kernel.beginInstant()
    kernel.setMark(instrument, Number(price))
    const nominated = kernel.nominate()
    for (let at = 0; at < nominated; at++) crossed.add(kernel.nominatedAccount(at))
  }
  kernel.beginInstant()
  kernel.setMark(instrument, present)
  return crossed
}

/** The lowest and the highest price that were missed in the minutes; none where all was heard. */
function extremesMissed({ gap, minutes, bars }: BackfillRequest): Decimal[] {
  const own = bars.get(gap.symbol)
  let low: MarkBar | undefined
  let high: MarkBar | undefined
  for (const minuteMs of minutes) {
    const bar = own?.get(minuteMs)
    if (bar === undefined) continue
    const missed = missedIn(
      bar,
      gap.heard.find((range) => range.minuteMs === minuteMs),
    )
    if (missed.includes('low') && (low === undefined || Number(bar.low) < Number(low.low))) low = bar
    if (missed.includes('high') && (high === undefined || Number(bar.high) > Number(high.high))) high = bar
  }
  return [...(low === undefined ? [] : [low.low]), ...(high === undefined ? [] : [high.high])]
}
