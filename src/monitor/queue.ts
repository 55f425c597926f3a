/** First in, first out, in amortised constant time. */
export class Queue<T> {
  #entries: (T | undefined)[] = []
  #head = 0

  get first(): T | undefined {
    return this.#entries[this.#head]
  }

  push(entry: T): void {
    this.#entries.push(entry)
  }

  shift(): void {
    this.#entries[this.#head++] = undefined
    if (this.#head * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}
