import type { Clock, Random, VenueId, VenueStream } from './domain/index.ts'
import { PlimsollError } from './errors.ts'
import {
  type ConnectBudget,
  connectBudget,
  type FeedCounters,
  type FeedSink,
  type Feeds,
  openFeeds,
} from './feed/index.ts'
import type { Log } from './log.ts'
import type { Monitor } from './monitor/index.ts'
import { streamCarrying } from './venues/index.ts'

/** New markets wait this long for others, so that one subscription asks for all. */
const MARKETS_GATHER_MS = 20
/** Markets that go stale within this long are one line of the log. */
const STALE_GATHER_MS = 1_000
/** Markets named in one line of the log; more are counted. */
const SYMBOLS_LOGGED_MAX = 5
/** A market without any mark so long after the start is stale: what an earlier run told of its accounts holds no more. */
const FIRST_MARKS_MS = 30_000

export interface MarketDataOptions {
  readonly monitor: Monitor
  /** URLs that replace those of the venues, by stream id. */
  readonly streamUrls: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** What a feed cannot survive: the monitor broke an invariant or reached a limit. */
  readonly failed: (error: Error) => void
}

/** Brings the marks of the markets in the book to the monitor: one group of connections a stream. */
export class MarketData {
  readonly #options: MarketDataOptions
  readonly #budget: ConnectBudget
  readonly #feeds = new Map<string, Feeds>()
  readonly #added: { readonly venue: VenueId; readonly symbol: string }[] = []
  #frames = 0
  #isOpen = false
  #cancelGather: (() => void) | undefined
  #cancelFirstMarks: () => void = () => undefined
  /** What ends each line of the log that still gathers markets. */
  readonly #gathering = new Set<() => void>()

  constructor(options: MarketDataOptions) {
    this.#options = options
    this.#budget = connectBudget(options.clock)
  }

  get frames(): number {
    return this.#frames
  }

  counters(): Record<string, readonly FeedCounters[]> {
    const entries = [...this.#feeds].map(([id, { feeds }]) => [
      id,
      feeds.map((feed) => ({ ...feed.counters })),
    ])
    return Object.fromEntries(entries)
  }

  /** The book holds a position on this market. Before `open` markets are only noted. */
  add(venue: VenueId, symbol: string): void {
    this.#added.push({ venue, symbol })
    if (!this.#isOpen || this.#cancelGather !== undefined) return
    this.#cancelGather = this.#options.clock.after(MARKETS_GATHER_MS, () => {
      this.#cancelGather = undefined
      this.#subscribe()
    })
  }

  open(): void {
    this.#isOpen = true
    this.#subscribe()
    this.#cancelFirstMarks = this.#options.clock.after(FIRST_MARKS_MS, () => {
      for (const { venue, symbol, markText } of this.#options.monitor.markets.all) {
        if (markText === '') this.#stale(venue, symbol)
      }
    })
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#cancelGather?.()
    this.#cancelFirstMarks()
    for (const cancel of this.#gathering) cancel()
    await Promise.all([...this.#feeds.values()].map((feeds) => feeds.close()))
  }

  /** Opens or widens the feeds for the markets that were added since. */
  #subscribe(): void {
    const byStream = new Map<VenueStream, { venue: VenueId; symbols: string[] }>()
    for (const { venue, symbol } of this.#added.splice(0)) {
      const stream = streamCarrying(venue, symbol)
      if (stream === undefined) {
        const message = 'no stream carries this market; its accounts stay without a verdict'
        this.#options.log.error({ venue, symbol }, message)
        continue
      }
      const known = byStream.get(stream)
      if (known === undefined) byStream.set(stream, { venue, symbols: [symbol] })
      else known.symbols.push(symbol)
    }
    for (const [stream, { venue, symbols }] of byStream) {
      const feeds = this.#feeds.get(stream.id)
      if (feeds !== undefined) feeds.add(symbols)
      else this.#feeds.set(stream.id, this.#openFeeds(stream, venue, symbols))
    }
  }

  #openFeeds(stream: VenueStream, venue: VenueId, symbols: readonly string[]): Feeds {
    const { streamUrls, clock, random } = this.#options
    const url = streamUrls[stream.id]
    const { log } = this.#options
    const sink = this.#sinkOf(venue, log.child({ stream: stream.id }))
    const given = url === undefined ? {} : { url }
    return openFeeds({ stream, symbols, clock, random, log, budget: this.#budget, sink, ...given })
  }

  #sinkOf(venue: VenueId, log: Log): FeedSink {
    const { monitor, failed } = this.#options
    const staleSymbols: string[] = []
    return {
      frameStart: (receivedMonotonicMs, receivedTimeMs) => {
        this.#frames++
        monitor.frameStart(receivedTimeMs, receivedMonotonicMs)
      },
      tick: (symbol, markPrice, eventTimeMs) => monitor.tick(venue, symbol, markPrice, eventTimeMs),
      unchanged: () => undefined,
      frameEnd: () => monitor.frameEnd(),
      marketState: (symbol, state) => {
        if (state === 'fresh') return
        if (staleSymbols.push(symbol) === 1) this.#tellStaleSoon(staleSymbols, log)
        this.#stale(venue, symbol)
      },
      // The feed itself logs it.
      connection: () => undefined,
      fault: (error) => {
        if (error instanceof PlimsollError && error.code === 'FEED_REJECTED') {
          log.error({ code: error.code }, error.message)
        } else failed(error)
      },
    }
  }

  #tellStaleSoon(gathered: string[], log: Log): void {
    const cancel = this.#options.clock.after(STALE_GATHER_MS, () => {
      this.#gathering.delete(cancel)
      const markets = gathered.splice(0)
      const symbols = markets.slice(0, SYMBOLS_LOGGED_MAX)
      log.warn({ markets: markets.length, symbols }, 'markets have no fresh mark')
    })
    this.#gathering.add(cancel)
  }

  #stale(venue: string, symbol: string): void {
    const { monitor, clock, failed } = this.#options
    try {
      monitor.marketStale(venue, symbol, clock.nowMs(), clock.monotonicMs())
    } catch (error) {
      failed(error as Error)
    }
  }
}
