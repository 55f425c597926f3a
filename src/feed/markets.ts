import { isIndexName, type MarketState, type MarkSource, ownText } from '../domain/index.ts'
import { TIME_AHEAD_MAX_MS } from './limits.ts'

export interface MarketStatus {
  readonly symbol: string
  readonly state: MarketState
  /** The venue's time of the newest event; 0 before the first. */
  readonly eventTimeMs: number
  /** Monotonic time of the last mark; 0 before the first. */
  readonly statedMonotonicMs: number
  /** Monotonic time of the last mark or confirmation; 0 before the first. */
  readonly seenMonotonicMs: number
  /** What stands for the last mark; undefined for the venue's own. */
  readonly markSource: MarkSource | undefined
}

type Market = { -readonly [Field in keyof MarketStatus]: MarketStatus[Field] } & {
  /** Hearing time of the last mark or confirmation, or of when the venue was last expected to send one. */
  heardMs: number
  /** So long without a mark or confirmation makes it stale. */
  readonly staleAfterMs: number
  /** Hearing time by which the first mark is due. */
  readonly firstMarkDueMs: number
  /** The newest venue time that orders events; 0 when none does. */
  orderTimeMs: number
  /** The newest one before a silence or another connection, or that an earlier worker evaluated; 0 if none is known. */
  pastTimeMs: number
  /** The first mark of this silence that was not newer than that: its venue time, and when it came. 0 if there was none. */
  oldTimeMs: number
  oldMonotonicMs: number
  /** The last of those marks, which the venue may confirm. */
  oldMark: OldMark | undefined
  /** The last accepted mark; empty before the first. */
  markPrice: string
  /** The same, or a later one that is held because it may be old. */
  heardPrice: string
  /** A later mark was dropped, so a confirmation may mean the dropped one. */
  isDoubtful: boolean
  /** Whether it was reported that the market has no mark. */
  isReported: boolean
  /** An entry about it could not be read since its last mark. */
  isUnreadable: boolean
}

/** A mark that was dropped because it was not newer than the last one before a silence. */
export interface OldMark {
  readonly price: string
  readonly source: MarkSource | undefined
}

/**
 * `older`: than an event seen before, by venue time. `doubtful`: a confirmation that may mean a dropped mark, or none. `foreign`:
 * of a market that was not requested.
 */
export type Acceptance = 'accepted' | 'freshened' | 'older' | 'doubtful' | 'foreign'

/** When a frame came, on the three clocks. */
export interface FrameTime {
  receivedMonotonicMs: number
  receivedTimeMs: number
  heardMs: number
}

export interface MarketWatch {
  readonly staleAfterMs: number
  /** Of index prices. */
  readonly indexStaleAfterMs: number
  readonly firstMarkMs: number
  /** The venue's time of the last mark of the market that an earlier worker may have evaluated; 0 if none did. */
  readonly judgedUntilMs?: (symbol: string) => number
  /** Counts venue times that are too far ahead of our clock to order anything. */
  readonly aheadOfClock: () => void
}

/** Freshness and order of events of each market, over all sockets of a feed. */
export class Markets {
  readonly #markets = new Map<string, Market>()
  readonly #watch: MarketWatch

  constructor(watch: MarketWatch) {
    this.#watch = watch
  }

  get all(): ReadonlyMap<string, MarketStatus> {
    return this.#markets
  }

  add(symbol: string, heardMs: number): void {
    const { staleAfterMs, indexStaleAfterMs, judgedUntilMs } = this.#watch
    this.#markets.set(symbol, {
      symbol,
      state: 'unknown',
      eventTimeMs: 0,
      statedMonotonicMs: 0,
      seenMonotonicMs: 0,
      markSource: undefined,
      heardMs,
      staleAfterMs: isIndexName(symbol) ? indexStaleAfterMs : staleAfterMs,
      firstMarkDueMs: heardMs + this.#watch.firstMarkMs,
      orderTimeMs: 0,
      pastTimeMs: judgedUntilMs?.(symbol) ?? 0,
      oldTimeMs: 0,
      oldMonotonicMs: 0,
      oldMark: undefined,
      markPrice: '',
      heardPrice: '',
      isDoubtful: false,
      isReported: false,
      isUnreadable: false,
    })
  }

  remove(symbol: string): void {
    this.#markets.delete(symbol)
  }

  /** The last accepted price of a market that was requested: empty before the first, undefined for one that was not. */
  lastPriceOf(symbol: string): string | undefined {
    return this.#markets.get(symbol)?.markPrice
  }

  /** The old mark that a confirmation which is `doubtful` means. */
  oldMarkOf(symbol: string): OldMark | undefined {
    return this.#markets.get(symbol)?.oldMark
  }

  /** Whether the last price that was heard of the market, counted or held, is another one. This one is heard now. */
  hasMovedTo(symbol: string, price: string): boolean {
    const market = this.#markets.get(symbol)
    if (market === undefined) return false
    const { heardPrice } = market
    market.heardPrice = ownText(price)
    return heardPrice !== '' && Number(heardPrice) !== Number(price)
  }

  /** Whether the event is of a requested market and not older, by venue time, than one seen before. One without a time is not. */
  isCurrent(symbol: string, eventTimeMs: number | undefined): boolean {
    const market = this.#markets.get(symbol)
    return market !== undefined && (eventTimeMs ?? Number.POSITIVE_INFINITY) >= market.orderTimeMs
  }

  /**
   * Takes a mark, or its confirmation if `markPrice` is undefined. An event without a time is newer than all before it. A mark that
   * ends a silence has to be newer than the last one before: a venue that was halted states its old price first.
   */
  accept(
    symbol: string,
    markPrice: string | undefined,
    statedTimeMs: number | undefined,
    frame: FrameTime,
    markSource?: MarkSource,
  ): Acceptance {
    const market = this.#markets.get(symbol)
    if (market === undefined) return 'foreign'
    const eventTimeMs = statedTimeMs ?? frame.receivedTimeMs
    const orderTimeMs = statedTimeMs ?? market.orderTimeMs
    if (market.state !== 'fresh' && statedTimeMs !== undefined && isOfThePast(market, statedTimeMs, frame)) {
      if (markPrice !== undefined) keepOld(market, { price: markPrice, source: markSource })
      return 'older'
    }
    // A time from the future would mute the market until then. Such an event is accepted, and its time orders nothing.
    if (eventTimeMs - frame.receivedTimeMs > TIME_AHEAD_MAX_MS) this.#watch.aheadOfClock()
    else if (orderTimeMs < market.orderTimeMs) {
      if (markPrice !== undefined && markPrice !== market.markPrice) {
        market.isDoubtful = true
        market.oldMark = undefined
      }
      return 'older'
    } else market.orderTimeMs = orderTimeMs
    if (markPrice === undefined) {
      // Nothing is confirmed of a market that had no mark yet.
      if (market.isDoubtful || market.markPrice === '') return 'doubtful'
    } else {
      market.markPrice = markPrice
      market.heardPrice = markPrice
      market.markSource = markSource
      market.isDoubtful = false
      market.oldMark = undefined
      market.isUnreadable = false
      market.statedMonotonicMs = frame.receivedMonotonicMs
    }
    market.eventTimeMs = eventTimeMs
    market.seenMonotonicMs = frame.receivedMonotonicMs
    market.heardMs = frame.heardMs
    if (market.state === 'fresh') return 'accepted'
    market.state = 'fresh'
    market.isReported = false
    market.oldTimeMs = 0
    return 'freshened'
  }

  /** The venue says that the market has no mark. True where it had one until now. */
  lose(symbol: string, eventTimeMs: number): boolean {
    const market = this.#markets.get(symbol)
    if (market?.state !== 'fresh') return false
    market.state = 'stale'
    market.eventTimeMs = eventTimeMs
    market.isReported = true
    return true
  }

  /** An entry about the market cannot be read. False where the same was said since its last mark, and of one that was not requested. */
  isFirstUnreadable(symbol: string): boolean {
    const market = this.#markets.get(symbol)
    if (market === undefined || market.isUnreadable) return false
    market.isUnreadable = true
    return true
  }

  refused(symbol: string): void {
    const market = this.#markets.get(symbol)
    if (market !== undefined && market.state !== 'fresh') market.state = 'refused'
  }

  /** The venue took the market that it had refused. Its mark is expected from now on. */
  taken(symbol: string, heardMs: number): void {
    const market = this.#markets.get(symbol)
    if (market?.state !== 'refused') return
    market.state = market.seenMonotonicMs === 0 ? 'unknown' : 'stale'
    market.heardMs = heardMs
  }

  /**
   * Calls `report` once for every market that has gone stale or has had no mark by its deadline. A stale market forgets
   * the order of its events: the venue's clock may have been set back.
   */
  check(heardMs: number, report: (symbol: string, state: MarketState) => void): void {
    for (const market of this.#markets.values()) {
      if (market.isReported) continue
      if (market.state === 'fresh') {
        if (heardMs - market.heardMs <= market.staleAfterMs) continue
        market.state = 'stale'
        forgetOrderOf(market)
      } else if (heardMs <= market.firstMarkDueMs) continue
      market.isReported = true
      report(market.symbol, market.state)
    }
  }

  /** Call when no other connection is left whose frames a new one could overtake. */
  forgetOrder(): void {
    for (const market of this.#markets.values()) forgetOrderOf(market)
  }

  count(state: MarketState): number {
    let count = 0
    for (const market of this.#markets.values()) if (market.state === state) count++
    return count
  }

  /**
   * A market without an event for longer than `silentMs`, an index price also for longer than makes it stale, if there is one
   * that is not `excused`.
   */
  silent(nowHeardMs: number, silentMs: number, excused: (symbol: string) => boolean): string | undefined {
    for (const { symbol, heardMs, staleAfterMs } of this.#markets.values()) {
      const limitMs = isIndexName(symbol) ? Math.max(silentMs, staleAfterMs) : silentMs
      if (nowHeardMs - heardMs > limitMs && !excused(symbol)) return symbol
    }
    return undefined
  }
}

function keepOld(market: Market, mark: OldMark): void {
  if (mark.price !== market.markPrice) market.isDoubtful = true
  market.oldMark = market.isDoubtful ? mark : undefined
}

function forgetOrderOf(market: Market): void {
  market.pastTimeMs = market.orderTimeMs || market.pastTimeMs
  market.orderTimeMs = 0
}

/**
 * Whether the mark is not newer than the last one before the silence. Where the times of the venue go on from an old one about as
 * fast as ours, its clock was set back, and they are of the present.
 */
function isOfThePast(market: Market, statedTimeMs: number, { receivedMonotonicMs }: FrameTime): boolean {
  if (statedTimeMs > market.pastTimeMs) return false
  const { oldTimeMs } = market
  const [statedMs, passedMs] = [statedTimeMs - oldTimeMs, receivedMonotonicMs - market.oldMonotonicMs]
  if (oldTimeMs > 0 && statedMs > passedMs / 2 && statedMs < 2 * passedMs) return false
  if (oldTimeMs === 0 || statedTimeMs < oldTimeMs) {
    market.oldTimeMs = statedTimeMs
    market.oldMonotonicMs = receivedMonotonicMs
  }
  return true
}
