import {
  type Clock,
  type FeedCounters,
  type Funding,
  type MarkSource,
  ownText,
  type PriceKind,
  type PriceSink,
  type SocketSource,
} from '../domain/index.ts'
import type { Intake } from './intake.ts'

interface HeldPrice {
  readonly price: string
  readonly markSource: MarkSource | undefined
  readonly sinceMonotonicMs: number
}

export interface StoredPricesOptions {
  readonly source: SocketSource
  readonly clock: Clock
  readonly intake: Intake
  readonly counters: FeedCounters
  /** Whether another connection of the feed is open beside this one. */
  readonly isBeside: () => boolean
}

/**
 * Stands before the intake on a connection of a source that `statesStoredFirst`. The price that the connection states first of a
 * market, without a time, is held: the venue may have stored it long ago. It counts when the connection states or confirms the
 * market again, or at once if another price was heard of the market before: then the venue has moved since. While another
 * connection goes on beside it, that one is right about the market.
 */
export class StoredPrices implements PriceSink<number | undefined> {
  readonly #options: StoredPricesOptions
  readonly #held = new Map<string, HeldPrice>()
  /** Markets of which the connection has heard a price that counts. */
  readonly #live = new Set<string>()
  /** The parser restates what it remembers: with no time or an old one, so that none counts of a market that is not live. */
  #restatesStored = false

  constructor(options: StoredPricesOptions) {
    this.#options = options
  }

  price(
    kind: PriceKind,
    symbol: string,
    price: string,
    eventTimeMs: number | undefined,
    funding: Funding | undefined,
    markSource?: MarkSource,
  ): void {
    const { intake, clock, counters } = this.#options
    if (kind !== 'settlement' && !this.#live.has(symbol) && intake.all.has(symbol)) {
      if (this.#isStored(symbol, price, eventTimeMs)) {
        const sinceMonotonicMs = clock.monotonicMs()
        this.#held.set(ownText(symbol), { price: ownText(price), markSource, sinceMonotonicMs })
        counters.held++
        return
      }
      this.#held.delete(symbol)
      this.#live.add(ownText(symbol))
    }
    intake.price(kind, symbol, price, eventTimeMs, funding, markSource)
  }

  unchanged(symbol: string, eventTimeMs: number | undefined, funding: Funding | undefined): void {
    const { intake } = this.#options
    const held = this.#takeHeld(symbol)
    if (held === undefined) intake.unchanged(symbol, eventTimeMs, funding)
    else intake.price('mark', symbol, held.price, eventTimeMs, funding, held.markSource)
  }

  /** As of `FrameSink`. */
  noMark(symbol: string | undefined, sinceMs: number | undefined): void {
    if (symbol !== undefined) this.#forget(symbol)
    this.#options.intake.noMark(symbol, sinceMs)
  }

  isHeld(symbol: string): boolean {
    return this.#held.has(symbol)
  }

  /** The venue answers a request for these markets: what it states next of them it states first. */
  taken(symbols: readonly string[]): void {
    for (const symbol of symbols) this.#forget(symbol)
  }

  /**
   * These markets are watched from now on. `restate` states what the parser remembers of them. That, and what comes next, counts
   * where their channel already brings fresh prices on this connection.
   */
  join(symbols: readonly string[], restate: () => void): void {
    for (const symbol of symbols) this.#forget(symbol)
    const channels = this.#freshChannels()
    for (const symbol of symbols) if (channels.has(this.#channelOf(symbol))) this.#live.add(symbol)
    this.#restatesStored = true
    try {
      restate()
    } finally {
      this.#restatesStored = false
    }
  }

  /** The held price of a watched market, which counts now; undefined also where another connection has heard the market since. */
  #takeHeld(symbol: string): HeldPrice | undefined {
    const held = this.#held.get(symbol)
    if (held === undefined) return undefined
    this.#held.delete(symbol)
    this.#live.add(ownText(symbol))
    const market = this.#options.intake.all.get(symbol)
    return market !== undefined && market.seenMonotonicMs <= held.sinceMonotonicMs ? held : undefined
  }

  #isStored(symbol: string, price: string, eventTimeMs: number | undefined): boolean {
    if (this.#held.has(symbol) || (eventTimeMs !== undefined && !this.#restatesStored)) return false
    const { intake, isBeside } = this.#options
    const hasMoved = intake.markets.hasMovedTo(symbol, price)
    return !hasMoved || (isBeside() && intake.all.get(symbol)?.state === 'fresh')
  }

  #freshChannels(): ReadonlySet<string> {
    const { all } = this.#options.intake
    const fresh = [...this.#live].filter((symbol) => all.get(symbol)?.state === 'fresh')
    return new Set(fresh.map((symbol) => this.#channelOf(symbol)))
  }

  #channelOf(symbol: string): string {
    return this.#options.source.channelOf?.(symbol) ?? symbol
  }

  #forget(symbol: string): void {
    this.#held.delete(symbol)
    this.#live.delete(symbol)
  }
}
