import type { Clock, Random, TickSink, VenueStream } from '../domain/index.ts'
import type { ConnectBudget } from './backoff.ts'
import type { FeedLimits } from './limits.ts'
import type { MarketState, MarketStatus } from './markets.ts'

export interface FeedOptions {
  readonly stream: VenueStream
  /** Replaces the stream's own URL, for a test network or a simulator. */
  readonly url?: string
  /** At most the stream's `symbolsPerConnectionMax`; `openFeeds` splits more. */
  readonly symbols: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly sink: FeedSink
  readonly log: FeedLog
  readonly budget: ConnectBudget
  readonly limits?: Partial<FeedLimits>
}

export interface Feed {
  readonly stream: VenueStream
  readonly markets: ReadonlyMap<string, MarketStatus>
  readonly counters: Readonly<FeedCounters>
  /** Markets without a fresh mark. */
  readonly blindMarkets: number
  /** The venue's words where it refuses this market. */
  refusalOf(symbol: string): string | undefined
  /** Subscribes to further markets on the connection that is there. Throws where they are too many. */
  add(symbols: readonly string[]): void
  /** Resolves when the sockets are closed. The sink hears nothing after the call. */
  close(): Promise<void>
}

/** `connecting` and `lost` come with every attempt until `live`. A renewal beside a live connection is not announced. */
export type ConnectionState = 'connecting' | 'live' | 'lost'

/**
 * Where a feed puts what it hears. A frame with data is `frameStart`, its ticks in order, `frameEnd`: one instant.
 */
export interface FeedSink extends TickSink {
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
  frames: number
  ticks: number
  unchanged: number
  acknowledged: number
  rejected: number
  /** Refusals of a market that was refused before. */
  refusedAgain: number
  heartbeats: number
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
