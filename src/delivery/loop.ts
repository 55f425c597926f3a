import type { Clock } from '../domain/index.ts'
import { Waiter } from '../system/index.ts'

const RETRY_DELAY_MIN_MS = 50
/** Longest pause between two attempts. A failed step is repeated until it succeeds: every step is idempotent. */
const RETRY_DELAY_MAX_MS = 2_000

export interface LoopOptions {
  readonly clock: Clock
  /** Does a part of the work. False when there is nothing to do. */
  readonly step: () => Promise<boolean>
  /** Called for every failure of a step. `first` is true when the step before it succeeded. */
  readonly failed: (error: unknown, first: boolean) => void
}

/**
 * Runs the step of a stage again and again. It waits when there is nothing to do, and repeats a failed step with
 * back-off. A bug rejects `run`.
 */
export class Loop {
  readonly #options: LoopOptions
  readonly #work = new Waiter()
  readonly #delay = new Waiter()
  #failing = false
  #delayMs = RETRY_DELAY_MIN_MS
  #stopped = false

  constructor(options: LoopOptions) {
    this.#options = options
  }

  /** Call when there may be work. */
  notify(): void {
    this.#work.notify()
  }

  /** Ends the loop after the present step. */
  stop(): void {
    this.#stopped = true
    this.#work.notify()
    this.#delay.notify()
  }

  /** The step did its work against Redis: the next failure is the first of a new outage. */
  succeeded(): void {
    this.#failing = false
    this.#delayMs = RETRY_DELAY_MIN_MS
  }

  fail(error: unknown): void {
    if (this.#stopped) return
    const first = !this.#failing
    this.#failing = true
    this.#options.failed(error, first)
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (!(await this.#options.step())) await this.#work.wait()
      } catch (error) {
        if (isBug(error)) throw error
        this.fail(error)
        await this.#delay.wait(this.#options.clock, this.#delayMs)
        this.#delayMs = Math.min(this.#delayMs * 2, RETRY_DELAY_MAX_MS)
      }
    }
  }
}

/** Whether an error is a bug, which a repeat cannot mend. */
export function isBug(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true
  return error instanceof Error && error.message.startsWith('invariant broken')
}
