import type { Account, RulesChange, VenueId } from '../domain/index.ts'

interface VenueChange {
  readonly symbols: Set<string>
  /** Whether an asset counts otherwise in the pools of the venue. */
  hasAssets: boolean
}

/** Symbols and assets with new rules, by venue, for which accounts are compiled anew. */
export class NewRules {
  readonly #venues = new Map<VenueId, VenueChange>()

  /** Venues. */
  get size(): number {
    return this.#venues.size
  }

  add({ venue, symbols, assets }: Omit<RulesChange, 'kind'>): void {
    const known = this.#venues.get(venue) ?? { symbols: new Set<string>(), hasAssets: false }
    this.#venues.set(venue, known)
    for (const symbol of symbols) known.symbols.add(symbol)
    known.hasAssets ||= assets.length > 0
  }

  /**
   * Whether one of the account's positions has new rules, or its pool may. Which assets count in a pool depends on where its positions
   * settle, which only the rules say: so every pool of the venue is compiled anew.
   */
  concern({ venue, positions, pool }: Pick<Account, 'venue' | 'positions' | 'pool'>): boolean {
    const change = this.#venues.get(venue)
    if (change === undefined) return false
    if (change.hasAssets && pool !== undefined) return true
    return positions.some(({ symbol }) => change.symbols.has(symbol))
  }

  clear(): void {
    this.#venues.clear()
  }
}
