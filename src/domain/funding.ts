import { z } from 'zod'
import type { VenueId } from './account.ts'
import { type Decimal, decimalSchema, positiveDecimalSchema } from './decimal.ts'

/** A higher rate of one payment is refused: it is a percentage given as a fraction. */
export const FUNDING_RATE_MAX: Decimal = '0.5'

/**
 * Funding records of one market that count for an account: a year of one every 8 h, six weeks of one every hour. What was
 * charged before them is unknown for an account whose balances are older.
 */
export const FUNDING_RECORDS_MAX = 1_000
/** So many of the oldest records of a market are joined to one, when there are twice as many as count. */
export const FUNDING_RECORDS_JOINED = FUNDING_RECORDS_MAX / 2

/** By what a venue charged funding: the rate, a fraction that long positions pay if above zero, and the mark of its time. */
export const fundingTermsSchema = z.strictObject({
  fundingRate: decimalSchema,
  markPrice: positiveDecimalSchema,
})
export type FundingTerms = Readonly<z.infer<typeof fundingTermsSchema>>

/** From what an isolated position pays funding. */
export type IsolatedPays = 'own-margin' | 'wallet-first'

/**
 * One funding time of a market that has passed; written once and never changed. `unknown`: the rate or the mark of that
 * time is not known, or it is not known whether and when the venue charged funding up to that time.
 */
export interface FundingRecord {
  readonly venue: VenueId
  readonly symbol: string
  readonly fundingTimeMs: number
  readonly terms: FundingTerms | 'unknown'
}

/** The next funding time of a market, as the venue announced it last. */
export interface FundingSchedule {
  readonly venue: VenueId
  readonly symbol: string
  readonly nextFundingTimeMs: number
}

/** Where a worker writes down what it knows of funding, before it takes effect. */
export interface FundingLog {
  /** Keeps a record. The monitor gets it back by `applyFunding` once it is kept, or the one that was kept of its time before. */
  record(record: FundingRecord): void
  /** Keeps a schedule in the place of the earlier one of its market. */
  schedule(schedule: FundingSchedule): void
}
