import { RadixSort } from './radix-sort.ts'

/** Figures of a margin account in f64, for ranking only. */
export interface Figures {
  readonly marginBalance: number
  readonly maintenanceMargin: number
}

/** Up to so many findings are sorted at once, in about half a millisecond; more are sorted in slices. */
const SORTED_AT_ONCE = 2_048

/**
 * Sorts the findings of one instant, worst first: by shortfall, then by margin ratio, then in the order of their verdicts.
 * It works in slices, after the verdicts of the instant: sorting 400,000 at once would stall the event loop for 0.8 s.
 */
export class Ranking {
  readonly #findings: number[] = []
  readonly #shortfalls: number[] = []
  readonly #ratios: number[] = []
  #sort: RadixSort | undefined
  /** Places in the order of the verdicts, worst first; undefined until all are sorted. */
  #places: ArrayLike<number> | undefined

  get length(): number {
    return this.#findings.length
  }

  /** `shortfall` in quote currency and `ratio` are f64, not negative, and for ranking only. */
  add(finding: number, shortfall: number, ratio: number): void {
    this.#findings.push(finding)
    this.#shortfalls.push(shortfall)
    this.#ratios.push(ratio)
  }

  /** Sorts until the given time; true when all is in order. */
  work(monotonicMs: () => number, endMs: number): boolean {
    if (this.#places !== undefined) return true
    if (this.length <= SORTED_AT_ONCE) this.#places = this.#compared()
    else {
      this.#sort ??= new RadixSort([this.#ratios, this.#shortfalls])
      while (!this.#sort.step()) if (monotonicMs() > endMs) return false
      this.#places = this.#sort.places
      this.#sort = undefined
    }
    return true
  }

  /** The finding at that place of the order, from 0; once `work` is true. */
  at(index: number): number {
    return this.#findings[this.#places![index]!]!
  }

  #compared(): number[] {
    const [shortfalls, ratios] = [this.#shortfalls, this.#ratios]
    return this.#findings
      .map((_, place) => place)
      .sort((a, b) => shortfalls[b]! - shortfalls[a]! || ratios[b]! - ratios[a]!)
  }
}
