import type { PlimsollEvent } from './event.ts'
import type { BlindMarket } from './market-feed.ts'

/** Counts of one connection, polled URL or file since it was opened. */
export interface FeedCounters {
  /** Frames of a socket, polled bodies, or lines. */
  frames: number
  /** Marks. */
  ticks: number
  unchanged: number
  acknowledged: number
  rejected: number
  /** Repeated refusals of a market. */
  refusedAgain: number
  heartbeats: number
  /** Frames that answered a request of the venue, such as pongs. */
  replies: number
  ignored: number
  malformed: number
  /** Entries of one market in frames of several that could not be read. A frame that has no other is malformed too. */
  unreadable: number
  /** Events older than one seen before. */
  droppedOld: number
  /** Confirmations after a dropped mark. They may mean the dropped one, so they confirm nothing. */
  doubtful: number
  /** Prices that a connection stated first, without a time: the venue may have stored them, so they wait for a confirmation. */
  held: number
  /** Events with a venue time too far ahead of our clock. They are accepted, and their time orders nothing. */
  aheadOfClock: number
  /** Events of markets that were not requested. */
  foreign: number
  connects: number
  reconnects: number
  /** Second sockets that replaced the first. */
  renewals: number
}

/** What the monitor has done since it was created. */
export interface MonitorCounters {
  ticks: number
  /** Confirmations that a mark is unchanged. */
  confirmations: number
  /** Of markets that no account under watch has held, or whose contract has ended or is stated otherwise by its venue. */
  ticksOutsideBook: number
  instants: number
  nominations: number
  suspects: number
  exactChecks: number
  accountsRefused: number
  auditChecks: number
  auditDisagreements: number
}

/** What the delivery has done since the log was opened. */
export interface EventLogCounters {
  readonly published: number
  readonly streamed: number
  readonly enqueued: number
  /** Events of an earlier owner that were in the stream but not in the queues, and are in the queues now. */
  readonly recovered: number
  /** Jobs put into each queue. */
  readonly jobs: number
  /** Steps that failed and were repeated. */
  readonly retries: number
  /** Times that Redis was found to hold less than it had acknowledged. */
  readonly rewinds: number
  /** Renewals of the lease that Redis did not answer. */
  readonly leaseFailures: number
  /** From `publish` to the acknowledged job, milliseconds. */
  readonly queueP50Ms: number
  readonly queueP99Ms: number
  /** Events that are not in the queues yet. */
  readonly outbox: number
  /** Bytes of these events and of what is kept beside them. */
  readonly outboxBytes: number
}

/** What the lists of contracts of venues have brought since the start. */
export interface InstrumentCounters {
  /** Of one list each, those that failed included. */
  readonly readings: number
  /** Readings that the venue did not answer to the end. */
  readonly failures: number
  /** Entries of readings that could not be read. */
  readonly unreadable: number
}

/** What a worker has done since its start, and what it holds now. */
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
  readonly log: EventLogCounters
  /** By source id, one entry a connection. */
  readonly feeds: Readonly<Record<string, readonly FeedCounters[]>>
  /** Absent where the settings turn the lists off. */
  readonly instruments?: InstrumentCounters
  /** Markets without a fresh mark, and why. */
  readonly blindMarkets: readonly BlindMarket[]
  readonly kernelBytes: number
  /** Ticks that wait for evaluation. */
  readonly waiting: number
  /** Events that wait to be published. */
  readonly unpublished: number
}
