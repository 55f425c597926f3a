import type { Clock } from '../../src/domain/index.ts'

/** A clock that stands still until it is moved; timers and turns run when it is. */
export class TestClock implements Clock {
  #timeMs: number
  #timers: { atMs: number; callback: () => void }[] = []
  #turns: (() => void)[] = []

  /** `timeMs`: Unix milliseconds, and the monotonic time as well. */
  constructor(timeMs = 1_000_000) {
    this.#timeMs = timeMs
  }

  /** Timers that have not run and are not cancelled. */
  get timers(): number {
    return this.#timers.length
  }

  nowMs(): number {
    return this.#timeMs
  }

  monotonicMs(): number {
    return this.#timeMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#timeMs + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  nextTurn(callback: () => void): void {
    this.#turns.push(callback)
  }

  /** Runs the turns that wait, and those that they ask for. */
  runTurns(): void {
    while (this.#turns.length > 0) this.runTurn()
  }

  /** Runs the turns that wait. */
  runTurn(): void {
    for (const turn of this.#turns.splice(0)) turn()
  }

  /** Moves time; timers that fall due run in order. */
  advance(byMs: number): void {
    this.advanceTo(this.#timeMs + byMs)
  }

  advanceTo(endMs: number): void {
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#timeMs = Math.max(this.#timeMs, next.atMs)
      this.#timers = this.#timers.filter((other) => other !== next)
      next.callback()
    }
    this.#timeMs = endMs
  }
}
