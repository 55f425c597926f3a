import type { VenueId } from './account.ts'
import type { Decimal } from './decimal.ts'
import type { LevelName } from './level.ts'

/** Length of the bars by which a venue states its past marks. */
export const BAR_MS = 60_000

/** The start of the minute of that time. */
export function minuteOf(timeMs: number): number {
  return timeMs - (timeMs % BAR_MS)
}

/** The lowest and the highest mark of a market that a worker heard in one minute of the venue's time. */
export interface HeardRange {
  readonly minuteMs: number
  readonly low: Decimal
  readonly high: Decimal
}

/** The last mark of a market that a worker evaluated. */
export interface Watermark {
  readonly venue: VenueId
  readonly symbol: string
  /** The venue's time. */
  readonly eventTimeMs: number
  /** In the minute of that mark. */
  readonly heard: HeardRange
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
