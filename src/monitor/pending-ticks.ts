import { type Decimal, type MarkSource, ownText } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'

/** Entries that may wait while a cascade is evaluated in slices. One more stops the worker with INBOX_FULL. */
export const PENDING_TICKS_MAX = 262_144

/**
 * Entries whose texts may be parts of frames, which they keep in memory. Texts of further ones are copied, because a full ring of
 * frames would take half a gigabyte. Nearly every tick is evaluated before another one comes, and copies nothing.
 */
export const TEXTS_OF_FRAMES_MAX = 4_096

/** What an entry says of its market. */
export const MARKED = 0
/** The venue confirms the last mark. */
export const CONFIRMED = 1
/** The market has no fresh mark. */
export const STALE = 2
/** The contract has expired; its time is the expiry. */
export const EXPIRED = 3
/** The market may have had marks behind its last one that were not heard. */
export const INTERRUPTED = 4
/** An index price beside marks. Its number is that of the classifier. */
export const INDEX_PRICE = 5
/** The venue does not list the contract any more; the time is when that was found. */
export const DELISTED = 6
/** A contract that was taken for ended has not. */
export const REVIVED = 7
/** The venue states other terms of the contract than the rules, which are in the text; none where it does no more. */
export const CONTRADICTED = 8
const FRAME_END = 9

/** Ticks and the ends of their frames, in their order. The columns of the ring are allocated once: a tick allocates nothing. */
export class PendingTicks {
  readonly #kind = new Uint8Array(PENDING_TICKS_MAX)
  readonly #instrument = new Int32Array(PENDING_TICKS_MAX)
  readonly #markText: Decimal[] = new Array(PENDING_TICKS_MAX).fill('')
  readonly #fundingRate: (Decimal | undefined)[] = new Array(PENDING_TICKS_MAX).fill(undefined)
  readonly #nextFundingTimeMs = new Float64Array(PENDING_TICKS_MAX)
  readonly #markSource: (MarkSource | undefined)[] = new Array(PENDING_TICKS_MAX).fill(undefined)
  readonly #eventTimeMs = new Float64Array(PENDING_TICKS_MAX)
  readonly #receivedTimeMs = new Float64Array(PENDING_TICKS_MAX)
  readonly #receivedMonotonicMs = new Float64Array(PENDING_TICKS_MAX)
  #head = 0
  #length = 0
  #frameTimeMs = 0
  #frameMonotonicMs = 0

  get length(): number {
    return this.#length
  }

  /** When the entries that come next were received. */
  beginFrame(receivedTimeMs: number, receivedMonotonicMs: number): void {
    this.#frameTimeMs = receivedTimeMs
    this.#frameMonotonicMs = receivedMonotonicMs
  }

  /**
   * `kind` is one of those above but FRAME_END; only MARKED, INDEX_PRICE and CONTRADICTED have a
   * text, only MARKED and CONFIRMED a rate.
   */
  push(
    kind: number,
    instrument: number,
    markText: Decimal,
    eventTimeMs: number,
    fundingRate: Decimal | undefined,
    nextFundingTimeMs: number,
    markSource: MarkSource | undefined = undefined,
  ): void {
    if (this.#length === PENDING_TICKS_MAX) {
      throw new PlimsollError(
        'INBOX_FULL',
        `${PENDING_TICKS_MAX} ticks wait for evaluation, the limit is ${PENDING_TICKS_MAX} (PENDING_TICKS_MAX); ` +
          'the worker stops so that no tick is skipped silently',
      )
    }
    const isCopied = this.#length >= TEXTS_OF_FRAMES_MAX
    const at = (this.#head + this.#length++) % PENDING_TICKS_MAX
    this.#kind[at] = kind
    this.#instrument[at] = instrument
    this.#markText[at] = isCopied ? ownText(markText) : markText
    this.#eventTimeMs[at] = eventTimeMs
    this.#receivedTimeMs[at] = this.#frameTimeMs
    this.#receivedMonotonicMs[at] = this.#frameMonotonicMs
    this.#fundingRate[at] = isCopied ? fundingRate && ownText(fundingRate) : fundingRate
    this.#nextFundingTimeMs[at] = nextFundingTimeMs
    this.#markSource[at] = markSource
  }

  endFrame(): void {
    this.push(FRAME_END, 0, '', 0, undefined, 0)
  }

  /** Whether the first entry is the end of a frame. */
  get atFrameEnd(): boolean {
    assert(this.#length > 0, 'no tick waits')
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
  /** undefined where the frame did not give it. */
  get fundingRate(): Decimal | undefined {
    return this.#fundingRate[this.#head]
  }
  /** 0 where the frame did not give it. */
  get nextFundingTimeMs(): number {
    return this.#nextFundingTimeMs[this.#head]!
  }
  /** undefined for a mark of the venue's own. */
  get markSource(): MarkSource | undefined {
    return this.#markSource[this.#head]
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
    this.#fundingRate[this.#head] = undefined
    this.#head = (this.#head + 1) % PENDING_TICKS_MAX
    this.#length--
  }
}
