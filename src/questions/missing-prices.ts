import type { MissingPrice } from './prices.ts'

export interface CountedPrice extends MissingPrice {
  /** How many wait for it. */
  readonly marginAccounts: number
}

/** Prices that are not known, and how many margin accounts wait for each. */
export class MissingPrices {
  marginAccounts = 0
  readonly #counts = new Map<string, MissingPrice & { marginAccounts: number }>()

  /** Of one margin account. */
  add(missing: readonly MissingPrice[]): void {
    this.marginAccounts++
    for (const price of missing) {
      const key = `${price.kind} ${price.venue} ${price.name}`
      const known = this.#counts.get(key)
      if (known === undefined) this.#counts.set(key, { ...price, marginAccounts: 1 })
      else known.marginAccounts++
    }
  }

  /** Those for which most margin accounts wait come first. */
  list(): CountedPrice[] {
    return [...this.#counts.values()].sort((left, right) => right.marginAccounts - left.marginAccounts)
  }
}
