import type { Account } from '../domain/index.ts'
import type { InstantTick } from './referee/referee.ts'

/** What the book holds of one venue, and what its worker has heard. */
export interface VenueCount {
  readonly accounts: number
  readonly markets: number
  /** Mark prices that were evaluated. */
  readonly prices: number
}

/** Counts a book by venue as it is stored, and the prices of its markets as they are evaluated. */
export interface VenueCounts {
  store(accounts: readonly Account[]): void
  hear(marks: readonly InstantTick[]): void
  /** The markets of the book, `venue:symbol`. */
  readonly markets: readonly string[]
  /** Those of which no mark was heard. */
  unheard(): readonly string[]
  of(venue: string): VenueCount
  /** Mark prices of all venues that were evaluated. */
  readonly prices: number
}

interface Counted {
  accounts: number
  readonly markets: Set<string>
  readonly heard: Set<string>
  prices: number
}

export function createVenueCounts(): VenueCounts {
  const counts = new Map<string, Counted>()
  const countedOf = (venue: string): Counted => {
    const known = counts.get(venue)
    if (known !== undefined) return known
    const counted: Counted = { accounts: 0, markets: new Set(), heard: new Set(), prices: 0 }
    counts.set(venue, counted)
    return counted
  }
  const all = (symbolsOf: (counted: Counted) => Iterable<string>): string[] =>
    [...counts].flatMap(([venue, counted]) =>
      Array.from(symbolsOf(counted), (symbol) => `${venue}:${symbol}`),
    )
  return {
    store(accounts) {
      for (const { venue, positions } of accounts) {
        const counted = countedOf(venue)
        counted.accounts += 1
        for (const { symbol } of positions) counted.markets.add(symbol)
      }
    },
    hear(marks) {
      for (const { venue, symbol, markPrice } of marks) {
        // A market that falls silent states no price.
        if (markPrice === '') continue
        const counted = countedOf(venue)
        counted.prices += 1
        counted.heard.add(symbol)
      }
    },
    get markets() {
      return all(({ markets }) => markets)
    },
    unheard: () => all(({ markets, heard }) => [...markets].filter((symbol) => !heard.has(symbol))),
    of(venue) {
      const { accounts, markets, prices } = countedOf(venue)
      return { accounts, markets: markets.size, prices }
    },
    get prices() {
      return [...counts.values()].reduce((sum, { prices }) => sum + prices, 0)
    },
  }
}
