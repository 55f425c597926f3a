import { hash } from 'node:crypto'
import type { Decimal } from '../domain/index.ts'

/** A relative difference, a fraction: 0.1 is 10 %. */
export interface Limits {
  /** Of the coins in `majors`. */
  readonly majors: Decimal
  readonly others: Decimal
}

/** By which marks are classified and suspect events revised. Times are milliseconds. */
export interface IntegrityTerms {
  readonly majors: readonly string[]
  /** Difference from the last accepted mark, if that is at most `jumpWithinMs` older by the time of the venue. */
  readonly jump: Limits
  readonly jumpWithinMs: number
  /** Difference from the index price that the venue states for the contract. */
  readonly index: Limits
  /** Difference from the median of the other venues that follow the same coin; only where at least `venuesMin` are fresh. */
  readonly crossVenue: Limits
  readonly venuesMin: number
  /** Of these, so many within the limit confirm a suspect price. */
  readonly venuesAgreeMin: number
  /** An index price, or the mark of another venue, counts so long after it was heard. */
  readonly freshMs: number
  /**
   * So many times above or below the last accepted mark, the last one that was not, and what the other venues agree on (the index
   * price where they do not), of those that are known. They agree where `venuesAgreeMin` and most of those that are fresh are within
   * it of the middle one.
   */
  readonly scale: Decimal
  /** The same of marks of its own alone, where other venues do not agree: it counts whatever the index price says. */
  readonly scaleDespiteIndex: Decimal
  /** After so long beyond `scale` a mark within `reinstateWithin` of the one before is accepted. */
  readonly reinstateAfterMs: number
  readonly reinstateWithin: Decimal
  /** Between the time of the venue and the receipt, either way. */
  readonly clockSkewMaxMs: number
  /** Further marks that leave an account where a suspect one has put it, and the time from that one to the last of them. */
  readonly confirmMarksMin: number
  readonly confirmAfterMs: number
  /** Further marks, and the time, after which a price that stood for one mark and is back is retracted. */
  readonly retractMarksMin: number
  readonly retractAfterMs: number
  /** A suspect event that nothing confirmed or retracted by then is `undecided`. */
  readonly decideWithinMs: number
  /**
   * The share of the held markets of a venue, and the least number of them, that have to have a suspect mark within `venueWithinMs`
   * for an anomaly of the venue.
   */
  readonly venueShare: Decimal
  readonly venueMarketsMin: number
  readonly venueWithinMs: number
  /** It is over when fewer had one for so long. */
  readonly venueQuietMs: number
}

export interface IntegrityRules extends IntegrityTerms {
  /** `integrity-1-` and eight digits of a hash of all terms: other terms have another version. */
  readonly version: string
}

/**
 * Jump: half of what BitMEX takes for an outlier in its indexes (25 % of Bitcoin, 50 % of others, from the median). Index and
 * other venues: the cap that Binance puts on a constituent of its index (3 %, before 5 %). Clock: BingX passes over data that are
 * 5 s off. Agreement of two of three: the minimum of exchanges of dYdX. Reinstatement: BitMEX, 15 minutes within 2 %. A stream of
 * one mark a second never has them exactly a second apart, so a jump is looked for over a second and a half. Scale despite the
 * index: the furthest that a venue is known to have moved mark and index at once is 52 times (JELLY, 2025-03-26), while units that
 * are taken for one another lie further apart than a thousand (satoshi 10^8, wei 10^18, the exponent of Pyth in 2021 10^8).
 */
export const DEFAULT_TERMS: IntegrityTerms = {
  majors: ['BTC', 'ETH'],
  jump: { majors: '0.1', others: '0.25' },
  jumpWithinMs: 1_500,
  index: { majors: '0.03', others: '0.05' },
  crossVenue: { majors: '0.03', others: '0.05' },
  venuesMin: 3,
  venuesAgreeMin: 2,
  freshMs: 5_000,
  scale: '10',
  scaleDespiteIndex: '1000',
  reinstateAfterMs: 900_000,
  reinstateWithin: '0.02',
  clockSkewMaxMs: 5_000,
  confirmMarksMin: 2,
  confirmAfterMs: 1_000,
  retractMarksMin: 3,
  retractAfterMs: 2_000,
  decideWithinMs: 60_000,
  venueShare: '0.3',
  venueMarketsMin: 5,
  venueWithinMs: 2_000,
  venueQuietMs: 10_000,
}

const HASH_DIGITS = 8

/** The terms with their version. */
export function integrityRules(terms: Partial<IntegrityTerms> = {}): IntegrityRules {
  const all = { ...DEFAULT_TERMS, ...terms }
  const text = JSON.stringify(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...all, version: `integrity-1-${hash('sha256', text, 'hex').slice(0, HASH_DIGITS)}` }
}
