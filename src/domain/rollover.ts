import { compareDecimals, nonNegativeDecimalSchema } from './decimal.ts'

/** How long a rollover fee of Kraken lasts, from the opening of the position: `terms`, "0.0100% per 4 hours". */
export const ROLLOVER_EVERY_MS = 14_400_000

/** Kraken asks for at most 0.025 %. A rate above this one is in per cent, or of a day. */
export const FOUR_HOURLY_ROLLOVER_RATE_MAX = '0.001'

/** The share of its value at entry that four hours of a position cost, a fraction. */
export const fourHourlyRolloverRateSchema = nonNegativeDecimalSchema.refine(
  (rate) => compareDecimals(rate, FOUR_HOURLY_ROLLOVER_RATE_MAX) <= 0,
  {
    message: `must be a fraction of at most ${FOUR_HOURLY_ROLLOVER_RATE_MAX} each 4 hours: 0.0001 where the venue states 0.0100%`,
  },
)

/** Why the time of a rollover does not fit balances of `asOfMs`; undefined if it does. */
export function reasonAgainstRolloverTime(rolloverTimeMs: number, asOfMs: number): string | undefined {
  return rolloverTimeMs <= asOfMs + ROLLOVER_EVERY_MS
    ? undefined
    : `must be at most 4 hours after asOfMs, ${asOfMs}: it is the next rollover or an earlier one`
}
