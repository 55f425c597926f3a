import type { TickSink } from '../domain/index.ts'
import type { MarketState } from './markets.ts'

/** `connecting` and `lost` repeat until `live`. A renewal beside a live connection is not announced. */
export type ConnectionState = 'connecting' | 'live' | 'lost'

/**
 * Where a feed puts what it hears. A frame with data is `frameStart`, its ticks in order, `frameEnd`: one instant.
 * `marketState` never comes inside a frame: `fresh` follows the frame that carries the mark.
 */
export interface FeedSink extends TickSink {
  frameStart(receivedMonotonicMs: number, receivedTimeMs: number): void
  frameEnd(): void
  marketState(symbol: string, state: MarketState): void
  connection(state: ConnectionState, reason: string): void
  /** FEED_REJECTED with the venue's text; or what a sink method threw. The feed goes on. */
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
  heartbeats: number
  ignored: number
  malformed: number
  /** Events older than one seen before. */
  droppedOld: number
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
    heartbeats: 0,
    ignored: 0,
    malformed: 0,
    droppedOld: 0,
    foreign: 0,
    connects: 0,
    reconnects: 0,
    renewals: 0,
  }
}
