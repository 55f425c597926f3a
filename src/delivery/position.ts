import { compareStreamIds, EMPTY_STREAM, parseStreamId, readStreamId } from '../domain/index.ts'
import { cursorBroken, lostEarlier } from './faults.ts'
import type { EventLogOptions } from './log-types.ts'
import type { EventStream, StreamPosition, TakeOver } from './stream.ts'

/** How many of this owner's events Redis holds. */
export interface Arrived {
  readonly streamed: number
  readonly enqueued: number
}

/** What an owner knows of its stream in Redis, and when it must read it again. */
export class Position {
  /** Top and cursor as last seen in Redis: the expected values of the next compare-and-set. */
  top: string
  cursor: string
  readonly fence: number
  /** Redis lost progress that cannot be written again, so the next owner must not reuse the ids of this log. */
  mustWithdrawLogId = false
  readonly #options: Pick<EventLogOptions, 'keys' | 'fault'>
  readonly #stream: EventStream
  readonly #previousTop: string
  #isDoubtful = false
  #generation = 0

  constructor(
    options: Pick<EventLogOptions, 'keys' | 'fault'>,
    stream: EventStream,
    taken: TakeOver,
    cursor: string,
  ) {
    this.#options = options
    this.#stream = stream
    this.#previousTop = taken.previousTop
    this.top = taken.entry
    this.cursor = cursor
    this.fence = parseStreamId(taken.entry).fence
  }

  /** Whether our view of Redis may be wrong. Then it must be read before the next step. */
  get isDoubtful(): boolean {
    return this.#isDoubtful
  }

  /** Incremented by every doubt. A step that began under an older value discards its result. */
  get generation(): number {
    return this.#generation
  }

  /** Whether the queues hold what earlier owners left in the stream. */
  get hasCaughtUp(): boolean {
    return parseStreamId(this.cursor).fence >= this.fence
  }

  doubt(): void {
    this.#isDoubtful = true
    this.#generation++
  }

  /**
   * Reads what Redis holds: more than was known when a reply was lost, less when Redis went back in time. `outdated` when
   * a new doubt came before the reply.
   */
  async look(): Promise<Arrived | 'fenced' | 'outdated'> {
    this.#isDoubtful = false
    const generation = this.#generation
    const found = await this.#stream.position()
    const top = parseStreamId(found.top)
    if (top.fence > this.fence || (readStreamId(found.cursor)?.fence ?? 0) > this.fence) {
      this.top = found.top
      return 'fenced'
    }
    const cursor = await this.#cursorIn(found)
    if (generation !== this.#generation) return 'outdated'
    this.top = found.top
    this.cursor = cursor
    if (compareStreamIds(top, parseStreamId(this.#previousTop)) < 0) this.#noteEarlierLoss()
    const { fence, sequence } = parseStreamId(cursor)
    const streamed = top.fence === this.fence ? top.sequence : 0
    return { streamed, enqueued: fence === this.fence ? Math.min(sequence, streamed) : 0 }
  }

  /** The cursor that Redis holds. A damaged one is replaced by the one we know, which is right while we own the stream. */
  async #cursorIn({ top, cursor }: StreamPosition): Promise<string> {
    if (readStreamId(cursor) !== undefined) return cursor
    const isOurs = parseStreamId(top).fence === this.fence
    if (cursor === '' && !isOurs) return EMPTY_STREAM
    const known = isOurs ? this.cursor : EMPTY_STREAM
    await this.#stream.moveCursor(cursor === '' ? EMPTY_STREAM : cursor, known)
    this.#options.fault(cursorBroken(this.#options.keys.cursor, cursor, known))
    return known
  }

  #noteEarlierLoss(): void {
    const { keys, fault } = this.#options
    if (!this.mustWithdrawLogId) fault(lostEarlier(keys.events, this.top, this.#previousTop))
    this.mustWithdrawLogId = true
  }
}
