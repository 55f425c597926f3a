/** Bytes to ask of Redis in one reply. A reply is held in memory as a whole and parsed in one step. */
export const REPLY_BYTES_TARGET = 262_144
/** Accounts or changes asked of Redis in one reply, however small they are. */
const REPLY_ITEMS_MAX = 1_000
/** Items of the first reply, before their size is known. */
const REPLY_ITEMS_FIRST = 16
/** The next reply may have so many times the items of the last one. */
const REPLY_ITEMS_GROWTH = 4

/** How many items to ask of Redis, so that a reply holds about REPLY_BYTES_TARGET. */
export class ReplySize {
  #items = REPLY_ITEMS_FIRST

  get items(): number {
    return this.#items
  }

  /** `texts`: all texts of a reply of so many items. A character counts as a byte. */
  learn(items: number, texts: Iterable<string>): void {
    if (items === 0) return
    let bytes = 0
    for (const text of texts) bytes += text.length
    const fitting = Math.floor((REPLY_BYTES_TARGET * items) / Math.max(bytes, 1))
    this.#items = Math.max(1, Math.min(fitting, this.#items * REPLY_ITEMS_GROWTH, REPLY_ITEMS_MAX))
  }
}
