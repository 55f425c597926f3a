import type { BackfillOutcome, BackfillRequest, Gap, MarkBar } from '../../src/domain/index.ts'
import { isolatedLong } from './accounts.ts'
import { openMonitor } from './monitor.ts'

export const MINUTE_MS = 60_000
/** A full minute, and the seconds in it. */
export const AT = 1_700_000_040_000
export const VENUE = 'binance'

/** A bar of so many minutes after AT. */
export function bar(minute: number, low: string, high: string, open = high): MarkBar {
  return { openTimeMs: AT + minute * MINUTE_MS, open, low, high, close: open }
}

/** A monitor whose accounts a venue's marks reach at stated times. */
export function watching(...accounts: Parameters<typeof isolatedLong>[]) {
  const opened = openMonitor({ startMs: AT })
  for (const terms of accounts) opened.monitor.apply({ kind: 'put', account: isolatedLong(...terms) })
  opened.monitor.loaded()
  const at = (seconds: number, ...marks: (readonly [string, string])[]) => {
    opened.clock.advanceTo(Math.max(opened.clock.nowMs(), AT + seconds * 1_000))
    opened.frame(marks, VENUE, AT + seconds * 1_000)
    opened.clock.runTurns()
  }
  const interrupt = () =>
    opened.monitor.marketInterrupted(VENUE, 'AUSDT', opened.clock.nowMs(), opened.clock.monotonicMs())
  const fill = (
    gap: Gap,
    bars: Readonly<Record<string, readonly MarkBar[]>>,
    versions: BackfillRequest['versions'] = new Map(),
    published: BackfillRequest['published'] = new Map(),
  ): BackfillOutcome => {
    let outcome: BackfillOutcome | undefined
    const minutes = bars[gap.symbol]!.map(({ openTimeMs }) => openTimeMs)
    opened.monitor.missed.judge({
      gap,
      minutes,
      bars: new Map(
        Object.entries(bars).map(([symbol, own]) => [
          symbol,
          new Map(own.map((one) => [one.openTimeMs, one])),
        ]),
      ),
      versions,
      published,
      done: (found) => {
        outcome = found
      },
    })
    opened.clock.runTurns()
    return outcome!
  }
  return { ...opened, at, fill, interrupt }
}

/** A gap in short: its times in seconds after AT. */
export const short = ({ gap }: { gap: Gap }) => ({
  symbol: gap.symbol,
  fromS: (gap.fromMs - AT) / 1_000,
  toS: (gap.toMs - AT) / 1_000,
  heard: gap.heard.map(({ minuteMs, low, high }) => `${(minuteMs - AT) / MINUTE_MS}: ${low} to ${high}`),
  held: [...gap.held],
})
