import type { AccountChange, PlimsollEvent, RuleBook, RulesChange, VenueId } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { LevelRule } from '../margin/index.ts'
import { LatencyHistogram } from '../metrics/index.ts'
import { ExpiryTimes, Monitor } from '../monitor/index.ts'
import type { HeardPrice } from './recording.ts'
import { ReplayClock } from './replay-clock.ts'
import type { ReplayStep } from './steps.ts'

/** Part of the ids of the events of a replay, so that they are the same in every run and those of no worker. */
const LOG = { logId: 'replay', shard: 'replay' }
const MINUTE_MS = 60_000

export interface ReplayOptions {
  readonly steps: Iterable<ReplayStep> | AsyncIterable<ReplayStep>
  readonly startMs: number
  readonly kernel: Kernel
  readonly rule: LevelRule
  /** In force at `startMs`; `advance` brings those of a later time into force. */
  readonly rules: {
    readonly bookOf: (venue: VenueId) => RuleBook
    advance(nowMs: number): readonly RulesChange[]
  }
  readonly rulesMaxAgeDays: number
  /** When the contract of that name ends, Unix milliseconds; undefined for one that does not, or where that is not known. */
  readonly expiryMsOf: (venue: VenueId, symbol: string) => number | undefined
  /** Gets every event in order; the replay goes on when it is done. */
  readonly write: (event: PlimsollEvent) => Promise<void>
  readonly refused: (account: string, error: Error) => void
  /** Real time in milliseconds, for `latency` alone. */
  readonly stopwatch: () => number
}

export interface Replayed {
  /** At the end. */
  readonly accounts: number
  readonly positions: number
  /** Moments with prices. */
  readonly instants: number
  readonly prices: number
  readonly events: Readonly<Record<string, number>>
  /** The minute with the most liquidations, the first of those with as many; undefined without a liquidation. */
  readonly deepest: { readonly minuteMs: number; readonly liquidations: number } | undefined
  /** Real time from the prices of one moment to its last event. */
  readonly latency: LatencyHistogram
}

/**
 * Judges accounts by the prices of the past, moment by moment, as a worker does, without funding and interest. Events depend on
 * the arguments alone, but for `stopwatch`.
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const run = new Run(options)
  for await (const step of options.steps) {
    run.take(step)
    await run.settle()
  }
  return run.result()
}

class Run {
  readonly #options: ReplayOptions
  readonly #clock: ReplayClock
  readonly #monitor: Monitor
  readonly #waiting: PlimsollEvent[] = []
  readonly #counts = new Counts()
  readonly #latency = new LatencyHistogram()
  /** Accounts of the book: those that a start anew does not bring back are gone. */
  readonly #held = new Set<string>()
  readonly #before = new Set<string>()
  /** Markets that have had a price, by venue and symbol. */
  readonly #heard = new Map<string, readonly [venue: string, symbol: string]>()
  readonly #expiries = new ExpiryTimes()
  #instants = 0
  #prices = 0

  constructor(options: ReplayOptions) {
    const { kernel, rule, rules, startMs, rulesMaxAgeDays } = options
    this.#options = options
    this.#clock = new ReplayClock(startMs)
    this.#monitor = new Monitor({
      kernel,
      clock: this.#clock,
      rule,
      ruleBookOf: rules.bookOf,
      log: LOG,
      rulesMaxAgeDays,
      sequenceFloor: 0,
      hasRoom: () => true,
      publish: (records) => this.#waiting.push(...records.map(({ event }) => event)),
      marketAdded: (venue, symbol) => this.#marketAdded(venue, symbol),
      refused: ({ id }, error) => options.refused(id, error),
    })
  }

  /** Judges what the step brings, to the last event. */
  take(step: ReplayStep): void {
    const startedMs = this.#options.stopwatch()
    // The wall clock of a worker may go back; time here does not.
    this.#clock.advanceTo(Math.max(step.timeMs, this.#clock.nowMs()))
    const nowMs = this.#clock.nowMs()
    for (const change of this.#options.rules.advance(nowMs)) this.#monitor.apply(change)
    this.#expire(nowMs)
    this.#apply(step, nowMs)
    this.#clock.runTurns()
    if (step.kind === 'prices') this.#latency.record(this.#options.stopwatch() - startedMs)
  }

  async settle(): Promise<void> {
    for (const event of this.#waiting.splice(0)) {
      this.#counts.add(event)
      await this.#options.write(event)
    }
  }

  result(): Replayed {
    const { accounts, positions } = this.#monitor.watchlist
    const [instants, prices, latency] = [this.#instants, this.#prices, this.#latency]
    return { accounts, positions, instants, prices, ...this.#counts.result(), latency }
  }

  #apply(step: ReplayStep, nowMs: number): void {
    if (step.kind === 'start') this.#startAnew(nowMs)
    else if (step.kind === 'change') this.#change(step.change)
    else if (step.kind === 'loaded') this.#loaded()
    else if (step.kind === 'prices') this.#hear(step.prices, nowMs)
    else this.#monitor.marketStale(step.venue, step.symbol, nowMs, nowMs)
  }

  #change(change: AccountChange): void {
    if (change.kind === 'put') this.#held.add(change.account.id)
    else if (change.kind === 'removed') this.#held.delete(change.id)
    else this.#held.add(change.id)
    this.#monitor.apply(change)
  }

  #loaded(): void {
    const version = Number.MAX_SAFE_INTEGER
    for (const id of this.#before) {
      if (!this.#held.has(id)) this.#monitor.apply({ kind: 'removed', id, version })
    }
    this.#before.clear()
    this.#monitor.loaded()
  }

  /** Another worker: it loads the book again, and has heard no price. */
  #startAnew(nowMs: number): void {
    // A worker that ended while it loaded the book has not found what is gone.
    for (const id of this.#held) this.#before.add(id)
    this.#held.clear()
    for (const [venue, symbol] of this.#heard.values()) this.#monitor.marketStale(venue, symbol, nowMs, nowMs)
    this.#heard.clear()
  }

  #hear(prices: readonly HeardPrice[], nowMs: number): void {
    const monitor = this.#monitor
    this.#instants++
    this.#prices += prices.length
    monitor.frameStart(nowMs, nowMs)
    for (const { venue, symbol, markPrice, eventTimeMs, fundingRate, nextFundingTimeMs } of prices) {
      this.#heard.set(`${venue} ${symbol}`, [venue, symbol])
      if (markPrice === null) monitor.unchanged(venue, symbol, eventTimeMs, fundingRate, nextFundingTimeMs)
      else monitor.tick(venue, symbol, markPrice, eventTimeMs, fundingRate, nextFundingTimeMs)
    }
    monitor.frameEnd()
  }

  #marketAdded(venue: VenueId, symbol: string): void {
    const expiryMs = this.#options.expiryMsOf(venue, symbol)
    if (expiryMs !== undefined) this.#expiries.add(expiryMs, { venue, symbol })
  }

  #expire(nowMs: number): void {
    const now = { nowMs, nowMonotonicMs: nowMs }
    for (const [expiryMs, contracts] of this.#expiries.takeUntil(nowMs)) {
      for (const { venue, symbol } of contracts) this.#monitor.marketExpired(venue, symbol, expiryMs, now)
    }
  }
}

/** What came out, event by event. */
class Counts {
  readonly #byKind: Record<string, number> = {}
  readonly #liquidationsAt = new Map<number, number>()

  add({ kind, receivedTimeMs }: PlimsollEvent): void {
    this.#byKind[kind] = (this.#byKind[kind] ?? 0) + 1
    if (kind !== 'liquidation') return
    const minuteMs = Math.floor(receivedTimeMs / MINUTE_MS) * MINUTE_MS
    this.#liquidationsAt.set(minuteMs, (this.#liquidationsAt.get(minuteMs) ?? 0) + 1)
  }

  result(): Pick<Replayed, 'events' | 'deepest'> {
    let deepest: Replayed['deepest']
    for (const [minuteMs, liquidations] of this.#liquidationsAt) {
      if (liquidations > (deepest?.liquidations ?? 0)) deepest = { minuteMs, liquidations }
    }
    return { events: this.#byKind, deepest }
  }
}
