import type { Config } from './config.ts'
import type { Clock, EventKind, Random, RulesByVenue } from './domain/index.ts'
import type { EventLogStats } from './events/index.ts'
import type { FeedCounters } from './feed/index.ts'
import type { Log } from './log.ts'
import type { MonitorCounters, MonitorObserver, NearAccount } from './monitor/index.ts'

export interface WorkerOptions {
  readonly config: Config
  readonly redisUrl: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Called once when the worker cannot go on: another worker took over, or a limit is reached. */
  readonly fatal: (error: Error) => void
  /** Rules beside those of the rules file. */
  readonly rules?: RulesByVenue
  readonly observer?: MonitorObserver
  /** Gives up the start: it rejects with the signal's reason, and everything is closed. */
  readonly signal?: AbortSignal
}

export interface WorkerStats extends MonitorCounters {
  readonly frames: number
  readonly accounts: number
  readonly marginAccounts: number
  readonly positions: number
  readonly events: Readonly<Record<EventKind, number>>
  /** Margin accounts by level, `0` is safe. */
  readonly standing: readonly { readonly level: string; readonly marginAccounts: number }[]
  readonly detectP50Ms: number
  readonly detectP99Ms: number
  readonly log: EventLogStats
  readonly feeds: Readonly<Record<string, readonly FeedCounters[]>>
  readonly kernelBytes: number
  /** Ticks that wait for evaluation. */
  readonly waiting: number
}

export interface Worker {
  stats(): WorkerStats
  /** Margin accounts nearest below their line, with exact ratios. */
  nearest(count: number): readonly NearAccount[]
  /** Last mark of a market, as printed by its venue. */
  markOf(venue: string, symbol: string): string | undefined
  /**
   * Stops in order: feeds, what waits, the events to stream and queue, Redis. At most about 5 s, even where Redis
   * does not answer. Rejects with STOP_TIMEOUT, when all is closed, where events have not reached the queue.
   */
  stop(): Promise<void>
}
