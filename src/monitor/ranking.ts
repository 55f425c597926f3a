/** Entries sorted in one go: about half a millisecond. */
const RUN_ENTRIES = 2_048
/** Entries merged between two looks at the clock. */
const MERGED_PER_LOOK = 256

/** Entries in the order in which they came, and after `sort` worst first. */
class Run {
  readonly findings: number[] = []
  readonly shortfalls: number[] = []
  readonly ratios: number[] = []
  readonly number: number
  /** Places in the three columns, worst first. */
  order: number[] = []
  /** Entries that are merged. */
  merged = 0

  constructor(number: number) {
    this.number = number
  }

  sort(): void {
    const { shortfalls, ratios } = this
    this.order = shortfalls.map((_, at) => at)
    this.order.sort((a, b) => shortfalls[b]! - shortfalls[a]! || ratios[b]! - ratios[a]! || a - b)
  }
}

/**
 * Findings of one instant, worst first: by shortfall, then by margin ratio, then in the order of their verdicts. Sorting
 * 400,000 in one go stalls the event loop for 0.8 s, so runs are sorted one at a time and merged in slices, after the
 * verdicts of the instant are given.
 */
export class Ranking {
  readonly #runs: Run[] = []
  #sorted = 0
  /** A heap of the runs by their first entry that is not merged yet. */
  #heap: Run[] | undefined
  readonly #merged: number[] = []

  /** `shortfall` in quote currency and `ratio` are f64, for ranking only. */
  add(finding: number, shortfall: number, ratio: number): void {
    let run = this.#runs.at(-1)
    if (run === undefined || run.findings.length === RUN_ENTRIES) {
      run = new Run(this.#runs.length)
      this.#runs.push(run)
    }
    run.findings.push(finding)
    run.shortfalls.push(shortfall)
    run.ratios.push(ratio)
  }

  /** Sorts and merges until the given time; the findings in their order, once it is complete. */
  work(monotonicMs: () => number, endMs: number): readonly number[] | undefined {
    for (; this.#sorted < this.#runs.length; this.#sorted++) {
      if (this.#sorted > 0 && monotonicMs() > endMs) return undefined
      this.#runs[this.#sorted]!.sort()
    }
    // A list in ascending order is a heap.
    this.#heap ??= this.#runs.toSorted((a, b) => (isWorse(a, b) ? -1 : 1))
    while (this.#heap.length > 0) {
      for (let i = 0; i < MERGED_PER_LOOK && this.#heap.length > 0; i++) this.#mergeOne(this.#heap)
      if (this.#heap.length > 0 && monotonicMs() > endMs) return undefined
    }
    return this.#merged
  }

  #mergeOne(heap: Run[]): void {
    const top = heap[0]!
    this.#merged.push(top.findings[top.order[top.merged++]!]!)
    if (top.merged === top.order.length) {
      const last = heap.pop()!
      if (heap.length === 0) return
      heap[0] = last
    }
    sink(heap)
  }
}

/** Puts the top of the heap into its place. */
function sink(heap: Run[]): void {
  for (let parent = 0; ; ) {
    let worst = parent
    for (let child = 2 * parent + 1; child <= 2 * parent + 2 && child < heap.length; child++) {
      if (isWorse(heap[child]!, heap[worst]!)) worst = child
    }
    if (worst === parent) return
    ;[heap[parent], heap[worst]] = [heap[worst]!, heap[parent]!]
    parent = worst
  }
}

/** Whether the first entry of `a` that is not merged goes before that of `b`. */
function isWorse(a: Run, b: Run): boolean {
  const [atA, atB] = [a.order[a.merged]!, b.order[b.merged]!]
  const order = b.shortfalls[atB]! - a.shortfalls[atA]! || b.ratios[atB]! - a.ratios[atA]!
  return order === 0 ? a.number < b.number : order < 0
}
