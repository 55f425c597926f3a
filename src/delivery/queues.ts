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
import { EventQueue, type EventQueueOptions } from './queue.ts'
import type { EventStream } from './stream.ts'

/** A queue with more jobs than this that are not done is reported, and again when they have doubled. */
export const UNREAD_JOBS_MAX = 1_000
const UNREAD_CHECK_MS = 5_000

export interface EventQueuesOptions extends Omit<EventQueueOptions, 'name'> {
  /** Each gets every event in a queue of its own. None: one queue that all subscribers share. */
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

  /** @throws PlimsollError CONFIGURATION for consumers that are none (see `consumersSchema`). */
  constructor(options: EventQueuesOptions) {
    checkConsumers(options.consumers)
    this.#options = options
    this.#clock = options.clock
    const { consumers } = options
    const names = consumers.length === 0 ? [queueNameOf()] : consumers.map(queueNameOf)
    this.#queues = names.map((name) => new EventQueue({ ...options, name }))
  }

  get names(): readonly string[] {
    return this.#queues.map(({ name }) => name)
  }

  async add(jobs: readonly EventJob[]): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.add(jobs)))
  }

  /** The newest event that every queue holds or held; queues without a job say nothing. Undefined where all are without. */
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

  /** Notes the queues in Redis. Calls `left` for each that an earlier run fed, that is not fed any more and holds jobs. */
  async note(stream: EventStream, left: (queue: string, jobs: number) => void): Promise<void> {
    const earlier = await stream.queues()
    await stream.addQueues(this.names)
    for (const name of earlier) {
      if (this.names.includes(name)) continue
      const queue = new EventQueue({ ...this.#options, name })
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
