import type { Found } from './found.ts'

/** Entries sorted in one go: about half a millisecond. */
const RUN_ENTRIES = 2_048
/** Entries merged between two looks at the clock. */
const MERGED_PER_LOOK = 64

/**
 * The transitions of one instant, worst first: liquidations before everything else, then by shortfall, by margin
 * ratio, and by id, so that the order is total. Sorting 400,000 in one go stalls the event loop for 0.8 s, so runs
 * are sorted as they fill up and merged in slices.
 */
export class Ranking {
  readonly #runs: Found[][] = []
  #run: Found[] = []
  /** A heap of the runs by their first entry that is not merged yet. */
  #heap: { readonly run: readonly Found[]; at: number }[] | undefined
  #merged: Found[] = []

  add(found: Found): void {
    this.#run.push(found)
    if (this.#run.length === RUN_ENTRIES) this.#endRun()
  }

  /** Merges until the given time; the order, each entry with its rank, once it is complete. */
  work(monotonicMs: () => number, endMs: number): readonly Found[] | undefined {
    const heap = this.#opened()
    while (heap.length > 0) {
      for (let i = 0; i < MERGED_PER_LOOK && heap.length > 0; i++) this.#mergeOne(heap)
      if (heap.length > 0 && monotonicMs() > endMs) return undefined
    }
    return this.#merged
  }

  #opened() {
    if (this.#heap !== undefined) return this.#heap
    if (this.#run.length > 0) {
      this.#run.sort(worstFirst)
      this.#runs.push(this.#run)
    }
    const heap = this.#runs.map((run) => ({ run, at: 0 }))
    // A list in ascending order is a heap.
    heap.sort((a, b) => worstFirst(a.run[0]!, b.run[0]!))
    this.#heap = heap
    return heap
  }

  #endRun(): void {
    this.#run.sort(worstFirst)
    this.#runs.push(this.#run)
    this.#run = []
  }

  #mergeOne(heap: { readonly run: readonly Found[]; at: number }[]): void {
    const top = heap[0]!
    const found = top.run[top.at]!
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

/** Puts the top of the heap into its place. */
function sink(heap: { readonly run: readonly Found[]; at: number }[]): void {
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

function headOf({ run, at }: { readonly run: readonly Found[]; readonly at: number }): Found {
  return run[at]!
}

function worstFirst(a: Found, b: Found): number {
  const urgency = Number(isUrgent(b)) - Number(isUrgent(a))
  if (urgency !== 0) return urgency
  return b.shortfall - a.shortfall || b.ratio - a.ratio || (a.watched.id < b.watched.id ? -1 : 1)
}

export function isUrgent({ transition }: Found): boolean {
  return transition.kind === 'liquidation'
}
