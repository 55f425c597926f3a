import type { Decimal } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { isOffScale, middleOf } from './compare.ts'

/** Venues that may follow one underlying. */
export const VENUES_MAX = 32

/** The last price that each venue has stated of one underlying. Of a venue with several contracts the last stated one counts. */
export class VenueMarks {
  readonly #venues: string[] = []
  readonly #price = new Float64Array(VENUES_MAX)
  readonly #text: Decimal[] = []
  readonly #heardMs = new Float64Array(VENUES_MAX).fill(Number.NEGATIVE_INFINITY)
  /** Places of the fresh others, by their prices. */
  readonly #fresh = new Int32Array(VENUES_MAX)

  /** Those that may state a price. */
  get venues(): number {
    return this.#venues.length
  }

  /** The place of the venue, by which it states its price. */
  placeOf(venue: string): number {
    const known = this.#venues.indexOf(venue)
    if (known >= 0) return known
    assert(
      this.#venues.length < VENUES_MAX,
      `at most ${VENUES_MAX} venues follow one underlying (VENUES_MAX)`,
    )
    this.#text.push('')
    return this.#venues.push(venue) - 1
  }

  /** Monotonic time. */
  state(place: number, text: Decimal, price: number, nowMs: number): void {
    this.#text[place] = text
    this.#price[place] = price
    this.#heardMs[place] = nowMs
  }

  /** Sorts the other venues that were heard within `freshMs` by price, and returns their number. `freshAt` gives them. */
  sortOthers(place: number, nowMs: number, freshMs: number): number {
    let count = 0
    for (let at = 0; at < this.#venues.length; at++) {
      if (at === place || nowMs - this.#heardMs[at]! > freshMs) continue
      let hole = count++
      for (; hole > 0 && this.#price[this.#fresh[hole - 1]!]! > this.#price[at]!; hole--)
        this.#fresh[hole] = this.#fresh[hole - 1]!
      this.#fresh[hole] = at
    }
    return count
  }

  /** Of the venues that `sortOthers` has sorted, from the lowest price. */
  freshAt(index: number): Decimal {
    return this.#text[this.#fresh[index]!]!
  }

  /** The median of `count` sorted prices in f64, to nominate. */
  medianFloat(count: number): number {
    const high = this.#price[this.#fresh[count >> 1]!]!
    return count % 2 === 1 ? high : (high + this.#price[this.#fresh[(count >> 1) - 1]!]!) / 2
  }

  median(count: number): Decimal {
    const high = this.freshAt(count >> 1)
    return count % 2 === 1 ? high : middleOf(this.freshAt((count >> 1) - 1), high)
  }

  /** The middle one of `count` sorted prices, in f64, to nominate. */
  middleFloat(count: number): number {
    return this.#price[this.#fresh[(count - 1) >> 1]!]!
  }

  /** The same where at least `agreeMin` of them and most of them are within `scale` of it; empty otherwise. Exact. */
  agreed(count: number, agreeMin: number, scale: Decimal): Decimal {
    if (count < agreeMin) return ''
    const middle = this.freshAt((count - 1) >> 1)
    let agree = 0
    for (let at = 0; at < count; at++) if (!isOffScale(this.freshAt(at), middle, scale)) agree++
    return agree >= agreeMin && agree * 2 > count ? middle : ''
  }
}
