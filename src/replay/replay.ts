import type {
  AccountChange,
  EventRecord,
  PlimsollEvent,
  RuleBook,
  RulesChange,
  VenueId,
} from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { LevelRule } from '../margin/index.ts'
import { LatencyHistogram } from '../metrics/index.ts'
import { ContractEnds, Monitor, type MonitorOptions } from '../monitor/index.ts'
import { KeptProgress } from './kept-progress.ts'
import type { RecordedContract } from './recorded-contracts.ts'
import type { HeardIndex, HeardPrice } from './recording.ts'
import { ReplayClock } from './replay-clock.ts'
import type { ReplayStep } from './steps.ts'

/** Part of the ids of the events of a replay, so that they are the same in every run and those of no worker. */
const LOG = { logId: 'replay', shard: 'replay' }
const MINUTE_MS = 60_000
const NO_INDEXES: readonly HeardIndex[] = []

export interface ReplayOptions {
  readonly steps: Iterable<ReplayStep> | AsyncIterable<ReplayStep>
  readonly startMs: number
  /** Called for each worker of the past. */
  readonly openKernel: () => Kernel
  /** Of the first worker, until a `start` gives another one. */
  readonly rule: LevelRule
  /** In force at `startMs`; `advance` brings those of a later time into force. */
  readonly rules: {
    readonly bookOf: (venue: VenueId) => RuleBook
    advance(nowMs: number): readonly RulesChange[]
  }
  readonly rulesMaxAgeDays: number
  /** As `MonitorOptions.integrity`. */
  readonly integrity: MonitorOptions['integrity']
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
  readonly #progress = new KeptProgress()
  readonly #waiting: PlimsollEvent[] = []
  readonly #counts = new Counts()
  readonly #latency = new LatencyHistogram()
  #monitor: Monitor
  #ends = new ContractEnds()
  #isLoading = true
  #instants = 0
  #prices = 0

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#clock = new ReplayClock(options.startMs)
    this.#monitor = this.#openMonitor(options.rule)
  }

  #openMonitor(rule: LevelRule): Monitor {
    const { openKernel, rules, rulesMaxAgeDays, integrity, refused } = this.#options
    return new Monitor({
      kernel: openKernel(),
      clock: this.#clock,
      rule,
      ruleBookOf: rules.bookOf,
      log: LOG,
      rulesMaxAgeDays,
      integrity,
      sequenceFloor: this.#progress.sequenceFloor,
      hasRoom: () => true,
      publish: (records) => this.#publish(records),
      marketAdded: (venue, symbol) => this.#marketAdded(venue, symbol),
      refused: ({ id }, error) => refused(id, error),
    })
  }

  #publish(records: readonly EventRecord[]): void {
    for (const record of records) {
      this.#progress.add(record)
      this.#waiting.push(record.event)
    }
  }

  /** Judges what the step brings, to the last event. */
  take(step: ReplayStep): void {
    const startedMs = this.#options.stopwatch()
    // The wall clock of a worker may go back; time here does not.
    this.#clock.advanceTo(Math.max(step.timeMs, this.#clock.nowMs()))
    const nowMs = this.#clock.nowMs()
    if (step.kind === 'start') this.#startAnew(step.rule)
    this.#monitor.expireRevisions(nowMs)
    for (const change of this.#options.rules.advance(nowMs)) this.#monitor.apply(change)
    if (!this.#isLoading) this.#expire(nowMs)
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
    if (step.kind === 'change') this.#change(step.change)
    else if (step.kind === 'loaded') this.#loaded(nowMs)
    else if (step.kind === 'prices') this.#hear(step.prices, step.indexes ?? NO_INDEXES, nowMs)
    else if (step.kind === 'stale') this.#monitor.marketStale(step.venue, step.symbol, nowMs, nowMs)
    else if (step.kind !== 'start') this.#takeContract(step, nowMs)
  }

  #change(change: AccountChange): void {
    if (this.#isLoading && change.kind === 'unreadable') this.#monitor.refuse(change.id)
    else this.#monitor.apply(change)
  }

  #loaded(nowMs: number): void {
    this.#isLoading = false
    this.#monitor.loaded()
    this.#expire(nowMs)
  }

  /** Another worker: it knows what was published, loads the book again, and has heard no price. */
  #startAnew(rule: LevelRule): void {
    this.#isLoading = true
    this.#ends = new ContractEnds()
    this.#monitor = this.#openMonitor(rule)
    this.#progress.restore(this.#monitor)
  }

  #hear(prices: readonly HeardPrice[], indexes: readonly HeardIndex[], nowMs: number): void {
    const monitor = this.#monitor
    let next = 0
    const state = (until: number) => {
      for (let index = indexes[next]; index !== undefined && index.after <= until; index = indexes[++next])
        monitor.indexPrice(index.venue, index.name, index.price)
    }
    this.#instants++
    this.#prices += prices.length
    monitor.frameStart(nowMs, nowMs)
    for (const [at, price] of prices.entries()) {
      state(at)
      const { venue, symbol, markPrice, eventTimeMs, fundingRate, nextFundingTimeMs, markSource } = price
      if (markPrice === null) monitor.unchanged(venue, symbol, eventTimeMs, fundingRate, nextFundingTimeMs)
      else monitor.tick(venue, symbol, markPrice, eventTimeMs, fundingRate, nextFundingTimeMs, markSource)
    }
    state(prices.length)
    monitor.frameEnd()
  }

  #marketAdded(venue: VenueId, symbol: string): void {
    this.#ends.add({ venue, symbol }, this.#options.expiryMsOf(venue, symbol))
  }

  #takeContract(step: RecordedContract, nowMs: number): void {
    const { venue, symbol } = step
    const now = { nowMs, nowMonotonicMs: nowMs }
    if (step.kind === 'delisted') {
      if (this.#ends.delist(step)) this.#monitor.contracts.delisted(venue, symbol, step.sinceMs, now)
      return
    }
    if (step.kind === 'contradicted') {
      this.#monitor.contracts.contradicted(venue, symbol, step.contradictions, now)
      return
    }
    const isRevived =
      step.kind === 'listed'
        ? this.#ends.list(step, nowMs)
        : this.#ends.state(step, step.expiryMs ?? undefined, nowMs)
    if (isRevived) this.#monitor.contracts.revived(venue, symbol, now)
    this.#expire(nowMs)
  }

  #expire(nowMs: number): void {
    const now = { nowMs, nowMonotonicMs: nowMs }
    for (const [expiryMs, contracts] of this.#ends.takeUntil(nowMs)) {
      for (const { venue, symbol } of contracts) this.#monitor.contracts.expired(venue, symbol, expiryMs, now)
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
