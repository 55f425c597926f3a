import type { Clock, FeedCounters, MarketState, PriceSink, Random, VenueSource } from '../domain/index.ts'
import type { Connect, HttpGet, OpenFollowed } from '../system/index.ts'
import type { ConnectBudget } from './backoff.ts'
import type { FeedLimits } from './limits.ts'
import type { MarketStatus } from './markets.ts'
import type { RequestPause } from './request-pause.ts'

/** The parts of the machine that feeds use; a simulator gives its own. */
export interface FeedMachine {
  readonly connect: Connect
  readonly httpGet: HttpGet
  readonly openFollowed: OpenFollowed
}

export interface FeedOptions {
  readonly source: VenueSource
  /** Replaces the source's own URL or path, for a test network or a simulator. */
  readonly url?: string
  /** At most as many as one connection or request of the source takes; `openFeeds` splits more. */
  readonly symbols: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly machine: FeedMachine
  readonly sink: FeedSink
  readonly log: FeedLog
  readonly budget: ConnectBudget
  readonly limits?: Partial<FeedLimits>
  /** Of a polled URL; absent for a feed that shares it with no other one. */
  readonly requestPause?: RequestPause
  /** The venue's time of the last mark of the market that an earlier worker may have evaluated; 0 if none did. */
  readonly judgedUntilMs?: (symbol: string) => number
}

export interface Feed {
  readonly source: VenueSource
  readonly markets: ReadonlyMap<string, MarketStatus>
  readonly counters: Readonly<FeedCounters>
  /** Markets without a fresh mark. */
  readonly blindMarkets: number
  /** The venue's reply if it refuses this market. */
  refusalOf(symbol: string): string | undefined
  /** Subscribes to more markets on the open connection. Throws when they are too many. */
  add(symbols: readonly string[]): void
  /** Asks for these markets no more, says nothing of them any more, and passes over what still comes of them. */
  remove(symbols: readonly string[]): void
  /** Resolves when sockets and files are closed. The sink is not called after the call. */
  close(): Promise<void>
}

/**
 * `connecting` and `lost` come with every attempt until `live`. A polled URL is `live` with each body after a `lost`. A
 * renewal beside a live connection is not announced.
 */
export type ConnectionState = 'connecting' | 'live' | 'lost'

/** Receives prices and states of a feed. A frame with data is one instant: `frameStart`, its prices in order, `frameEnd`. */
export interface FeedSink extends PriceSink {
  frameStart(receivedMonotonicMs: number, receivedTimeMs: number): void
  /** An index price beside the marks of the frame, requested or not. */
  indexPrice(name: string, price: string): void
  frameEnd(): void
  /**
   * Never inside a frame. `fresh` follows the frame with the mark. `stale`: the market no longer has a mark. `unknown`
   * and `refused`: it had no mark by the deadline for its first.
   */
  marketState(symbol: string, state: MarketState): void
  /** An entry about this market cannot be read, the first since its last mark; the next ones are only counted. */
  marketUnreadable(symbol: string): void
  /** The venue refuses this market with this reply. The feed requests it again; repeated refusals are only counted. */
  marketRefused(symbol: string, reply: string): void
  /** The venue took the market after this many refusals. */
  marketTaken(symbol: string, refusals: number): void
  connection(state: ConnectionState, reason: string): void
  /** Frames may be missed from here on that have marks of these markets. */
  interrupted(symbols: readonly string[]): void
  /**
   * FEED_REJECTED with the venue's reply for a refusal that belongs to no request; or the error that a sink method threw.
   */
  fault(error: Error): void
}

export interface FeedLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export function noCounts(): FeedCounters {
  return {
    frames: 0,
    ticks: 0,
    unchanged: 0,
    acknowledged: 0,
    rejected: 0,
    refusedAgain: 0,
    heartbeats: 0,
    replies: 0,
    ignored: 0,
    malformed: 0,
    unreadable: 0,
    droppedOld: 0,
    doubtful: 0,
    held: 0,
    aheadOfClock: 0,
    foreign: 0,
    connects: 0,
    reconnects: 0,
    renewals: 0,
  }
}
