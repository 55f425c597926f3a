import { type ConnectionOptions, Queue } from 'bullmq'
import { type Clock, EVENT_SCHEMA_VERSION } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { withDeadline } from './connection.ts'
import { JOB_EVENTS_MAX, type JobData } from './schema.ts'
import { parseStreamId } from './stream-id.ts'

/** Name of the BullMQ queue of events where none is given. */
export const EVENTS_QUEUE_NAME = 'margin-events'
/** Jobs in one `addBulk`. */
export const ADD_JOBS_MAX = 10
const ADD_LIMIT_MS = 10_000
const CLOSE_LIMIT_MS = 2_000
/**
 * Completed jobs stay this long, so that adding one again is a no-op. Beyond either limit a repeat runs
 * again, and the subscriber's inbox is what makes it one effect.
 */
const COMPLETED_KEPT_S = 86_400
const COMPLETED_JOBS_MAX = 2_000
/** Entries of BullMQ's own stream of job events, which nothing here reads. */
const JOB_NEWS_LENGTH_MAX = 1_000
/** A job that keeps failing is tried about once a second for eleven days, then stays in the failed set. */
const JOB_ATTEMPTS_MAX = 1_000_000
const JOB_RETRY_DELAY_MS = 1_000

/** Anything that BullMQ takes as a connection: an ioredis instance or its options. */
export type QueueConnection = ConnectionOptions

export interface QueuedEvent {
  readonly id: string
  readonly event: unknown
}

export interface EventJob {
  readonly id: string
  readonly data: JobData
}

/** Events in stream order, cut into jobs of one fence and at most JOB_EVENTS_MAX events each. */
export function jobsOf(events: readonly QueuedEvent[]): EventJob[] {
  const jobs: EventJob[] = []
  let start = 0
  for (let end = 1; end <= events.length; end++) {
    const full = end - start === JOB_EVENTS_MAX
    if (end < events.length && !full && fenceOf(events[end]!) === fenceOf(events[start]!)) continue
    jobs.push(jobOf(events.slice(start, end)))
    start = end
  }
  return jobs
}

/**
 * The id names the first and the last event: a batch that is cut anew after a restart is another job, since
 * BullMQ would silently drop a longer one under the id of a shorter one.
 */
function jobOf(events: readonly QueuedEvent[]): EventJob {
  const first = events[0]
  const last = events.at(-1)
  assert(first !== undefined && last !== undefined, 'a job has at least one event')
  return {
    id: `j${first.id}-${parseStreamId(last.id).sequence}`,
    data: {
      schemaVersion: EVENT_SCHEMA_VERSION,
      events: events.map(({ event }) => event),
      streamIds: { first: first.id, last: last.id },
    },
  }
}

function fenceOf({ id }: QueuedEvent): number {
  return parseStreamId(id).fence
}

/** The BullMQ side. Adding a job again is a no-op while BullMQ still holds it. */
export class EventQueue {
  readonly #queue: Queue
  readonly #clock: Clock

  constructor(
    connection: QueueConnection,
    prefix: string,
    name: string,
    clock: Clock,
    failed: (error: Error) => void,
  ) {
    this.#clock = clock
    this.#queue = new Queue(name, {
      connection,
      prefix,
      streams: { events: { maxLen: JOB_NEWS_LENGTH_MAX } },
      defaultJobOptions: {
        attempts: JOB_ATTEMPTS_MAX,
        backoff: { type: 'fixed', delay: JOB_RETRY_DELAY_MS },
        removeOnComplete: { age: COMPLETED_KEPT_S, count: COMPLETED_JOBS_MAX },
        removeOnFail: false,
      },
    })
    this.#queue.on('error', failed)
  }

  async add(jobs: readonly EventJob[]): Promise<void> {
    const added = this.#queue.addBulk(
      jobs.map(({ id, data }) => ({ name: 'events', data, opts: { jobId: id } })),
    )
    await withDeadline(this.#clock, added, ADD_LIMIT_MS, `adding ${jobs.length} jobs to ${this.#queue.name}`)
  }

  async close(): Promise<void> {
    await withDeadline(this.#clock, this.#queue.close(), CLOSE_LIMIT_MS, `closing queue ${this.#queue.name}`)
  }
}
