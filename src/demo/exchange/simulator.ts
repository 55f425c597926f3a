import type { StreamCount } from './stream-count.ts'

/** One host of a venue over the market. */
export interface Simulator {
  /** Stream id → URL, in the form of the worker's configuration. */
  readonly urls: Readonly<Record<string, string>>
  /** Stream id → what it has sent. */
  readonly counts: Readonly<Record<string, StreamCount>>
  /**
   * Sends what is due `elapsedMs` after the exchange opened. `changed` are the places of the instruments whose marks one step of the
   * market changed.
   */
  step(changed: readonly number[], elapsedMs: number): void
  /** Where it is asked for prices: it states none from now on. A stream is held by its last step. */
  hold?(): void
  stop(): Promise<void>
}
