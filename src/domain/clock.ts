/** Time and timers as an argument, so that a run can be replayed. The real one is in `src/system/clock.ts`. */
export interface Clock {
  /** Wall time, milliseconds since the epoch. Only for stamps, never for intervals. */
  nowMs(): number
  /** Monotonic time in milliseconds with a fraction. For intervals, staleness and latencies. */
  monotonicMs(): number
  /** Calls `callback` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
  /** Calls `callback` in a later turn of the event loop, after I/O. */
  nextTurn(callback: () => void): void
}

/** Chance as an argument: uniform in [0, 1). */
export type Random = () => number
