import type { Decimal } from '../domain/index.ts'
import { div, evaluate, formatDecimal, sign, toFloat } from '../margin/index.ts'
import type { Watched } from './book.ts'
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
export function nearest(monitor: Monitor, count: number, breachLevel: number): NearAccount[] {
  const near: { watched: Watched; ratio: number; text: Decimal }[] = []
  let looks = 0
  for (let level = breachLevel - 1; level > 0 && near.length < count; level--) {
    for (const watched of monitor.levels.at(level)) {
      if (looks++ >= NEAREST_LOOKS_MAX) break
      const exact = monitor.book.exactOf(watched)
      const evaluation = evaluate(exact, monitor.markets.markOf(exact.venue))
      if (evaluation === undefined || sign(evaluation.marginBalance) <= 0) continue
      const ratio = div(evaluation.maintenanceMargin, evaluation.marginBalance)
      near.push({ watched, ratio: toFloat(ratio), text: formatDecimal(ratio, 6) })
    }
  }
  near.sort((a, b) => b.ratio - a.ratio)
  return near.slice(0, count).map(({ watched, text }) => {
    const exact = monitor.book.exactOf(watched)
    return { marginAccount: watched.id, venue: exact.venue, settle: exact.settle, marginRatio: text }
  })
}
