import { RadixSort } from './radix-sort.ts'

/** More findings than this are sorted in slices; so many take about half a millisecond in one go. */
const SORTED_AT_ONCE = 2_048

/**
 * Puts the findings of one instant in order, worst first: by shortfall, then by margin ratio, then in the order of their
 * verdicts. It works in slices, after the verdicts of the instant are given: comparing 400,000 in one go would stall the
 * event loop for 0.8 s.
 */
export class Ranking {
  readonly #findings: number[] = []
  readonly #shortfalls: number[] = []
  readonly #ratios: number[] = []
  #sort: RadixSort | undefined

  /** `shortfall` in quote currency and `ratio` are f64, not negative, and for ranking only. */
  add(finding: number, shortfall: number, ratio: number): void {
    this.#findings.push(finding)
    this.#shortfalls.push(shortfall)
    this.#ratios.push(ratio)
  }

  /** Sorts until the given time; the findings in their order, once it is complete. */
  work(monotonicMs: () => number, endMs: number): readonly number[] | undefined {
    const places =
      this.#findings.length <= SORTED_AT_ONCE ? this.#compared() : this.#sorted(monotonicMs, endMs)
    if (places === undefined) return undefined
    const ordered: number[] = []
    for (let at = 0; at < places.length; at++) ordered.push(this.#findings[places[at]!]!)
    return ordered
  }

  #compared(): ArrayLike<number> {
    const [shortfalls, ratios] = [this.#shortfalls, this.#ratios]
    return this.#findings
      .map((_, place) => place)
      .sort((a, b) => shortfalls[b]! - shortfalls[a]! || ratios[b]! - ratios[a]!)
  }

  #sorted(monotonicMs: () => number, endMs: number): ArrayLike<number> | undefined {
    this.#sort ??= new RadixSort([this.#ratios, this.#shortfalls])
    while (!this.#sort.step()) if (monotonicMs() > endMs) return undefined
    return this.#sort.places
  }
}
