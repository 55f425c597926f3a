import type { OpenRevision } from '../domain/index.ts'
import type { Suspicion } from '../integrity/index.ts'
import type { SeenMark } from './market.ts'

/** Prices of events that wait until other venues are fresh, about 600 bytes each. Events on one more stay as they are. */
const UNCOMPARED_MAX = 200_000
const SWEEP_EVERY_MS = 10_000

/** An event that has one revision at most: when all its suspicions are decided. One without any has none. */
export interface RevisableEvent {
  open: OpenRevision
  /** One for each of its markets. */
  readonly suspicions: Suspicion[]
  state: 'not-waiting' | 'waiting' | 'ended'
}

interface UncomparedPrice {
  readonly event: RevisableEvent
  readonly mark: SeenMark
  readonly untilMs: number
}

/** Events on prices of which no other venues say yet whether they are off scale. Times are Unix milliseconds. */
export class UncomparedEvents {
  readonly #byMarket = new Map<number, UncomparedPrice[]>()
  #size = 0
  #sweepMs = 0

  get isEmpty(): boolean {
    return this.#size === 0
  }

  add(instrument: number, price: UncomparedPrice): void {
    if (this.#size === UNCOMPARED_MAX) return
    this.#size++
    const others = this.#byMarket.get(instrument)
    if (others === undefined) this.#byMarket.set(instrument, [price])
    else others.push(price)
  }

  /** Those of the market that are not over; they wait no more. */
  take(instrument: number, nowMs: number): readonly UncomparedPrice[] {
    const prices = this.#byMarket.get(instrument) ?? []
    this.#byMarket.delete(instrument)
    this.#size -= prices.length
    return prices.filter(({ untilMs }) => nowMs < untilMs)
  }

  /** Drops those that are over, now and then. */
  expire(nowMs: number): void {
    if (this.#size === 0 || nowMs < this.#sweepMs) return
    this.#sweepMs = nowMs + SWEEP_EVERY_MS
    this.#size = 0
    for (const [instrument, prices] of this.#byMarket) {
      const left = prices.filter(({ untilMs }) => nowMs < untilMs)
      this.#size += left.length
      if (left.length === 0) this.#byMarket.delete(instrument)
      else this.#byMarket.set(instrument, left)
    }
  }
}
