import { ASKED_BY_NAME_MAX, type FeedLimits } from './limits.ts'
import { refusalDelayMs } from './refusals.ts'

interface Late {
  /** Requests without an answer. */
  count: number
  /** When it will be requested again, by the feed's `Hearing`; undefined while a request waits for its answer. */
  dueMs: number | undefined
}

/** Symbols that the venue did not acknowledge in time although it answered others by name. */
export class LateSymbols {
  readonly #limits: FeedLimits
  readonly #late = new Map<string, Late>()

  constructor(limits: FeedLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#late.size
  }

  has(symbol: string): boolean {
    return this.#late.has(symbol)
  }

  /**
   * A request for the symbol had no answer in time. True when it is to be requested again; false after ASKED_BY_NAME_MAX
   * requests.
   */
  add(symbol: string, nowMs: number): boolean {
    const late = this.#late.get(symbol) ?? { count: 0, dueMs: undefined }
    late.count++
    const isAskedAgain = late.count <= ASKED_BY_NAME_MAX
    late.dueMs = isAskedAgain ? nowMs + refusalDelayMs(late.count, this.#limits) : undefined
    this.#late.set(symbol, late)
    return isAskedAgain
  }

  answered(symbol: string): void {
    this.#late.delete(symbol)
  }

  /** Takes the symbols to request again now. */
  takeDue(nowMs: number): readonly string[] {
    const due: string[] = []
    for (const [symbol, late] of this.#late) {
      if (late.dueMs === undefined || nowMs < late.dueMs) continue
      late.dueMs = undefined
      due.push(symbol)
    }
    return due
  }
}
