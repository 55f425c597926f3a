import type { Config } from '../config.ts'
import type { EventLogStats } from '../delivery/index.ts'
import type { Clock, PlimsollEvent, Random, ReadModel, RulesByVenue } from '../domain/index.ts'
import type { BlindMarket, FeedCounters } from '../feed/index.ts'
import type { Log } from '../log.ts'
import type { MonitorCounters, MonitorObserver } from '../monitor/index.ts'

export interface WorkerOptions {
  readonly config: Config
  readonly redisUrl: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Called once when the worker cannot go on: another worker took over, or a limit is reached. */
  readonly fatal: (error: Error) => void
  /** Rules that are laid over those of the rules file. */
  readonly rules?: RulesByVenue
  readonly observer?: MonitorObserver
  /** Cancels the start: it rejects with the signal's reason after everything is closed. */
  readonly signal?: AbortSignal
}

export interface WorkerCounters extends MonitorCounters {
  readonly frames: number
  readonly accounts: number
  readonly marginAccounts: number
  readonly positions: number
  readonly events: Readonly<Record<PlimsollEvent['kind'], number>>
  /** Margin accounts without a verdict: a mark is missing, or their newest terms cannot be used. */
  readonly unknownMarginAccounts: number
  /** From the receipt of a frame to the last verdict of its instant, over all instants. */
  readonly detectP50Ms: number
  readonly detectP99Ms: number
  readonly detectMaxMs: number
  readonly log: EventLogStats
  readonly feeds: Readonly<Record<string, readonly FeedCounters[]>>
  /** Markets without a fresh mark, and why. */
  readonly blindMarkets: readonly BlindMarket[]
  readonly kernelBytes: number
  /** Ticks that wait for evaluation. */
  readonly waiting: number
  /** Events that wait to be published. */
  readonly unpublished: number
}

export interface Worker {
  /** The accounts under watch, and their markets. */
  readonly read: ReadModel
  counters(): WorkerCounters
  /**
   * Stops in order: closes the feeds, evaluates what waits, brings events to stream and queue, closes Redis. Takes at most
   * about 5 s, even if Redis does not answer. After all is closed it rejects with STOP_TIMEOUT and the numbers if ticks
   * were not evaluated or events have not reached the queue; with the failure if the worker failed while it stopped.
   */
  stop(): Promise<void>
}
