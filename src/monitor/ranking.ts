import type { Found } from './found.ts'

/** Entries sorted in one go: about half a millisecond. */
const RUN_ENTRIES = 2_048
/** Entries merged between two looks at the clock. */
const MERGED_PER_LOOK = 64

interface Head {
  readonly run: readonly Found[]
  at: number
}

/**
 * The transitions of one instant, worst first: liquidations before everything else, then by shortfall, by margin
 * ratio, and by id, so that the order is total. Sorting 400,000 in one go stalls the event loop for 0.8 s, so runs
 * are sorted one at a time and merged in slices, after the verdicts of the instant are given.
 */
export class Ranking {
  readonly #runs: Found[][] = []
  #sorted = 0
  /** A heap of the runs by their first entry that is not merged yet. */
  #heap: Head[] | undefined
  readonly #merged: Found[] = []

  add(found: Found): void {
    const run = this.#runs.at(-1)
    if (run !== undefined && run.length < RUN_ENTRIES) run.push(found)
    else this.#runs.push([found])
  }

  /** Sorts and merges until the given time; the order, each entry with its rank, once it is complete. */
  work(monotonicMs: () => number, endMs: number): readonly Found[] | undefined {
    for (; this.#sorted < this.#runs.length; this.#sorted++) {
      if (this.#sorted > 0 && monotonicMs() > endMs) return undefined
      this.#runs[this.#sorted]!.sort(worstFirst)
    }
    this.#heap ??= heapOf(this.#runs)
    while (this.#heap.length > 0) {
      for (let i = 0; i < MERGED_PER_LOOK && this.#heap.length > 0; i++) this.#mergeOne(this.#heap)
      if (this.#heap.length > 0 && monotonicMs() > endMs) return undefined
    }
    return this.#merged
  }

  #mergeOne(heap: Head[]): void {
    const top = heap[0]!
    const found = headOf(top)
    this.#merged.push(found)
    found.rank = this.#merged.length
    if (++top.at === top.run.length) {
      const last = heap.pop()!
      if (heap.length === 0) return
      heap[0] = last
    }
    sink(heap)
  }
}

/** A list in ascending order is a heap. */
function heapOf(runs: readonly (readonly Found[])[]): Head[] {
  return runs.map((run) => ({ run, at: 0 })).sort((a, b) => worstFirst(headOf(a), headOf(b)))
}

/** Puts the top of the heap into its place. */
function sink(heap: Head[]): void {
  for (let parent = 0; ; ) {
    let worst = parent
    for (let child = 2 * parent + 1; child <= 2 * parent + 2 && child < heap.length; child++) {
      if (worstFirst(headOf(heap[child]!), headOf(heap[worst]!)) < 0) worst = child
    }
    if (worst === parent) return
    ;[heap[parent], heap[worst]] = [heap[worst]!, heap[parent]!]
    parent = worst
  }
}

function headOf({ run, at }: Head): Found {
  return run[at]!
}

function worstFirst(a: Found, b: Found): number {
  if (a.isUrgent !== b.isUrgent) return a.isUrgent ? -1 : 1
  return b.shortfall - a.shortfall || b.ratio - a.ratio || (a.watched.id < b.watched.id ? -1 : 1)
}
