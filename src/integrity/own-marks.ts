import type { Decimal } from '../domain/index.ts'
import { mayBeBeyond } from './compare.ts'

/** Numbers of a market, side by side. */
const PRICE = 0
const EVENT_MS = 1
const RECEIVED_MS = 2
const HEARD_MS = 3
const MARKS = 4
const BEFORE = 5
const ACCEPTED = 6
const ACCEPTED_MS = 7
const BASE = 8
const OFF_SCALE_SINCE_MS = 9
const IS_COMPARED = 10
const FIELDS = 11

/**
 * The marks of markets: of each the last one, and what is kept of those before it to compare the next ones with. An empty text and
 * a 0: not known. A mark allocates nothing.
 */
export class OwnMarks {
  #numbers = new Float64Array(0)
  readonly #text: Decimal[] = []
  readonly #accepted: Decimal[] = []
  readonly #base: Decimal[] = []
  readonly #silenceMs: number

  /** Behind `silenceMs` without a mark nobody knows whether the last one stood. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs
  }

  /** A market of that number. Numbers count from 0. */
  add(instrument: number): void {
    this.#text[instrument] = ''
    this.#accepted[instrument] = ''
    this.#base[instrument] = ''
    if (this.#numbers.length >= (instrument + 1) * FIELDS) return
    const numbers = new Float64Array((instrument + 1) * FIELDS * 2)
    numbers.set(this.#numbers)
    this.#numbers = numbers
  }

  /** A mark, or the confirmation of the last one. Returns its price. `nowMs` is monotonic. */
  state(
    instrument: number,
    text: Decimal,
    eventTimeMs: number,
    receivedTimeMs: number,
    nowMs: number,
  ): number {
    const numbers = this.#numbers
    const at = instrument * FIELDS
    const isSamePrice = text === this.#text[instrument]
    const price = isSamePrice ? numbers[at + PRICE]! : Number(text)
    // A venue that states a mark again, of the same time, states no further one.
    if (!isSamePrice || eventTimeMs !== numbers[at + EVENT_MS]) {
      numbers[at + BEFORE] = numbers[at + PRICE]!
      numbers[at + MARKS] = numbers[at + MARKS]! + 1
    }
    if (nowMs - numbers[at + HEARD_MS]! > this.#silenceMs) numbers[at + OFF_SCALE_SINCE_MS] = 0
    numbers[at + PRICE] = price
    numbers[at + EVENT_MS] = eventTimeMs
    numbers[at + RECEIVED_MS] = receivedTimeMs
    numbers[at + HEARD_MS] = nowMs
    this.#text[instrument] = text
    return price
  }

  textOf(instrument: number): Decimal {
    return this.#text[instrument]!
  }

  priceOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + PRICE]!
  }

  /** Time of the venue, Unix milliseconds. */
  eventTimeMsOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + EVENT_MS]!
  }

  /** Unix milliseconds. */
  receivedTimeMsOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + RECEIVED_MS]!
  }

  /** Monotonic. */
  heardMsOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + HEARD_MS]!
  }

  /** Marks and confirmations so far, each price of one time counted once. */
  countOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + MARKS]!
  }

  /** The last accepted mark. */
  acceptedOf(instrument: number): Decimal {
    return this.#accepted[instrument]!
  }

  acceptedPriceOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + ACCEPTED]!
  }

  /** Time of the venue of the last accepted mark, Unix milliseconds. */
  acceptedTimeMsOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + ACCEPTED_MS]!
  }

  /** The last mark that was not off scale, accepted or not: a price that walks far away, mark by mark, is no fault of units. */
  baseOf(instrument: number): Decimal {
    return this.#base[instrument]!
  }

  basePriceOf(instrument: number): number {
    return this.#numbers[instrument * FIELDS + BASE]!
  }

  /** The last mark is accepted. */
  accept(instrument: number): void {
    const at = instrument * FIELDS
    this.#numbers[at + ACCEPTED] = this.#numbers[at + PRICE]!
    this.#numbers[at + ACCEPTED_MS] = this.#numbers[at + EVENT_MS]!
    this.#accepted[instrument] = this.#text[instrument]!
    this.setBase(instrument, this.#text[instrument]!)
  }

  setBase(instrument: number, text: Decimal): void {
    this.#numbers[instrument * FIELDS + BASE] = Number(text)
    this.#base[instrument] = text
  }

  /** From now on marks are compared with that price alone. */
  forget(instrument: number, base: Decimal): void {
    this.#numbers[instrument * FIELDS + ACCEPTED] = 0
    this.#accepted[instrument] = ''
    this.setBase(instrument, base)
  }

  /** Whether other venues have agreed on a scale since the base came to be by marks and index of its venue alone. */
  isCompared(instrument: number): boolean {
    return this.#numbers[instrument * FIELDS + IS_COMPARED] === 1
  }

  setCompared(instrument: number, isCompared: boolean): void {
    this.#numbers[instrument * FIELDS + IS_COMPARED] = isCompared ? 1 : 0
  }

  /** Whether the last mark is off scale. Those before it that were so too count from the first of them. */
  setOffScale(instrument: number, isOffScale: boolean): void {
    const at = instrument * FIELDS
    if (!isOffScale) this.#numbers[at + OFF_SCALE_SINCE_MS] = 0
    else this.#numbers[at + OFF_SCALE_SINCE_MS] ||= this.#numbers[at + HEARD_MS]!
  }

  /** Whether marks have been off scale for so long, and the last one is within a little of the one before. */
  standsOffScale(instrument: number, forMs: number, within: number): boolean {
    const at = instrument * FIELDS
    const sinceMs = this.#numbers[at + OFF_SCALE_SINCE_MS]!
    if (sinceMs === 0 || this.#numbers[at + HEARD_MS]! - sinceMs < forMs) return false
    return !mayBeBeyond(this.#numbers[at + PRICE]!, this.#numbers[at + BEFORE]!, within)
  }
}
