import type { Clock } from '../domain/index.ts'

/**
 * Counts the time in which this process could read its sockets. While the event loop is blocked, frames wait unread: that
 * time says nothing about a venue, so no deadline of a feed counts it. A late check shows that the loop was blocked.
 */
export class Hearing {
  readonly #clock: Clock
  readonly #lateMaxMs: number
  #checkDueMs: number
  #deafMs = 0
  #wasDeaf = false

  /** A check later than `lateMaxMs` means that the process was deaf. */
  constructor(clock: Clock, lateMaxMs: number) {
    this.#clock = clock
    this.#lateMaxMs = lateMaxMs
    this.#checkDueMs = clock.monotonicMs()
  }

  /** Whether the process was deaf since the last call of `expectCheck`. */
  get wasDeaf(): boolean {
    return this.#wasDeaf
  }

  /** Announces the next check. A check later than that shows that the process was deaf. */
  expectCheck(afterMs: number): void {
    this.#checkDueMs = this.#clock.monotonicMs() + afterMs
    this.#wasDeaf = false
  }

  /** Milliseconds of hearing so far. For deadlines only: it does not grow while the process is deaf. */
  nowMs(): number {
    return this.at(this.#clock.monotonicMs())
  }

  /** The same for a monotonic time that was just read. */
  at(monotonicMs: number): number {
    const lateMs = monotonicMs - this.#checkDueMs
    if (lateMs > this.#lateMaxMs) {
      this.#deafMs += lateMs
      this.#checkDueMs = monotonicMs
      this.#wasDeaf = true
    }
    return monotonicMs - this.#deafMs
  }
}
