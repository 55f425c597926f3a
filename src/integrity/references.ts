import type { Decimal } from '../domain/index.ts'
import { VenueMarks } from './venue-marks.ts'

/** The index price of a venue that marks are compared with. */
export interface IndexPrice {
  /** Empty before the first. */
  text: Decimal
  price: number
  /** Monotonic; −Infinity before the first. */
  heardMs: number
}

/** What marks are compared with beside the marks of their own market: index prices by number, and underlyings by name. */
export class References {
  readonly #indexes: IndexPrice[] = []
  readonly #numbers = new Map<string, Map<string, number>>()
  readonly #underlyings = new Map<string, VenueMarks>()

  /** The number of an index price that `indexOf` has made; undefined for others. */
  indexNumberOf(venue: string, name: string): number | undefined {
    return this.#numbers.get(venue)?.get(name)
  }

  stateIndex(number: number, text: Decimal, nowMs: number): void {
    const index = this.#indexes[number]!
    if (index.text !== text) {
      index.text = text
      index.price = Number(text)
    }
    index.heardMs = nowMs
  }

  /** The index price of that name at the venue. It is made when it is first asked for. */
  indexOf(venue: string, name: string): IndexPrice {
    const ofVenue = this.#numbers.get(venue) ?? new Map<string, number>()
    this.#numbers.set(venue, ofVenue)
    const known = ofVenue.get(name)
    if (known !== undefined) return this.#indexes[known]!
    const index = { text: '', price: 0, heardMs: Number.NEGATIVE_INFINITY }
    ofVenue.set(name, this.#indexes.push(index) - 1)
    return index
  }

  marksOf(underlying: string): VenueMarks {
    const known = this.#underlyings.get(underlying) ?? new VenueMarks()
    this.#underlyings.set(underlying, known)
    return known
  }
}
