import type { VenueId } from './account.ts'
import type { MarkSource } from './mark-source.ts'

/**
 * `unknown`: no mark since the feed opened. `refused`: the venue does not take the subscription. `fresh`: stated or
 * confirmed within the staleness limit. `stale`: neither.
 */
export type MarketState = 'unknown' | 'refused' | 'fresh' | 'stale'

/** A contract by the venue's name. */
export interface Contract {
  readonly venue: VenueId
  readonly symbol: string
}

/** How the mark of one market comes. Ages are in milliseconds. */
export interface MarketFeed extends Contract {
  /** Id of the source that carries the mark; null if no source of the venue does, and after the end of the contract. */
  readonly source: string | null
  readonly state: MarketState | 'uncarried' | 'expired' | 'delisted'
  /** The venue's reply if it refuses the market; otherwise null. */
  readonly refusal: string | null
  /** Since the last mark; null before the first. */
  readonly statedAgeMs: number | null
  /** Since the last mark or its confirmation; null before the first. */
  readonly seenAgeMs: number | null
  /** The venue's time of its newest event, Unix milliseconds; null before the first. */
  readonly eventTimeMs: number | null
  /** What stands for the mark where the venue publishes none; null for the venue's own mark, and before the first one. */
  readonly markSource: MarkSource | null
}

/** A market without a fresh mark. `reason` is a sentence for people. */
export interface BlindMarket {
  readonly venue: VenueId
  readonly symbol: string
  readonly state: Exclude<MarketFeed['state'], 'fresh'>
  readonly reason: string
}
