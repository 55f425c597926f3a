import type { Clock } from '../domain/index.ts'
import type { Hearing } from './hearing.ts'
import { type FeedLimits, READ_TURNS_MAX } from './limits.ts'

export interface CheckLoopOptions {
  readonly clock: Clock
  readonly hearing: Hearing
  readonly limits: FeedLimits
  /** Texts received so far. */
  readonly received: () => number
  /** Checks every deadline. `heardMs` is the time of the feed's `Hearing`. */
  readonly check: (heardMs: number) => void
}

/** Calls `check` every `checkEveryMs`. Frames that wait in the sockets are read before a deadline is judged. */
export class CheckLoop {
  readonly #options: CheckLoopOptions
  #cancel: () => void = () => {}
  #isClosed = false

  constructor(options: CheckLoopOptions) {
    this.#options = options
    this.#schedule()
  }

  close(): void {
    this.#isClosed = true
    this.#cancel()
  }

  #schedule(): void {
    if (this.#isClosed) return
    const { clock, hearing, limits } = this.#options
    hearing.expectCheck(limits.checkEveryMs)
    this.#cancel = clock.after(limits.checkEveryMs, () => {
      hearing.nowMs()
      this.#readThenCheck(hearing.wasDeaf ? READ_TURNS_MAX : 1)
    })
  }

  /** After the event loop was blocked, reading takes many turns; `turnsLeft` limits them. */
  #readThenCheck(turnsLeft: number): void {
    const { clock, hearing, received, check } = this.#options
    const before = received()
    clock.nextTurn(() => {
      if (this.#isClosed) return
      if (received() > before && turnsLeft > 1) return this.#readThenCheck(turnsLeft - 1)
      check(hearing.nowMs())
      this.#schedule()
    })
  }
}
