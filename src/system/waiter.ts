import type { Clock } from '../domain/index.ts'

/** Lets one loop wait for work or for a delay. `notify` ends the wait; without a wait, it ends the next one. */
export class Waiter {
  #notified = false
  #resolve: (() => void) | undefined

  notify(): void {
    this.#notified = true
    this.#resolve?.()
  }

  async wait(clock?: Clock, limitMs = 0): Promise<void> {
    if (!this.#notified) {
      await new Promise<void>((resolve) => {
        const cancel = clock?.after(limitMs, resolve)
        this.#resolve = () => {
          cancel?.()
          resolve()
        }
      })
    }
    this.#notified = false
    this.#resolve = undefined
  }
}
