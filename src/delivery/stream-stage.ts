import { formatStreamId } from '../domain/index.ts'
import type { PlimsollError } from '../errors.ts'
import { lostForGood } from './faults.ts'
import type { Outbox } from './outbox.ts'
import type { Arrived, Position } from './position.ts'
import { APPEND_BYTES_MAX, APPEND_RECORDS_MAX, type EventStream } from './stream.ts'

export interface StreamStageOptions {
  readonly outbox: Outbox
  readonly position: Position
  readonly stream: EventStream
  /** Key of the stream, for faults. */
  readonly eventsKey: string
  readonly fault: (error: PlimsollError) => void
  /** Redis answered a write, or no write is waiting: an outage has ended. */
  readonly succeeded: () => void
  /** The stream has events that may not be in the queues. */
  readonly advanced: () => void
  /** The queues hold every event up to this sequence. */
  readonly enqueued: (sequence: number) => void
  /** Another owner has taken over the stream. */
  readonly fenced: () => void
}

/** Stage 2: appends records of the outbox to the Redis stream, under ids that only the holder of the fence can use. */
export class StreamStage {
  readonly #options: StreamStageOptions
  #rewinds = 0

  constructor(options: StreamStageOptions) {
    this.#options = options
  }

  /** Times that Redis was found to hold less than it had acknowledged. */
  get rewinds(): number {
    return this.#rewinds
  }

  /** Reads the position if it is doubtful, otherwise appends the next records. False when there is nothing to do. */
  async step(): Promise<boolean> {
    const { outbox, position, stream, succeeded, advanced } = this.#options
    if (position.isDoubtful) {
      await this.readPosition()
      return true
    }
    const first = outbox.streamed + 1
    const batch = outbox.batch(first, outbox.published, APPEND_RECORDS_MAX, APPEND_BYTES_MAX)
    if (batch.length === 0) return false
    const last = first + batch.length - 1
    const { fence } = position
    const top = await stream.append(position.top, fence, first, batch, position.mustWithdrawLogId)
    succeeded()
    if (top === formatStreamId(fence, last)) {
      position.top = top
      outbox.advanceStreamed(last)
      advanced()
    } else {
      position.doubt()
    }
    return true
  }

  /** Reads what Redis holds and sets the cursors of the outbox to it. */
  async readPosition(): Promise<void> {
    const { outbox, position, succeeded, advanced, fenced } = this.#options
    const arrived = await position.look()
    if (arrived === 'fenced') fenced()
    if (typeof arrived === 'string') return
    this.#moveTo(arrived)
    // While events wait, only a successful write ends the outage: a full Redis still answers reads.
    if (outbox.streamed === outbox.published) succeeded()
    advanced()
  }

  #moveTo({ streamed, enqueued }: Arrived): void {
    const { outbox, position, eventsKey, fault } = this.#options
    if (streamed < outbox.streamed || enqueued < outbox.enqueued) {
      this.#rewinds++
      const missing = outbox.rewind(streamed, enqueued)
      if (missing > 0) {
        position.mustWithdrawLogId = true
        fault(lostForGood(eventsKey, position.top, missing))
      }
    }
    if (streamed > outbox.streamed) outbox.advanceStreamed(streamed)
    if (enqueued > outbox.enqueued) this.#options.enqueued(enqueued)
  }
}
