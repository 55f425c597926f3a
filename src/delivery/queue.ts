import type { Job, JobJson, JobProgress, JobType } from 'bullmq'
import {
  type Clock,
  compareStreamIds,
  counted,
  type QueueConnection,
  type StreamId,
} from '../domain/index.ts'
import { loadBullMq } from '../redis/index.ts'
import { withDeadline } from './connection.ts'
import { type EventJob, lastEventOf } from './jobs.ts'

const bullmq = loadBullMq()

const ADD_LIMIT_MS = 10_000
const ASK_LIMIT_MS = 5_000
const CLOSE_LIMIT_MS = 2_000
/**
 * Completed jobs are kept this long: adding one again does nothing. Beyond one of the limits a repeated job runs again,
 * and only the subscriber's inbox makes it one effect.
 */
const COMPLETED_KEPT_S = 86_400
const COMPLETED_JOBS_MAX = 2_000
/** Most bytes of completed jobs: a completed job keeps as many of the newest as fit if all had its size. */
const COMPLETED_BYTES_MAX = 64 * 1024 * 1024
/** Entries of BullMQ's own stream of job events, which no part of this product reads. */
const JOB_NEWS_LENGTH_MAX = 1_000
/** A job that keeps failing is tried about once a second for eleven days, then stays in the failed set. */
const JOB_ATTEMPTS_MAX = 1_000_000
const JOB_RETRY_DELAY_MS = 1_000
const NOT_DONE: JobType[] = ['waiting', 'active', 'delayed', 'prioritized']
const ALL: JobType[] = [...NOT_DONE, 'completed', 'failed']
/** Jobs of each state that are searched for the newest event. */
const NEWEST_JOBS_MAX = 1_000

/** Data of a job that is already JSON text. */
class JobText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** Called by BullMQ; `TextJob` puts the text in place of the result. */
  toJSON(): null {
    return null
  }
}

class TextJob<Data, Result, Name extends string, Progress extends JobProgress> extends bullmq.Job<
  Data,
  Result,
  Name,
  Progress
> {
  override asJSON(): JobJson {
    const json = super.asJSON()
    return this.data instanceof JobText ? { ...json, data: this.data.text } : json
  }
}

class TextQueue extends bullmq.Queue<JobText> {
  protected override get Job(): typeof Job {
    return TextJob
  }
}

/** The queue of one consumer. Every call rejects within a limit when the queue does not answer. */
export interface EventQueue {
  readonly name: string
  /** Adding a job again does nothing while the queue still holds it. */
  add(jobs: readonly EventJob[]): Promise<void>
  /** Jobs that are not done. */
  notDone(): Promise<number>
  /** The newest event of the jobs that the queue still keeps; undefined when it has no job. */
  newestEvent(): Promise<StreamId | undefined>
  close(): Promise<void>
}

/** Opens the queue of that name. `failed` gets errors of its connection. */
export type OpenQueue = (name: string, failed: (error: Error) => void) => EventQueue

/** Queues of BullMQ over one connection. */
export function bullQueues(connection: QueueConnection, prefix: string, clock: Clock): OpenQueue {
  return (name, failed) => new BullQueue({ connection, prefix, name, clock, failed })
}

interface BullQueueOptions {
  readonly connection: QueueConnection
  readonly prefix: string
  readonly name: string
  readonly clock: Clock
  readonly failed: (error: Error) => void
}

class BullQueue implements EventQueue {
  readonly name: string
  readonly #queue: TextQueue
  readonly #clock: Clock

  constructor({ connection, prefix, name, clock, failed }: BullQueueOptions) {
    this.name = name
    this.#clock = clock
    this.#queue = new TextQueue(name, {
      connection,
      prefix,
      streams: { events: { maxLen: JOB_NEWS_LENGTH_MAX } },
      defaultJobOptions: {
        attempts: JOB_ATTEMPTS_MAX,
        backoff: { type: 'fixed', delay: JOB_RETRY_DELAY_MS },
        removeOnFail: false,
      },
    })
    this.#queue.on('error', failed)
  }

  async add(jobs: readonly EventJob[]): Promise<void> {
    const added = this.#queue.addBulk(
      jobs.map(({ id, name, text, bytes }) => ({
        name,
        data: new JobText(text),
        opts: {
          jobId: id,
          removeOnComplete: { age: COMPLETED_KEPT_S, count: completedKept(bytes) },
        },
      })),
    )
    await withDeadline(
      this.#clock,
      added,
      ADD_LIMIT_MS,
      `adding ${counted(jobs.length, 'job')} to ${this.name}`,
    )
  }

  async notDone(): Promise<number> {
    const counted = this.#queue.getJobCountByTypes(...NOT_DONE)
    return await withDeadline(this.#clock, counted, ASK_LIMIT_MS, `counting the jobs of ${this.name}`)
  }

  async newestEvent(): Promise<StreamId | undefined> {
    const listed = this.#queue.getRanges(ALL, 0, NEWEST_JOBS_MAX - 1)
    const ids = await withDeadline(this.#clock, listed, ASK_LIMIT_MS, `listing the jobs of ${this.name}`)
    return ids
      .map(lastEventOf)
      .filter((id) => id !== undefined)
      .sort(compareStreamIds)
      .at(-1)
  }

  async close(): Promise<void> {
    await withDeadline(this.#clock, this.#queue.close(), CLOSE_LIMIT_MS, `closing queue ${this.name}`)
  }
}

function completedKept(jobBytes: number): number {
  return Math.max(1, Math.min(COMPLETED_JOBS_MAX, Math.floor(COMPLETED_BYTES_MAX / jobBytes)))
}
