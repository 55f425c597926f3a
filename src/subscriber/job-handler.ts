import type { Job, UnrecoverableError } from 'bullmq'
import { z } from 'zod'
import {
  type Clock,
  counted,
  describeIssue,
  IN_OUR_WORDS,
  inboxId,
  type JobData,
  jobDataSchema,
  type PlimsollEvent,
  plimsollEventSchema,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { loadBullMq } from '../redis/index.ts'
import { Waiter } from '../system/index.ts'
import { type HandlerCounts, noCounts } from './counts.ts'
import type { JobLock } from './job-lock.ts'
import { KnownLogs, type StartedLog } from './known-logs.ts'
import { type Inbox, onceUnsynced } from './once.ts'
import { SubjectOrder, subjectOf } from './subject-order.ts'

const bullmq = loadBullMq()

/**
 * Most calls of a failing handler while its job holds the queue. Events of other margin accounts are handled meanwhile.
 * Then the job fails, and BullMQ retries it with the events that are not handled, with one call each time.
 */
export const HANDLER_CALLS_MAX = 8
const HANDLER_DELAY_MIN_MS = 100
const HANDLER_DELAY_MAX_MS = 5_000

export interface EventContext {
  readonly jobId: string
  /** Id of the log of the event. It changes when a new log starts: see `logStarted`. */
  readonly logId: string
  readonly shard: string
  /** Ids in the stream of the first and last event of the job. */
  readonly streamIds: { readonly first: string; readonly last: string }
  /** Delivery of the job, counted from 1. Above 1 its events may have been handled before. */
  readonly delivery: number
  /** Whether a later event of the same margin account or market was handled before this one. */
  readonly isLate: boolean
}

export interface HandlerOptions {
  /** Called for one event at a time, in the order of the job. An event is handled when the promise resolves. */
  readonly handler: (event: PlimsollEvent, context: EventContext) => Promise<void> | void
  /**
   * With an inbox an event takes effect once (see `once`). Without it the handler sees repeats: delivery is at least
   * once.
   */
  readonly inbox?: Inbox
  /**
   * Called before the first event of a log that is new to this process: first with `previous` undefined, later only when
   * a new log started because Redis was emptied, restored or replaced. Episodes and sequences then count from new
   * numbers. Ids differ from all earlier ones, so an inbox stays valid.
   */
  readonly logStarted?: (log: StartedLog) => void
  readonly clock: Clock
  /**
   * Receives SUBSCRIBER_FAILED for each failed handler or job and each job that another subscriber took over,
   * REDIS_UNAVAILABLE once an outage, LOG_RENEWED when a new log starts. The first two lose no event.
   */
  readonly fault: (error: PlimsollError) => void
}

/** What earlier deliveries of the job have handled; kept with the job as BullMQ's progress. */
const progressSchema = z.object({ handled: z.array(z.int()), callsUsedUp: z.boolean() })

interface Item {
  /** Place of the event in the job. */
  readonly index: number
  readonly event: PlimsollEvent
  readonly subject: string
}

interface Failure {
  readonly event: PlimsollEvent
  readonly error: unknown
}

/** One delivery of a job. */
interface Delivery {
  readonly job: Job
  readonly data: JobData
  readonly lock: JobLock
  readonly callsMax: number
  /** Places of the handled events. */
  readonly handled: Set<number>
  pending: readonly Item[]
  /** Failures of the last pass over the pending events. */
  failures: readonly Failure[]
}

type Outcome = 'handled' | 'failing' | 'closing' | 'lost'

/** Calls the handler for the events of jobs, in the order of each margin account. */
export class JobHandler {
  readonly counts: HandlerCounts = noCounts()
  readonly #options: HandlerOptions
  readonly #order = new SubjectOrder()
  readonly #logs = new KnownLogs()
  readonly #pauses = new Set<Waiter>()
  #closing = false

  constructor(options: HandlerOptions) {
    this.#options = options
  }

  /** Starts no further call of the handler. Jobs in hand go back to the queue. */
  close(): void {
    this.#closing = true
    for (const pause of this.#pauses) pause.notify()
  }

  /** Resolves when all events of the job are handled. The error that it throws decides what BullMQ does with the job. */
  async handle(job: Job, token: string, lock: JobLock): Promise<void> {
    const parsed = jobDataSchema.safeParse(job.data, IN_OUR_WORDS)
    if (!parsed.success) throw this.#refusal(`its data is malformed: ${describeIssue(parsed.error)}`)
    this.#meetLog(parsed.data.logId)
    const { items, refusal } = itemsOf(parsed.data)
    const progress = progressSchema.safeParse(job.progress).data
    const handled = new Set(progress?.handled)
    const pending = items.filter(({ index }) => !handled.has(index))
    this.counts.events += pending.length
    const callsMax = progress?.callsUsedUp === true ? 1 : HANDLER_CALLS_MAX
    const delivery: Delivery = { job, data: parsed.data, lock, callsMax, handled, pending, failures: [] }
    const outcome = await this.#deliver(delivery)
    await this.#options.inbox?.sync()
    // The job belongs to another subscriber, so this one must not answer to Redis.
    if (outcome === 'lost') throw new bullmq.WaitingError()
    if (outcome === 'closing') await handBack(delivery, token)
    if (outcome === 'failing') {
      await noteProgress(delivery, true)
      throw new Error(describeFailures(delivery))
    }
    this.counts.jobs++
    if (refusal !== undefined) throw this.#refusal(refusal)
  }

  /** Handles pending events in passes, until none is pending or the failing ones have had their calls. */
  async #deliver(delivery: Delivery): Promise<Outcome> {
    let delayMs = HANDLER_DELAY_MIN_MS
    for (let call = 1; ; call++) {
      const stopped = await this.#pass(delivery)
      if (stopped !== undefined) return stopped
      if (delivery.pending.length === 0) return 'handled'
      const isFirst = call === 1 && delivery.callsMax > 1
      if (isFirst && delivery.failures.length > 0) this.#reportFirst(delivery)
      // If none failed, all pending events wait for an event of another job.
      if (call >= delivery.callsMax || delivery.failures.length === 0) return 'failing'
      await this.#pause(delayMs)
      delayMs = Math.min(delayMs * 2, HANDLER_DELAY_MAX_MS)
    }
  }

  /** Calls the handler once for each pending event that does not wait for an older one of its margin account. */
  async #pass(delivery: Delivery): Promise<'closing' | 'lost' | undefined> {
    const { clock } = this.#options
    const left: Item[] = []
    const failures: Failure[] = []
    let stopped: 'closing' | 'lost' | undefined
    for (const [place, item] of delivery.pending.entries()) {
      const { index, event, subject } = item
      if (this.#closing) stopped = 'closing'
      else if (!(await delivery.lock.isKept())) stopped = 'lost'
      if (stopped !== undefined) {
        left.push(...delivery.pending.slice(place))
        break
      }
      if (this.#order.heldBy(subject, event, clock.monotonicMs()) !== undefined) {
        left.push(item)
        continue
      }
      try {
        await this.#effect(item, delivery)
        this.#order.handled(subject, event)
        delivery.handled.add(index)
      } catch (error) {
        this.counts.failures++
        this.#order.failed(subject, event, clock.monotonicMs())
        failures.push({ event, error })
        left.push(item)
      }
    }
    delivery.pending = left
    delivery.failures = failures
    return stopped
  }

  async #effect({ event, subject }: Item, { job, data }: Delivery): Promise<void> {
    const { handler, inbox } = this.#options
    const isLate = this.#order.isLate(subject, event)
    const context: EventContext = {
      jobId: job.id ?? '',
      logId: data.logId,
      shard: data.shard,
      streamIds: data.streamIds,
      delivery: job.attemptsStarted,
      isLate,
    }
    const effect = () => handler(event, context)
    if (inbox === undefined) await effect()
    else if (!(await onceUnsynced(inboxId(event), effect, inbox))) {
      this.counts.duplicates++
      return
    }
    this.counts.effects++
    if (isLate) this.counts.late++
  }

  #meetLog(logId: string): void {
    const log = this.#logs.meet(logId)
    if (log === undefined) return
    if (log.previous !== undefined) {
      const message =
        `the log of events started anew: log ${logId} follows log ${log.previous}, because Redis was emptied, restored or replaced; ` +
        'events of the old log that are not in the queue do not come any more, and every standing breach is published again under a new id, which no inbox holds back'
      this.#options.fault(new PlimsollError('LOG_RENEWED', message))
    }
    this.#options.logStarted?.(log)
  }

  async #pause(delayMs: number): Promise<void> {
    const pause = new Waiter()
    this.#pauses.add(pause)
    await pause.wait(this.#options.clock, delayMs)
    this.#pauses.delete(pause)
  }

  #reportFirst({ job, failures, pending }: Delivery): void {
    const [first] = failures
    if (first === undefined) return
    const others = pending.length > 1 ? ` (and ${pending.length - 1} more of job ${job.id} wait or fail)` : ''
    const message = `event ${first.event.id}${others}: handler failed, up to ${HANDLER_CALLS_MAX} calls are made: ${reasonOf(first.error)}`
    this.#options.fault(new PlimsollError('SUBSCRIBER_FAILED', message, { cause: first.error }))
  }

  #refusal(reason: string): UnrecoverableError {
    this.counts.malformed++
    return new bullmq.UnrecoverableError(reason)
  }
}

/** The well-formed events of the job, and the fault of the first malformed one. */
function itemsOf({ events, logId }: JobData): { items: Item[]; refusal: string | undefined } {
  const items: Item[] = []
  let refusal: string | undefined
  for (const [index, value] of events.entries()) {
    const { data: event, error } = plimsollEventSchema.safeParse(value, IN_OUR_WORDS)
    if (event !== undefined) items.push({ index, event, subject: subjectOf(logId, event) })
    else refusal ??= `events[${index}] is malformed: ${describeIssue(error)}`
  }
  return { items, refusal }
}

async function noteProgress(
  { job, handled, callsMax }: Delivery,
  callsUsedUp = callsMax === 1,
): Promise<void> {
  await job.updateProgress({ handled: [...handled], callsUsedUp } satisfies z.infer<typeof progressSchema>)
}

/** Makes the job the next one of the queue, so that its pending events come first. */
async function handBack(delivery: Delivery, token: string): Promise<never> {
  await noteProgress(delivery)
  await delivery.job.moveToWait(token)
  throw new bullmq.WaitingError()
}

function describeFailures({ failures, pending, callsMax }: Delivery): string {
  const waiting = pending.length - failures.length
  const waits = `${counted(waiting, 'event waits', 'events wait')} for an older one of the same margin account that failed`
  const [first] = failures
  if (first === undefined) return waits
  const calls =
    callsMax === 1 ? 'handler failed again' : `handler failed ${callsMax} times (HANDLER_CALLS_MAX)`
  const others = failures.slice(1).map(({ event }) => event.id)
  const parts = [`event ${first.event.id}: ${calls}: ${reasonOf(first.error)}`]
  if (others.length > 0) parts.push(`so it did for ${others.join(', ')}`)
  if (waiting > 0) parts.push(waits)
  return parts.join('; ')
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
