/**
 * `unknown`: no mark since the feed opened. `fresh`: stated or confirmed within the staleness limit. `stale`: neither.
 */
export type MarketState = 'unknown' | 'fresh' | 'stale'

export interface MarketStatus {
  readonly symbol: string
  readonly state: MarketState
  /** Venue time of the newest event; 0 where none is known. */
  readonly eventTimeMs: number
  /** Monotonic time of the last accepted event, or of the subscription. */
  readonly seenMonotonicMs: number
}

type Market = { -readonly [Field in keyof MarketStatus]: MarketStatus[Field] }

export type Acceptance = 'accepted' | 'freshened' | 'older' | 'foreign'

/** Freshness and order of events of each market, over all sockets of a feed. */
export class Markets {
  readonly #markets = new Map<string, Market>()
  readonly #staleAfterMs: number

  constructor(staleAfterMs: number) {
    this.#staleAfterMs = staleAfterMs
  }

  get all(): ReadonlyMap<string, MarketStatus> {
    return this.#markets
  }

  add(symbol: string, nowMonotonicMs: number): void {
    this.#markets.set(symbol, { symbol, state: 'unknown', eventTimeMs: 0, seenMonotonicMs: nowMonotonicMs })
  }

  /** Takes note of an event. `older`: than one seen before, by venue time. `foreign`: of a market not asked for. */
  accept(symbol: string, eventTimeMs: number, nowMonotonicMs: number): Acceptance {
    const market = this.#markets.get(symbol)
    if (market === undefined) return 'foreign'
    if (eventTimeMs < market.eventTimeMs) return 'older'
    market.eventTimeMs = eventTimeMs
    market.seenMonotonicMs = nowMonotonicMs
    if (market.state === 'fresh') return 'accepted'
    market.state = 'fresh'
    return 'freshened'
  }

  /**
   * Calls `stale` for every market that has just become so. A stale market forgets its event time, so that one event
   * from the venue's future cannot mute it for good.
   */
  check(nowMonotonicMs: number, stale: (symbol: string) => void): void {
    for (const market of this.#markets.values()) {
      if (market.state !== 'fresh' || nowMonotonicMs - market.seenMonotonicMs <= this.#staleAfterMs) continue
      market.state = 'stale'
      market.eventTimeMs = 0
      stale(market.symbol)
    }
  }

  count(state: MarketState): number {
    let count = 0
    for (const market of this.#markets.values()) if (market.state === state) count++
    return count
  }

  /** A market without an event for longer than `silentMs`, if there is one that is not `excused`. */
  silent(nowMonotonicMs: number, silentMs: number, excused: (symbol: string) => boolean): string | undefined {
    for (const { symbol, seenMonotonicMs } of this.#markets.values()) {
      if (nowMonotonicMs - seenMonotonicMs > silentMs && !excused(symbol)) return symbol
    }
    return undefined
  }
}
