import { z } from 'zod'
import type { OpenRevision } from './event-revision.ts'
import type { EventRecord, MarginAccountProgress, MarketProgress, VenueProgress } from './progress.ts'

/** Takes what earlier runs left. */
export interface RestoredProgress {
  marginAccount(id: string, progress: MarginAccountProgress): void
  market(progress: MarketProgress): void
  /** A venue whose anomaly is not over. */
  venue(progress: VenueProgress): void
  /** A suspect event that is not revised. */
  revision(open: OpenRevision): void
}

/**
 * Where events go: the Redis stream first, then the queues. `publish` never blocks and never drops: records wait in an
 * outbox bounded in bytes. The caller asks `hasRoom` before each batch of at most PUBLISH_RECORDS_MAX; beyond the hard
 * limit `publish` throws `OUTBOX_FULL`.
 */
export interface EventLog {
  /** Random id of the log, made with its stream; part of every event id. */
  readonly logId: string
  /**
   * The sequence of a subject without progress starts above this number. It is at least the highest sequence of a subject
   * whose progress was forgotten; when a stored progress cannot be read, it is above every earlier sequence.
   */
  readonly sequenceFloor: number
  /**
   * Gives the progress that earlier runs left. Call once, before the first `publish`. An entry that cannot be read is
   * reported and left out.
   */
  restore(into: RestoredProgress): Promise<void>
  /** Whether a batch of PUBLISH_RECORDS_MAX records fits below the hard limit. */
  readonly hasRoom: boolean
  publish(records: readonly EventRecord[]): void
  /** Records that have not reached the queues yet. */
  readonly pending: number
  /** Waits until everything published is in the stream and in the queues, at most `timeoutMs`. */
  flush(timeoutMs: number): Promise<boolean>
  /** Ends the delivery. Returns what is left, as far as Redis answered. */
  close(): Promise<LeftBehind>
}

/** Records that were published and had not arrived when the log was closed. */
export interface LeftBehind {
  /** Records that are not in the stream. They exist nowhere else. */
  readonly notInStream: number
  /** Records that are in the stream but not in every queue. The next start puts them there. */
  readonly notInQueues: number
}

/** Records in one call of `publish` under the promise of `hasRoom`. */
export const PUBLISH_RECORDS_MAX = 64

/** Named consumers of events in one shard. */
export const CONSUMERS_MAX = 16

/** Names of consumers, each of which gets every event in a queue of its own. */
export const consumersSchema = z
  .array(z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -'))
  .max(CONSUMERS_MAX)
  .refine((names) => new Set(names).size === names.length, 'must not name a consumer twice')
