import type { BackfillRequest, Decimal, MarkBar } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { Steps } from '../margin/index.ts'
import type { Market } from './market.ts'
import { missedIn } from './missed-level.ts'
import type { Watchlist } from './watchlist.ts'

/** Margin accounts of a step, some 100 ns each. */
const ACCOUNTS_PER_STEP = 4_096

/**
 * Margin accounts of a market that may have reached another level at prices of the past: those whose triggers one of them leaves, and
 * those of which the triggers say nothing. In steps, of which the first is to be taken between two instants; no account may change
 * between the first and the last.
 */
export function* pastCandidateSteps(
  kernel: Kernel,
  watchlist: Watchlist,
  market: Market,
  request: BackfillRequest,
): Steps<number[]> {
  const crossed = crossedBy(kernel, market, extremesMissed(request))
  const held = heldIn(kernel, market)
  const changed = new Set([...request.versions.keys()].map((id) => watchlist.find(id)))
  const candidates: number[] = []
  for (const [at, marginAccount] of held.entries()) {
    // The triggers of an account with several rows say nothing of what its other markets did meanwhile.
    const isQuiet =
      kernel.nextRow(kernel.firstRow(marginAccount)) < 0 &&
      !changed.has(watchlist.accountOf(marginAccount)) &&
      !kernel.isAccountUnknown(marginAccount) &&
      !crossed.has(marginAccount)
    if (!isQuiet) candidates.push(marginAccount)
    if (at % ACCOUNTS_PER_STEP === 0) yield
  }
  return candidates
}

/** The margin accounts of the market. */
function heldIn(kernel: Kernel, { instrument }: Market): Int32Array {
  kernel.beginInstant()
  const held = new Int32Array(kernel.nominateAll(instrument))
  for (let at = 0; at < held.length; at++) held[at] = kernel.nominatedAccount(at)
  kernel.beginInstant()
  return held
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
