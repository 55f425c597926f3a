import type { Contract } from '../domain/index.ts'

/** Contracts that have not ended yet, by their expiry: no more than the markets of the book. */
export class ExpiryTimes {
  /** By Unix milliseconds. */
  readonly #due = new Map<number, Contract[]>()
  /** The first of these times. */
  #nextMs = Number.POSITIVE_INFINITY

  add(expiryMs: number, contract: Contract): void {
    const others = this.#due.get(expiryMs)
    if (others === undefined) this.#due.set(expiryMs, [contract])
    else others.push(contract)
    this.#nextMs = Math.min(this.#nextMs, expiryMs)
  }

  /** Takes those that have ended, the first to end first. What is added meanwhile may come with the next call. */
  *takeUntil(nowMs: number): Generator<readonly [expiryMs: number, contracts: readonly Contract[]]> {
    if (nowMs < this.#nextMs) return
    const times = [...this.#due.keys()].sort((a, b) => a - b)
    this.#nextMs = times.find((expiryMs) => expiryMs > nowMs) ?? Number.POSITIVE_INFINITY
    for (const expiryMs of times.filter((time) => time <= nowMs)) {
      const contracts = this.#due.get(expiryMs)!
      // First, because the monitor may apply changes of the book meanwhile, which add contracts.
      this.#due.delete(expiryMs)
      yield [expiryMs, contracts]
    }
  }
}
