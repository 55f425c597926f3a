import type { Job } from 'bullmq'
import {
  consumersSchema,
  firstRule,
  IN_OUR_WORDS,
  type QueueConnection,
  queueNameOf,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { loadBullMq } from '../redis/index.ts'
import { waitAtMost } from '../system/index.ts'
import type { HandlerCounts } from './counts.ts'
import { type HandlerOptions, JobHandler } from './job-handler.ts'
import { JobLock } from './job-lock.ts'
import { BLOCK_S_MAX, watchedConnection } from './watched-connection.ts'

const bullmq = loadBullMq()

/** Another subscriber gets the job of a killed one after this time and at most two checks of 1.5 s, 9 s in all. */
export const LOCK_MS = 6_000
export const STALLED_CHECK_MAX_MS = 1_500
/** Renewals of the lock in its time to live. */
const LOCK_RENEWALS = 3
/**
 * A job whose subscriber died is delivered again without a limit: with BullMQ's default of one it would end in the failed
 * set.
 */
const STALLED_COUNT_MAX = 1_000_000_000
/** Pause before a step is repeated that failed because Redis was away. */
const RUN_RETRY_DELAY_MS = 1_000
/** Longest wait of `close` for the running handler. Then BullMQ delivers its job again later. */
const CLOSE_LIMIT_MS = 4_000
/** Longest wait for the connections to end after that: BullMQ itself would wait for an absent Redis for ever. */
const DISCONNECT_LIMIT_MS = 500
/** Connection errors within this time of one another are one outage, which is reported once. */
const OUTAGE_GAP_MS = 30_000
/** Most ids of lost jobs that are remembered, so that each is reported once. */
const LOST_JOBS_MAX = 1_000
/** Answers of Redis when this subscriber does not have the job, or no longer has it. */
const JOB_IS_LOST: ReadonlySet<unknown> = new Set([
  bullmq.ErrorCode.JobNotExist,
  bullmq.ErrorCode.JobLockNotExist,
  bullmq.ErrorCode.JobNotInState,
  bullmq.ErrorCode.JobLockMismatch,
])

export interface SubscriptionOptions extends HandlerOptions {
  /**
   * Options of ioredis, such as `{ url }`, or an instance, whose options are used: a subscription opens its own
   * connections, which detect a peer that neither answers nor closes. Only an ioredis Cluster is used as it is.
   */
  readonly connection: QueueConnection
  /** BullMQ prefix of the shard, for example `{plimsoll:0}`. */
  readonly queuePrefix: string
  /**
   * Name of the service, as the worker's PLIMSOLL_CONSUMERS lists it: it reads a queue of its own and gets every event.
   * Two subscriptions of one name share the queue, and each event goes to one of them; so do two without a name. Two
   * services that both need every event need two names.
   */
  readonly consumer?: string
  /** Jobs handled at the same time. Only 1, the default, keeps the order of a margin account's events from job to job. */
  readonly concurrency?: number
  /**
   * Time to live of the lock on a job; default 6 s. When a subscriber dies, or Redis dies while it hands the job out,
   * another subscriber gets the job after this time and at most two checks of 1.5 s. A handler that blocks the event loop
   * for more than two thirds of it may lose its job too; the other subscriber then handles the rest.
   */
  readonly lockMs?: number
}

export type SubscriptionStats = Readonly<HandlerCounts>

export interface Subscription {
  /** Takes no more jobs and waits at most about 5 s for the running handler. The rest of its job is delivered again. */
  close(): Promise<void>
  stats(): SubscriptionStats
}

/**
 * Consumes the events of a shard. A job is acknowledged after all its events are handled and recorded.
 *
 * An event whose handler keeps failing delays the later events of its own margin account for at most a minute
 * (HOLD_MS), and no others. Its job fails, naming the event, and is delivered again every second with the events that
 * are not handled; handled ones are recorded with the job. A job with a malformed event stays in BullMQ's failed set
 * after its other events were handled.
 *
 * Within one process a margin account's events come in order. An event that still comes after a later one (its job was
 * delivered again, or another process handled the events between) has `context.isLate`. A process knows only what it
 * handled itself.
 */
export function openSubscription(options: SubscriptionOptions): Subscription {
  return new QueueSubscription(options)
}

/** BullMQ's worker with blocking reads that are shorter than the time-out of the socket. */
class EventWorker extends bullmq.Worker {
  override get maximumBlockTimeout(): number {
    return BLOCK_S_MAX
  }

  /**
   * Ends the timer that renews locks. BullMQ's `close` ends it only after its blocking read, which never ends while Redis
   * is away, and the timer would keep the process alive.
   */
  async endRenewals(): Promise<void> {
    await this.lockManager.close()
  }
}

class QueueSubscription implements Subscription {
  readonly #options: SubscriptionOptions
  readonly #lockMs: number
  readonly #queueName: string
  readonly #handler: JobHandler
  readonly #worker: EventWorker
  readonly #locks = new Map<string, JobLock>()
  readonly #lost = new Set<string>()
  #closing = false
  #outageMs = Number.NEGATIVE_INFINITY

  constructor(options: SubscriptionOptions) {
    const { connection, queuePrefix, consumer, concurrency = 1, lockMs = LOCK_MS } = options
    this.#options = options
    this.#lockMs = lockMs
    refuseBadName(consumer)
    this.#queueName = queueNameOf(consumer)
    this.#handler = new JobHandler(options)
    this.#worker = new EventWorker(this.#queueName, (job, token) => this.#handle(job, token ?? ''), {
      connection: watchedConnection(connection, () => this.#closing),
      prefix: queuePrefix,
      concurrency,
      lockDuration: lockMs,
      lockRenewTime: lockMs / LOCK_RENEWALS,
      stalledInterval: Math.min(lockMs, STALLED_CHECK_MAX_MS),
      maxStalledCount: STALLED_COUNT_MAX,
      runRetryDelay: RUN_RETRY_DELAY_MS,
      drainDelay: BLOCK_S_MAX,
    })
    this.#worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) this.#lose(jobId)
    })
    this.#worker.on('error', (cause) => this.#reportError(cause))
    this.#worker.on('failed', (job, cause) => this.#reportFailed(job, cause))
  }

  stats(): SubscriptionStats {
    return { ...this.#handler.counts }
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#handler.close()
    const { clock } = this.#options
    let isClosed = false
    const closed = this.#worker.close().then(() => {
      isClosed = true
    })
    await waitAtMost(clock, closed, CLOSE_LIMIT_MS)
    // Makes commands that wait for a reply fail.
    if (!isClosed) {
      await this.#worker.endRenewals()
      await waitAtMost(clock, this.#worker.disconnect(), DISCONNECT_LIMIT_MS)
    }
    await this.#options.inbox?.sync()
  }

  async #handle(job: Job, token: string): Promise<void> {
    const id = job.id ?? ''
    const lock = new JobLock(job, token, this.#options.clock, this.#lockMs, () => this.#reportLost(id))
    this.#locks.set(id, lock)
    try {
      await this.#handler.handle(job, token, lock)
    } finally {
      this.#locks.delete(id)
    }
  }

  #lose(jobId: string): void {
    this.#locks.get(jobId)?.lose()
  }

  #reportLost(jobId: string): void {
    if (this.#closing || this.#lost.has(jobId)) return
    if (this.#lost.size === LOST_JOBS_MAX) this.#lost.clear()
    this.#lost.add(jobId)
    const message =
      `the lock of job ${jobId} expired, because it was not renewed for ${this.#lockMs} ms (lockMs): the handler blocked the event loop, ` +
      'or Redis was away; the whole job runs again, here or in another subscriber, so no event is lost, and an inbox holds back what was handled'
    this.#options.fault(new PlimsollError('SUBSCRIBER_FAILED', message))
  }

  #reportError(cause: Error & { code?: unknown }): void {
    // The event `lockRenewalFailed` reports the same.
    if (cause.message.startsWith('could not renew lock')) return
    const nowMs = this.#options.clock.monotonicMs()
    const isOutage = nowMs - this.#outageMs < OUTAGE_GAP_MS
    if (JOB_IS_LOST.has(cause.code)) {
      // After an outage the job may be done and only the answer may be lost.
      if (!isOutage) this.#reportLost(/\bjob (\S+?)[. ]/i.exec(cause.message)?.[1] ?? cause.message)
      return
    }
    this.#outageMs = nowMs
    if (isOutage || this.#closing) return
    // The cause is left out: an error of a login holds the command with the password.
    const message = `queue ${this.#queueName}: ${cause.message}`
    this.#options.fault(new PlimsollError('REDIS_UNAVAILABLE', message))
  }

  /** Reports a failing job at its 1st, 2nd, 4th, 8th … failure and at its last. */
  #reportFailed(job: Job | undefined, cause: Error): void {
    if (this.#closing) return
    const failures = job?.attemptsMade ?? 1
    const isLast = cause.name === 'UnrecoverableError' || failures >= (job?.opts.attempts ?? 1)
    if (!isLast && !Number.isInteger(Math.log2(failures))) return
    const times = failures > 1 ? ` failed ${failures} times` : ''
    const message = `job ${job?.id ?? '?'}${times}: ${cause.message}`
    this.#options.fault(new PlimsollError('SUBSCRIBER_FAILED', message, { cause }))
  }
}

function refuseBadName(consumer: string | undefined): void {
  const { error } = consumersSchema.safeParse(consumer === undefined ? [] : [consumer], IN_OUR_WORDS)
  if (error === undefined) return
  const message = `consumer is ${JSON.stringify(consumer)}: ${firstRule(error)}`
  throw new PlimsollError('USAGE', message, { path: 'consumer' })
}
