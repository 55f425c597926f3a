import type { Clock, PriceSink, Random, VenueSource } from '../domain/index.ts'
import type { Connect, HttpGet, OpenFollowed } from '../system/index.ts'
import type { ConnectBudget } from './backoff.ts'
import type { FeedLimits } from './limits.ts'
import type { MarketState, MarketStatus } from './markets.ts'

/** The machine that feeds use; a simulator gives another one. */
export interface FeedMachine {
  readonly connect: Connect
  readonly httpGet: HttpGet
  readonly openFollowed: OpenFollowed
}

export interface FeedOptions {
  readonly source: VenueSource
  /** Replaces the source's own URL or path, for a test network or a simulator. */
  readonly url?: string
  /** At most what one connection or request of the source takes; `openFeeds` splits more. */
  readonly symbols: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly machine: FeedMachine
  readonly sink: FeedSink
  readonly log: FeedLog
  readonly budget: ConnectBudget
  readonly limits?: Partial<FeedLimits>
}

export interface Feed {
  readonly source: VenueSource
  readonly markets: ReadonlyMap<string, MarketStatus>
  readonly counters: Readonly<FeedCounters>
  /** Markets without a fresh mark. */
  readonly blindMarkets: number
  /** The venue's words where it refuses this market. */
  refusalOf(symbol: string): string | undefined
  /** Subscribes to further markets on the connection that is there. Throws where they are too many. */
  add(symbols: readonly string[]): void
  /** Resolves when sockets and files are closed. The sink is not called after the call. */
  close(): Promise<void>
}

/**
 * `connecting` and `lost` come with every attempt until `live`. A polled URL is `live` with each body after a `lost`. A
 * renewal beside a live connection is not announced.
 */
export type ConnectionState = 'connecting' | 'live' | 'lost'

/**
 * Where a feed puts prices and states. A frame with data is `frameStart`, its prices in order, `frameEnd`: one instant.
 */
export interface FeedSink extends PriceSink {
  frameStart(receivedMonotonicMs: number, receivedTimeMs: number): void
  frameEnd(): void
  /**
   * Never inside a frame. `fresh` follows the frame with the mark. `stale`: the market has no mark any longer.
   * `unknown` and `refused`: it has had none by the deadline for its first.
   */
  marketState(symbol: string, state: MarketState): void
  /** The venue refuses this market, in its own words; repeated refusals are counted. It is asked for again. */
  marketRefused(symbol: string, reply: string): void
  /** The venue took the market after this many refusals. */
  marketTaken(symbol: string, refusals: number): void
  connection(state: ConnectionState, reason: string): void
  /** FEED_REJECTED with the venue's text for a refusal of nothing that was asked; or what a sink method threw. */
  fault(error: Error): void
}

export interface FeedLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Counts since the feed opened. */
export interface FeedCounters {
  /** Frames of a socket, polled bodies, or lines. */
  frames: number
  /** Marks. */
  ticks: number
  unchanged: number
  acknowledged: number
  rejected: number
  /** Refusals of a market that was refused before. */
  refusedAgain: number
  heartbeats: number
  /** Frames that the venue asked for and got. */
  replies: number
  ignored: number
  malformed: number
  /** Events older than one seen before. */
  droppedOld: number
  /** Confirmations after a mark that was dropped: they may mean that one, and confirm nothing. */
  doubtful: number
  /** Events with a venue time too far ahead of our clock to order anything; they are taken as they come. */
  aheadOfClock: number
  /** Events of markets that were not asked for. */
  foreign: number
  connects: number
  reconnects: number
  /** Second sockets that took over. */
  renewals: number
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
    droppedOld: 0,
    doubtful: 0,
    aheadOfClock: 0,
    foreign: 0,
    connects: 0,
    reconnects: 0,
    renewals: 0,
  }
}
