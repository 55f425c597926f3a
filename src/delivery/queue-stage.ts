import { formatStreamId } from '../domain/index.ts'
import { ENQUEUE_BYTES_MAX, ENQUEUE_EVENTS_MAX, jobsOf, type QueuedEvent } from './jobs.ts'
import type { Outbox } from './outbox.ts'
import type { Position } from './position.ts'
import type { EventQueues } from './queues.ts'
import { readQueued } from './stored.ts'
import type { EventStream } from './stream.ts'

export interface QueueStageOptions {
  readonly outbox: Outbox
  readonly position: Position
  readonly stream: EventStream
  readonly queues: EventQueues
  readonly logId: string
  readonly shard: string
  /** The queues took the jobs and Redis moved the cursor: an outage has ended. */
  readonly succeeded: () => void
  /** The queues hold every event up to this sequence. */
  readonly enqueued: (sequence: number) => void
  /** Redis may hold another cursor than ours. */
  readonly doubted: () => void
}

/** Stage 3: puts events of the stream into every queue, in jobs of 1 to 100, then moves the cursor. */
export class QueueStage {
  readonly #options: QueueStageOptions
  /**
   * First and last event of the present batch. A repeat must reuse them: they make the job id, by which BullMQ recognises
   * a repeated job.
   */
  #attempt = { first: 0, last: 0 }
  #jobs = 0
  #recovered = 0

  constructor(options: QueueStageOptions) {
    this.#options = options
  }

  /** Jobs put into each queue. */
  get jobs(): number {
    return this.#jobs
  }

  /** Events of earlier owners that were in the stream but not in the queues. */
  get recovered(): number {
    return this.#recovered
  }

  /** Enqueues what earlier owners left, then the next events of the stream. False when there is nothing to do. */
  async step(): Promise<boolean> {
    const { outbox, position, queues, logId, enqueued } = this.#options
    if (position.isDoubtful) return false
    if (!position.hasCaughtUp) return await this.#recover()
    const first = outbox.enqueued + 1
    const { streamed } = outbox
    const isRepeat = this.#attempt.first === first && this.#attempt.last <= streamed
    const until = isRepeat ? this.#attempt.last : streamed
    const batch = outbox.batch(first, until, ENQUEUE_EVENTS_MAX, ENQUEUE_BYTES_MAX)
    if (batch.length === 0) return false
    const last = first + batch.length - 1
    this.#attempt = { first, last }
    const { fence } = position
    const events = batch.map((record, index): QueuedEvent => {
      const id = formatStreamId(fence, first + index)
      return { id, logId, event: record.event, digest: record }
    })
    if (await this.#enqueue(events, formatStreamId(fence, last))) {
      enqueued(last)
      await queues.reportUnread()
    }
    return true
  }

  /** Enqueues what earlier owners put into the stream only. Ends with the cursor on this owner's entry. */
  async #recover(): Promise<boolean> {
    const { position, stream, logId } = this.#options
    const { cursor, fence } = position
    const found = await stream.readBetween(cursor, fence, ENQUEUE_EVENTS_MAX, ENQUEUE_BYTES_MAX)
    const queued = found.events.map((event) => readQueued(event, logId))
    const done = await this.#enqueue(queued, found.last ?? formatStreamId(fence, 0))
    if (done) this.#recovered += queued.length
    return true
  }

  /**
   * Adds the jobs, then moves the cursor. False when Redis may have restarted in between and lost the jobs, or held
   * another cursor than expected: then the position is read again.
   */
  async #enqueue(events: readonly QueuedEvent[], cursor: string): Promise<boolean> {
    const { position, stream, queues, shard, succeeded, doubted } = this.#options
    const { generation } = position
    const jobs = jobsOf(events, shard)
    if (jobs.length > 0) await queues.add(jobs)
    if (generation !== position.generation) return false
    const found = await stream.moveCursor(position.cursor, cursor)
    succeeded()
    if (found !== cursor || generation !== position.generation) {
      doubted()
      return false
    }
    this.#jobs += jobs.length
    position.cursor = cursor
    return true
  }
}
