import type { Clock } from '../domain/index.ts'

/** Work on accounts between two turns of the event loop. Sockets and timers wait as long, and for the account in hand. */
export const SLICE_MS = 5
/** Asked of Redis in one reply. Replies of more would be held in memory at once, and parsed in one step. */
export const REPLY_BYTES_TARGET = 262_144
/** Accounts or changes asked of Redis in one reply, however small they are. */
const REPLY_ITEMS_MAX = 1_000
/** Before the size of an item is known. */
const REPLY_ITEMS_FIRST = 16
/** How much more may be asked than the last time. */
const REPLY_ITEMS_GROWTH = 4

/** Cuts long work: between two pieces of it, `if (slices.isOver) await slices.next()`. */
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

  /** The next slice begins in a later turn. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.nextTurn(resolve))
    this.begin()
  }

  /** Call after a wait for something else: the turn has just begun. */
  begin(): void {
    this.#startedMs = this.#clock.monotonicMs()
  }
}

/** How many items to ask of Redis, so that a reply holds about REPLY_BYTES_TARGET. */
export class ReplySize {
  #items = REPLY_ITEMS_FIRST

  get items(): number {
    return this.#items
  }

  learn(items: number, bytes: number): void {
    if (items === 0) return
    const fitting = Math.floor((REPLY_BYTES_TARGET * items) / Math.max(bytes, 1))
    this.#items = Math.max(1, Math.min(fitting, this.#items * REPLY_ITEMS_GROWTH, REPLY_ITEMS_MAX))
  }
}
