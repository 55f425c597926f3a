import type { VenueId } from './account.ts'

/** What a price follows. Prices of one underlying are comparable between venues. */
export interface Underlying {
  /** The coin, with its unit where that is not one coin: `BTC`, `1000 PEPE`; in another currency than the dollar `BTC/EUR`. */
  readonly name: string
  /** The coin alone, by which thresholds are chosen: `PEPE` of `1000 PEPE`. */
  readonly coin: string
  /** Name of the index price that the venue states for it (`indexName`); undefined of an index price itself. */
  readonly index: string | undefined
}

/** Undefined for what cannot be compared: dated contracts have a basis, options a strike. */
export type UnderlyingOf = (venue: VenueId, symbol: string) => Underlying | undefined
