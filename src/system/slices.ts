import type { Clock } from '../domain/index.ts'

/** The longest work in one turn of the event loop. Sockets and timers wait so long, and for the piece in hand. */
export const SLICE_MS = 5

/** Cuts long work into slices. Between two pieces of it call `if (slices.isOver) await slices.next()`. */
export class Slices {
  readonly #clock: Clock
  #startedMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  get isOver(): boolean {
    return this.#clock.monotonicMs() - this.#startedMs >= SLICE_MS
  }

  /** Resolves in a later turn, when the next slice begins. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.nextTurn(resolve))
    this.begin()
  }

  /** Begins a slice. Call after a wait for something else. */
  begin(): void {
    this.#startedMs = this.#clock.monotonicMs()
  }
}
