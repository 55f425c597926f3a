import type {
  AccountChange,
  AccountSource,
  Clock,
  ContractSink,
  Decimal,
  MarkSink,
  MarkSource,
} from '../domain/index.ts'
import { recordedContracts } from './recorded-contracts.ts'
import {
  type HeardIndex,
  type HeardPrice,
  type RecordedEntry,
  type RecordedStart,
  recordedLine,
} from './recording.ts'

export interface RecorderOptions {
  readonly clock: Clock
  /** Takes one line; it never waits. */
  readonly write: (line: string) => void
}

/**
 * Writes down what a worker takes, in its order: the stored accounts, their changes, the prices, and what lists say of contracts. It stands between the edges and
 * the monitor and hands everything on.
 */
export class Recorder {
  readonly #clock: Clock
  readonly #write: (line: string) => void

  constructor({ clock, write }: RecorderOptions) {
    this.#clock = clock
    this.#write = write
  }

  /** The first entry: by what the worker judges, when it has taken over. */
  start(terms: Omit<RecordedStart, 'kind' | 'timeMs'>): void {
    this.add({ kind: 'start', timeMs: this.#clock.nowMs(), ...terms })
  }

  add(entry: RecordedEntry): void {
    this.#write(recordedLine(entry))
  }

  change(change: AccountChange): void {
    this.add({ kind: 'change', timeMs: this.#clock.nowMs(), change })
  }

  /** The same source, whose accounts and changes are written down before they are handed on. */
  source(inner: AccountSource): AccountSource {
    return {
      load: async (put, refused) => {
        await inner.load(
          (account) => {
            this.change({ kind: 'put', account })
            put(account)
          },
          (id, error) => {
            this.change({ kind: 'unreadable', id, error })
            refused(id, error)
          },
        )
        this.add({ kind: 'loaded', timeMs: this.#clock.nowMs() })
      },
      follow: (apply, failed) =>
        inner.follow((change) => {
          this.change(change)
          apply(change)
        }, failed),
      stop: () => inner.stop(),
    }
  }

  /** The same sink, whose frames are written down as they end. */
  sink(inner: MarkSink): MarkSink {
    return new RecordedSink(inner, this)
  }

  /** The same sink, whose contracts are written down before they are handed on. */
  contracts(inner: ContractSink): ContractSink {
    return recordedContracts(
      inner,
      () => this.#clock.nowMs(),
      (entry) => this.add(entry),
    )
  }
}

class RecordedSink implements MarkSink {
  readonly #inner: MarkSink
  readonly #recorder: Recorder
  #receivedTimeMs = 0
  #prices: HeardPrice[] = []
  #indexes: HeardIndex[] = []

  constructor(inner: MarkSink, recorder: Recorder) {
    this.#inner = inner
    this.#recorder = recorder
  }

  get unknownMarginAccounts(): number {
    return this.#inner.unknownMarginAccounts
  }

  isHeld(venue: string, symbol: string): boolean {
    return this.#inner.isHeld(venue, symbol)
  }

  frameStart(receivedTimeMs: number, receivedMonotonicMs: number): void {
    this.#receivedTimeMs = receivedTimeMs
    this.#inner.frameStart(receivedTimeMs, receivedMonotonicMs)
  }

  tick(
    venue: string,
    symbol: string,
    markText: Decimal,
    eventTimeMs: number,
    fundingRate: Decimal | undefined,
    nextFundingTimeMs: number | undefined,
    markSource?: MarkSource,
  ): void {
    const price = { venue, symbol, markPrice: markText, eventTimeMs, fundingRate, nextFundingTimeMs }
    this.#prices.push(markSource === undefined ? price : { ...price, markSource })
    this.#inner.tick(venue, symbol, markText, eventTimeMs, fundingRate, nextFundingTimeMs, markSource)
  }

  unchanged(
    venue: string,
    symbol: string,
    eventTimeMs: number,
    fundingRate: Decimal | undefined,
    nextFundingTimeMs: number | undefined,
  ): void {
    this.#prices.push({ venue, symbol, markPrice: null, eventTimeMs, fundingRate, nextFundingTimeMs })
    this.#inner.unchanged(venue, symbol, eventTimeMs, fundingRate, nextFundingTimeMs)
  }

  indexPrice(venue: string, name: string, price: Decimal): void {
    this.#indexes.push({ after: this.#prices.length, venue, name, price })
    this.#inner.indexPrice(venue, name, price)
  }

  frameEnd(): void {
    const [prices, indexes, timeMs] = [this.#prices, this.#indexes, this.#receivedTimeMs]
    this.#prices = []
    this.#indexes = []
    if (indexes.length > 0) this.#recorder.add({ kind: 'prices', timeMs, prices, indexes })
    else if (prices.length > 0) this.#recorder.add({ kind: 'prices', timeMs, prices })
    this.#inner.frameEnd()
  }

  marketInterrupted(venue: string, symbol: string, nowMs: number, nowMonotonicMs: number): void {
    this.#inner.marketInterrupted(venue, symbol, nowMs, nowMonotonicMs)
  }

  marketStale(venue: string, symbol: string, nowMs: number, nowMonotonicMs: number): void {
    this.#recorder.add({ kind: 'stale', timeMs: nowMs, venue, symbol })
    this.#inner.marketStale(venue, symbol, nowMs, nowMonotonicMs)
  }
}
