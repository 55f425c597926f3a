import type { Account, PlimsollEvent, RuleBook, RulesChange, VenueId } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { LevelRule } from '../margin/index.ts'
import { LatencyHistogram } from '../metrics/index.ts'
import { Monitor } from '../monitor/index.ts'
import type { ReplayInstant } from './bars.ts'
import { ReplayClock } from './replay-clock.ts'

/** Part of the ids of the events of a replay, so that they are the same in every run and those of no worker. */
const LOG = { logId: 'replay', shard: 'replay' }

export interface ReplayOptions {
  readonly accounts: Iterable<Account>
  /** The venue of all prices. */
  readonly venue: VenueId
  readonly instants: Iterable<ReplayInstant>
  readonly startMs: number
  readonly kernel: Kernel
  readonly rule: LevelRule
  /** In force at `startMs`; `advance` brings those of a later time into force. */
  readonly rules: {
    readonly bookOf: (venue: VenueId) => RuleBook
    advance(nowMs: number): readonly RulesChange[]
  }
  readonly rulesMaxAgeDays: number
  /** Gets every event in order; the replay goes on when it is done. */
  readonly write: (event: PlimsollEvent) => Promise<void>
  readonly refused: (account: string, error: Error) => void
  /** Real time in milliseconds, for `latency` alone. */
  readonly stopwatch: () => number
}

export interface Replayed {
  readonly accounts: number
  readonly positions: number
  readonly instants: number
  readonly prices: number
  readonly events: Readonly<Record<string, number>>
  /** The bar with the most liquidations, the first of those with as many; undefined without a liquidation. */
  readonly deepest: { readonly barMs: number; readonly liquidations: number } | undefined
  /** Real time from the prices of one moment to its last event. */
  readonly latency: LatencyHistogram
}

/**
 * Judges accounts by the prices of the past, moment by moment, as a worker does, without funding and interest. Events depend on
 * the arguments alone, but for `stopwatch`.
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { accounts, venue, instants, startMs, kernel, rule, rules, write, stopwatch } = options
  const clock = new ReplayClock(startMs)
  const waiting: PlimsollEvent[] = []
  const monitor = new Monitor({
    kernel,
    clock,
    rule,
    ruleBookOf: rules.bookOf,
    log: LOG,
    rulesMaxAgeDays: options.rulesMaxAgeDays,
    sequenceFloor: 0,
    hasRoom: () => true,
    publish: (records) => waiting.push(...records.map(({ event }) => event)),
    marketAdded: () => undefined,
    refused: ({ id }, error) => options.refused(id, error),
  })
  const counts = new Counts()
  const settle = async (barMs: number) => {
    for (const event of waiting.splice(0)) {
      counts.add(event, barMs)
      await write(event)
    }
  }
  for (const account of accounts) monitor.apply({ kind: 'put', account })
  clock.runTurns()
  monitor.loaded()
  clock.runTurns()
  await settle(startMs)
  const latency = new LatencyHistogram()
  let moments = 0
  let prices = 0
  for (const { timeMs, barMs, marks, silent } of instants) {
    clock.advanceTo(timeMs)
    const startedMs = stopwatch()
    for (const change of rules.advance(timeMs)) monitor.apply(change)
    for (const symbol of silent) monitor.marketStale(venue, symbol, timeMs, timeMs)
    monitor.frameStart(timeMs, timeMs)
    for (const [symbol, markPrice] of marks) monitor.tick(venue, symbol, markPrice, timeMs)
    monitor.frameEnd()
    clock.runTurns()
    latency.record(stopwatch() - startedMs)
    await settle(barMs)
    moments++
    prices += marks.length
  }
  const { accounts: watched, positions } = monitor.watchlist
  return { accounts: watched, positions, instants: moments, prices, ...counts.result(), latency }
}

/** What came out, event by event. */
class Counts {
  readonly #byKind: Record<string, number> = {}
  readonly #liquidationsAt = new Map<number, number>()

  add({ kind }: PlimsollEvent, barMs: number): void {
    this.#byKind[kind] = (this.#byKind[kind] ?? 0) + 1
    if (kind === 'liquidation') this.#liquidationsAt.set(barMs, (this.#liquidationsAt.get(barMs) ?? 0) + 1)
  }

  result(): Pick<Replayed, 'events' | 'deepest'> {
    let deepest: Replayed['deepest']
    for (const [barMs, liquidations] of this.#liquidationsAt) {
      if (liquidations > (deepest?.liquidations ?? 0)) deepest = { barMs, liquidations }
    }
    return { events: this.#byKind, deepest }
  }
}
