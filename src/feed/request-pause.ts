import type { Clock } from '../domain/index.ts'

/** Until when a venue wants no requests. Shared by all feeds of a source, because the venue counts by address. */
export class RequestPause {
  readonly #clock: Clock
  #endMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds until a request may be sent; 0: at once. */
  get leftMs(): number {
    return Math.max(0, this.#endMs - this.#clock.monotonicMs())
  }

  /** Never shortens a pause. */
  extend(forMs: number): void {
    this.#endMs = Math.max(this.#endMs, this.#clock.monotonicMs() + forMs)
  }
}
