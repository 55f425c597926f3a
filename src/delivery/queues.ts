import {
  type Clock,
  compareStreamIds,
  consumersSchema,
  describeIssue,
  IN_OUR_WORDS,
  queueNameOf,
  type StreamId,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { queueUnread } from './faults.ts'
import type { EventJob } from './jobs.ts'
import type { EventQueue, OpenQueue } from './queue.ts'
import type { EventStream } from './stream.ts'

/** A queue with more unfinished jobs than this is reported, and again when they have doubled. */
export const UNREAD_JOBS_MAX = 1_000
const UNREAD_CHECK_MS = 5_000

export interface EventQueuesOptions {
  readonly open: OpenQueue
  readonly clock: Clock
  /** Receives errors of the queues' connections. */
  readonly failed: (error: Error) => void
  /** Each gets every event in a queue of its own. Without names all subscribers share one queue. */
  readonly consumers: readonly string[]
  readonly fault: (error: PlimsollError) => void
}

/** The queues of all consumers. An event is in the queues when it is in each of them. */
export class EventQueues {
  readonly #queues: readonly EventQueue[]
  readonly #options: EventQueuesOptions
  readonly #clock: Clock
  readonly #reportAbove = new Map<EventQueue, number>()
  #checkedMs = Number.NEGATIVE_INFINITY

  /** @throws PlimsollError CONFIGURATION for consumers that are not valid (see `consumersSchema`). */
  constructor(options: EventQueuesOptions) {
    checkConsumers(options.consumers)
    this.#options = options
    this.#clock = options.clock
    const { consumers } = options
    const names = consumers.length === 0 ? [queueNameOf()] : consumers.map(queueNameOf)
    this.#queues = names.map((name) => options.open(name, options.failed))
  }

  get names(): readonly string[] {
    return this.#queues.map(({ name }) => name)
  }

  async add(jobs: readonly EventJob[]): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.add(jobs)))
  }

  /** The newest event that every queue with jobs has. Undefined when no queue has a job. */
  async newestEvent(): Promise<StreamId | undefined> {
    const found = await Promise.all(this.#queues.map((queue) => queue.newestEvent()))
    return found.filter((id) => id !== undefined).sort(compareStreamIds)[0]
  }

  /** Reports the queues that nobody reads. Asks Redis at most every UNREAD_CHECK_MS. */
  async reportUnread(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#checkedMs < UNREAD_CHECK_MS) return
    this.#checkedMs = nowMs
    for (const queue of this.#queues) {
      const jobs = await queue.notDone()
      let above = jobs > UNREAD_JOBS_MAX ? (this.#reportAbove.get(queue) ?? UNREAD_JOBS_MAX) : UNREAD_JOBS_MAX
      if (jobs > above) this.#options.fault(queueUnread(queue.name, jobs))
      while (above < jobs) above *= 2
      this.#reportAbove.set(queue, above)
    }
  }

  /**
   * Writes the names of the queues to Redis. Calls `left` for each queue of an earlier run that holds jobs and gets no
   * more events.
   */
  async register(stream: EventStream, left: (queue: string, jobs: number) => void): Promise<void> {
    const earlier = await stream.queues()
    await stream.addQueues(this.names)
    for (const name of earlier) {
      if (this.names.includes(name)) continue
      const queue = this.#options.open(name, this.#options.failed)
      const jobs = await queue.notDone()
      if (jobs > 0) left(name, jobs)
      else await stream.removeQueue(name)
      await queue.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close()))
  }
}

function checkConsumers(consumers: readonly string[]): void {
  const parsed = consumersSchema.safeParse(consumers, IN_OUR_WORDS)
  if (parsed.success) return
  const message = `consumers ${JSON.stringify(consumers)}: ${describeIssue(parsed.error)}`
  throw new PlimsollError('CONFIGURATION', message, { path: 'consumers' })
}
