import type { Account, RulesChange, VenueId } from '../domain/index.ts'

/** Symbols with new rules, by venue, for which accounts are compiled anew. */
export class NewRules {
  readonly #symbols = new Map<VenueId, Set<string>>()

  /** Venues. */
  get size(): number {
    return this.#symbols.size
  }

  add({ venue, symbols }: Pick<RulesChange, 'venue' | 'symbols'>): void {
    const known = this.#symbols.get(venue)
    if (known === undefined) this.#symbols.set(venue, new Set(symbols))
    else for (const symbol of symbols) known.add(symbol)
  }

  /** Whether one of the account's positions has new rules. */
  concern({ venue, positions }: Pick<Account, 'venue' | 'positions'>): boolean {
    const symbols = this.#symbols.get(venue)
    return positions.some(({ symbol }) => symbols?.has(symbol) === true)
  }

  clear(): void {
    this.#symbols.clear()
  }
}
