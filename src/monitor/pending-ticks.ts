import type { Decimal } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'

/** Entries that wait while a cascade is worked off in slices. Beyond it the worker stops with INBOX_FULL. */
export const INBOX_TICKS_MAX = 262_144

/** What an entry says of its market. */
export const MARKED = 0
/** The last mark still holds. */
export const CONFIRMED = 1
/** There is no fresh mark. */
export const STALE = 2
const FRAME_END = 3

/** Ticks in order, with the ends of their frames, in a ring of columns made once: a tick allocates nothing. */
export class Inbox {
  readonly #kind = new Uint8Array(INBOX_TICKS_MAX)
  readonly #instrument = new Int32Array(INBOX_TICKS_MAX)
  readonly #markText: Decimal[] = new Array(INBOX_TICKS_MAX).fill('')
  readonly #eventTimeMs = new Float64Array(INBOX_TICKS_MAX)
  readonly #receivedTimeMs = new Float64Array(INBOX_TICKS_MAX)
  readonly #receivedMonotonicMs = new Float64Array(INBOX_TICKS_MAX)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** `kind` is one of MARKED, CONFIRMED, STALE; the last two have no text. */
  push(
    kind: number,
    instrument: number,
    markText: Decimal,
    eventTimeMs: number,
    receivedTimeMs: number,
    receivedMonotonicMs: number,
  ): void {
    if (this.#length === INBOX_TICKS_MAX) {
      throw new PlimsollError(
        'INBOX_FULL',
        `${INBOX_TICKS_MAX} ticks wait for evaluation, the limit is ${INBOX_TICKS_MAX} (INBOX_TICKS_MAX); ` +
          'the worker stops so that no tick is skipped silently',
      )
    }
    const at = (this.#head + this.#length++) % INBOX_TICKS_MAX
    this.#kind[at] = kind
    this.#instrument[at] = instrument
    this.#markText[at] = markText
    this.#eventTimeMs[at] = eventTimeMs
    this.#receivedTimeMs[at] = receivedTimeMs
    this.#receivedMonotonicMs[at] = receivedMonotonicMs
  }

  endFrame(): void {
    this.push(FRAME_END, 0, '', 0, 0, 0)
  }

  /** Whether the first entry is the end of a frame. */
  get atFrameEnd(): boolean {
    assert(this.#length > 0, 'the inbox is empty')
    return this.#kind[this.#head] === FRAME_END
  }

  get kind(): number {
    return this.#kind[this.#head]!
  }
  get instrument(): number {
    return this.#instrument[this.#head]!
  }
  get markText(): Decimal {
    return this.#markText[this.#head]!
  }
  get eventTimeMs(): number {
    return this.#eventTimeMs[this.#head]!
  }
  get receivedTimeMs(): number {
    return this.#receivedTimeMs[this.#head]!
  }
  get receivedMonotonicMs(): number {
    return this.#receivedMonotonicMs[this.#head]!
  }

  shift(): void {
    this.#markText[this.#head] = ''
    this.#head = (this.#head + 1) % INBOX_TICKS_MAX
    this.#length--
  }
}
