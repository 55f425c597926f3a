import type { Config } from '../config.ts'
import type {
  AccountSource,
  Clock,
  ContractSink,
  MarkSink,
  Random,
  ReadModel,
  RulesByVenue,
  VenueId,
} from '../domain/index.ts'
import type { Log } from '../log.ts'
import type { MonitorObserver } from '../monitor/index.ts'
import type { LoadedRules } from './rule-books.ts'

export interface WorkerTerms extends Pick<Config, 'levels' | 'hysteresis'> {
  /** Version of the rule book of each venue. */
  readonly ruleBooks: Readonly<Record<string, string>>
}

/** Stands between the worker's edges and its monitor, and writes down what passes. */
export interface WorkerRecorder {
  /** Call when the worker has taken over: by what it judges. */
  start(terms: WorkerTerms): void
  source(inner: AccountSource): AccountSource
  sink(inner: MarkSink): MarkSink
  contracts(inner: ContractSink): ContractSink
}

export interface WorkerOptions {
  readonly config: Config
  readonly redisUrl: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Called once when the worker cannot go on: another worker took over, or a limit is reached. */
  readonly fatal: (error: Error) => void
  /** What `loadRules` made of this `config` before; absent: the worker reads the rules file. */
  readonly loadedRules?: LoadedRules
  /** Rules that are laid over those of the rules file. */
  readonly rules?: RulesByVenue
  readonly observer?: MonitorObserver
  /**
   * When the contract of that name ends, Unix milliseconds; undefined for one that does not, or where that is not known. Default:
   * what its name says. A time that the venue's list states stands above it.
   */
  readonly expiryMsOf?: (venue: VenueId, symbol: string) => number | undefined
  readonly recorder?: WorkerRecorder | undefined
  /** Cancels the start: it rejects with the signal's reason after everything is closed. */
  readonly signal?: AbortSignal
}

export interface Worker {
  readonly read: ReadModel
  /**
   * Stops in order: closes the feeds, evaluates what waits, brings events to stream and queue, closes Redis. Takes at most
   * about 5 s, even if Redis does not answer. After all is closed it rejects with STOP_TIMEOUT and the numbers if ticks
   * were not evaluated or events have not reached the queue; with the failure if the worker failed while it stopped.
   */
  stop(): Promise<void>
}
