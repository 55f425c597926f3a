import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { atMost } from '../clock.ts'
import { type Clock, type MarginEvent, marginEventSchema } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { type Inbox, onceUnsynced } from './once.ts'
import { EVENTS_QUEUE_NAME, type QueueConnection } from './queue.ts'
import { describeIssue, jobDataSchema } from './schema.ts'
import { Waiter } from './stage.ts'

const LOCK_MS = 30_000
const STALLED_CHECK_MAX_MS = 5_000
/** A job whose subscriber died is handed out again, however often: BullMQ's default of one would end in the failed set. */
const STALLED_COUNT_MAX = 1_000_000_000
/** A failing handler is called so often while its job holds the queue, so that order is kept; then the job goes back to the queue and later jobs pass it. */
export const HANDLER_CALLS_MAX = 8
const HANDLER_DELAY_MIN_MS = 100
const HANDLER_DELAY_MAX_MS = 5_000
/** How long `close` waits for the handler that runs; then its job is left to be handed out again. */
const CLOSE_LIMIT_MS = 4_000
/** Then its connections get this long to end: where Redis is away, BullMQ itself would wait for it for ever. */
const DISCONNECT_LIMIT_MS = 500
/** Errors of the connection that come within so long of one another are one outage, told once. */
const OUTAGE_GAP_MS = 30_000

export interface EventContext {
  readonly jobId: string
  /** Ids in the stream of the first and last event of the job. */
  readonly streamIds: { readonly first: string; readonly last: string }
  /** Counts the deliveries of the job from 1; above 1 its events may have been handled before. */
  readonly delivery: number
}

export interface SubscribeOptions {
  /** An ioredis instance with `maxRetriesPerRequest: null`, or its options; `{ url }` is enough. */
  readonly connection: QueueConnection
  /** BullMQ prefix of the shard, for example `{plimsoll:0}`. */
  readonly queuePrefix: string
  readonly queueName?: string
  /** Called for one event after the other, in the order of the job. */
  readonly handler: (event: MarginEvent, context: EventContext) => Promise<void> | void
  /** With it, an event takes effect once (see `once`). Without it the handler sees repeats: delivery is at least once. */
  readonly inbox?: Inbox
  /** Jobs handled at the same time. Only 1, the default, keeps the order of an account's events from job to job. */
  readonly concurrency?: number
  /**
   * How long a job stays with a subscriber that died, or whose Redis died while handing it out; after it and
   * at most two checks of 5 s the job is handed out again. Default 30 s. A handler that blocks the event
   * loop longer loses its job to another subscriber.
   */
  readonly lockMs?: number
  readonly clock: Clock
  /** SUBSCRIBER_FAILED: a handler or a job failed; REDIS_UNAVAILABLE: the connection did, told once an outage. Nothing is lost by either. */
  readonly fault: (error: PlimsollError) => void
}

export interface SubscriptionStats {
  readonly jobs: number
  /** Well-formed events received, repeats included. */
  readonly events: number
  /** Handler calls that succeeded. */
  readonly effects: number
  /** Events that the inbox held back. */
  readonly duplicates: number
  readonly malformed: number
  /** Handler calls that failed. */
  readonly failures: number
}

export interface Subscription {
  /** Stops taking jobs and waits for the event in hand, at most about 5 s; the rest of its job is delivered again. */
  close(): Promise<void>
  stats(): SubscriptionStats
}

/**
 * Consumes the events of a shard. A job is acknowledged after all of its events were handled and noted; a
 * job with a malformed event stays in BullMQ's failed set after the others were handled. A job that is delivered
 * again (`delivery` above 1) may come after later ones: `sequence` tells an account's order.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  return new QueueSubscription(options)
}

class QueueSubscription implements Subscription {
  readonly #options: SubscribeOptions
  readonly #worker: Worker
  readonly #delays = new Set<Waiter>()
  readonly #counts = { jobs: 0, events: 0, effects: 0, duplicates: 0, malformed: 0, failures: 0 }
  #closing = false
  #outageMs = Number.NEGATIVE_INFINITY

  constructor(options: SubscribeOptions) {
    this.#options = options
    const {
      connection,
      queuePrefix,
      queueName = EVENTS_QUEUE_NAME,
      concurrency = 1,
      lockMs = LOCK_MS,
      fault,
    } = options
    this.#worker = new Worker(queueName, (job, token) => this.#handle(job, token), {
      connection,
      prefix: queuePrefix,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: Math.min(lockMs, STALLED_CHECK_MAX_MS),
      maxStalledCount: STALLED_COUNT_MAX,
    })
    this.#worker.on('error', (cause) => this.#reportOutage(`queue ${queueName}`, cause))
    this.#worker.on('failed', (job, cause) => {
      if (this.#closing) return
      fault(new PlimsollError('SUBSCRIBER_FAILED', `job ${job?.id ?? '?'}: ${cause.message}`, { cause }))
    })
  }

  stats(): SubscriptionStats {
    return { ...this.#counts }
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const delay of this.#delays) delay.notify()
    const { clock } = this.#options
    let isClosed = false
    const closed = this.#worker.close().then(() => {
      isClosed = true
    })
    await atMost(clock, closed, CLOSE_LIMIT_MS)
    if (!isClosed) await atMost(clock, this.#disconnect(), DISCONNECT_LIMIT_MS)
    await this.#options.inbox?.sync()
  }

  /** What waits for a reply of Redis ends as failed; a connection that was handed in is not ours to end. */
  async #disconnect(): Promise<void> {
    if (!('disconnect' in this.#options.connection)) await this.#worker.disconnect()
  }

  #reportOutage(where: string, cause: Error): void {
    const nowMs = this.#options.clock.monotonicMs()
    const isKnown = nowMs - this.#outageMs < OUTAGE_GAP_MS
    this.#outageMs = nowMs
    if (isKnown || this.#closing) return
    this.#options.fault(new PlimsollError('REDIS_UNAVAILABLE', `${where}: ${cause.message}`, { cause }))
  }

  async #handle(job: Job, token: string | undefined): Promise<void> {
    const parsed = jobDataSchema.safeParse(job.data)
    if (!parsed.success) throw this.#refusal(`its data is malformed: ${describeIssue(parsed.error)}`)
    const { events, streamIds } = parsed.data
    const context: EventContext = { jobId: job.id ?? '', streamIds, delivery: job.attemptsStarted }
    let refusal: string | undefined
    for (const [index, value] of events.entries()) {
      const event = marginEventSchema.safeParse(value)
      if (!event.success) refusal ??= `events[${index}] is malformed: ${describeIssue(event.error)}`
      else if (!(await this.#deliver(event.data, context))) return this.#handBack(job, token)
    }
    await this.#options.inbox?.sync()
    this.#counts.jobs++
    if (refusal !== undefined) throw this.#refusal(refusal)
  }

  /** The job becomes the next one of the queue, so that the events it still holds come first. */
  async #handBack(job: Job, token: string | undefined): Promise<never> {
    await this.#options.inbox?.sync()
    await job.moveToWait(token)
    throw new WaitingError()
  }

  /** False where the subscription closes before the event was handled. */
  async #deliver(event: MarginEvent, context: EventContext): Promise<boolean> {
    this.#counts.events++
    let delayMs = HANDLER_DELAY_MIN_MS
    for (let call = 1; !this.#closing; call++) {
      try {
        await this.#effect(event, context)
        return true
      } catch (error) {
        this.#counts.failures++
        if (call === HANDLER_CALLS_MAX) {
          throw new Error(`event ${event.id}: handler failed ${call} times (HANDLER_CALLS_MAX)`, {
            cause: error,
          })
        }
        this.#reportFailure(event, call, error)
        await this.#pause(delayMs)
        delayMs = Math.min(delayMs * 2, HANDLER_DELAY_MAX_MS)
      }
    }
    return false
  }

  async #pause(delayMs: number): Promise<void> {
    const delay = new Waiter()
    this.#delays.add(delay)
    await delay.wait(this.#options.clock, delayMs)
    this.#delays.delete(delay)
  }

  async #effect(event: MarginEvent, context: EventContext): Promise<void> {
    const { handler, inbox } = this.#options
    const effect = () => handler(event, context)
    if (inbox === undefined) await effect()
    else if (!(await onceUnsynced(event.id, effect, inbox))) {
      this.#counts.duplicates++
      return
    }
    this.#counts.effects++
  }

  #reportFailure(event: MarginEvent, call: number, cause: unknown): void {
    if (call > 1) return
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `event ${event.id}: handler failed, up to ${HANDLER_CALLS_MAX} calls are made: ${reason}`
    this.#options.fault(new PlimsollError('SUBSCRIBER_FAILED', message, { cause }))
  }

  #refusal(reason: string): UnrecoverableError {
    this.#counts.malformed++
    return new UnrecoverableError(reason)
  }
}
