import { z } from 'zod'
import type { VenueId } from './account.ts'
import { positiveDecimalSchema } from './decimal.ts'
import type { LevelName } from './level.ts'
import { MARK_BAR_MS } from './venue.ts'

/** The start of the minute of that time. */
export function minuteOf(timeMs: number): number {
  return timeMs - (timeMs % MARK_BAR_MS)
}

const heardRangeSchema = z.object({
  minuteMs: z.int().nonnegative(),
  low: positiveDecimalSchema,
  high: positiveDecimalSchema,
})
/** The lowest and the highest mark of a market that a worker heard in one minute of the venue's time. */
export type HeardRange = Readonly<z.infer<typeof heardRangeSchema>>

export const watermarkTermsSchema = z.object({
  eventTimeMs: z.int().positive(),
  heard: heardRangeSchema.nullable(),
})
/** The last mark of a market that a worker evaluated; or since when it waits for the first one. */
export interface Watermark {
  readonly venue: VenueId
  readonly symbol: string
  /** The venue's time of that mark; where none was evaluated, when the first margin account joined the market. */
  readonly eventTimeMs: number
  /** In the minute of that mark; null where none was evaluated. */
  readonly heard: HeardRange | null
}

/** A span in which the marks of a market, or the index prices of that name, were not heard. */
export interface Gap {
  readonly venue: VenueId
  readonly symbol: string
  /** The venue's time of the last price before it, and of the first one after it. */
  readonly fromMs: number
  readonly toMs: number
  /**
   * What was heard in the minutes in which it begins and ends, once each is over: an extreme of such a minute that was heard is
   * none that was missed.
   */
  readonly heard: readonly HeardRange[]
  /** Margin account → the highest level at which it stood at one of the ends, of those above safe. */
  readonly held: ReadonlyMap<string, LevelName>
}

/**
 * Why a gap is not filled, or not all of it. `no-record`: the venue keeps no public record of such prices. `too-long`: it is longer
 * than is filled. `too-many`: more of them wait than are held. `unavailable`: the venue does not answer. `bars-missing`: the record lacks minutes of it. `terms-unknown`: of some
 * margin accounts a price of another market, or their terms of that time, are not known.
 */
export const gapReasonSchema = z.enum([
  'no-record',
  'too-long',
  'too-many',
  'unavailable',
  'bars-missing',
  'terms-unknown',
])
export type GapReason = z.infer<typeof gapReasonSchema>

export const gapTermsSchema = z.object({
  toMs: z.int().positive(),
  heard: z.array(heardRangeSchema).max(2),
  /** `open`: it waits for the bars of the venue, or for their evaluation. */
  state: z.enum(['open', 'filled', 'unfilled']),
  reasons: z.array(gapReasonSchema),
  /** Margin accounts of which a level was found that had been missed. */
  found: z.int().nonnegative(),
  /** Margin accounts without a verdict in it. */
  undecided: z.int().nonnegative(),
})
/** A gap as it is kept, so that the next worker goes on with it and `plimsoll gaps` lists it. */
export interface KeptGap extends Readonly<z.infer<typeof gapTermsSchema>> {
  readonly venue: VenueId
  readonly symbol: string
  readonly fromMs: number
}

/** What is kept of gaps. */
export interface GapLogEntries {
  readonly watermarks: readonly Watermark[]
  /** In the order of their beginnings. */
  readonly gaps: readonly KeptGap[]
}
