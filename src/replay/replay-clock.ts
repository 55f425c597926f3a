import type { Clock } from '../domain/index.ts'
import { assert } from '../errors.ts'

/** The time of what is replayed. It stands still while the prices of one moment are worked at, so that no slice of work ends early. */
export class ReplayClock implements Clock {
  #nowMs: number
  readonly #turns: (() => void)[] = []

  /** Unix milliseconds. */
  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(): () => void {
    assert(false, 'a replay waits for nothing: its log of events always has room')
  }

  nextTurn(callback: () => void): void {
    this.#turns.push(callback)
  }

  advanceTo(timeMs: number): void {
    assert(timeMs >= this.#nowMs, 'the prices of a replay come in the order of their times')
    this.#nowMs = timeMs
  }

  /** Runs the turns that wait, and those that they ask for. */
  runTurns(): void {
    for (let turn = this.#turns.shift(); turn !== undefined; turn = this.#turns.shift()) turn()
  }
}
