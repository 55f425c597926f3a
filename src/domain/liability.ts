import { z } from 'zod'
import { assetSchema } from './asset.ts'
import { compareDecimals, nonNegativeDecimalSchema } from './decimal.ts'

/** A rate above it is one of a day or a year, or in per cent: the dearest assets of Binance cost a hundredth of it an hour. */
export const HOURLY_INTEREST_RATE_MAX = '0.01'

/**
 * What an account owes of one asset, interest included. With `hourlyInterestRate`, a fraction, `principal` times the rate is
 * added at each full hour of UTC. Absent, `principal` is `amount`, which is interest on interest: a little too much.
 */
export const liabilitySchema = z
  .strictObject({
    asset: assetSchema,
    amount: nonNegativeDecimalSchema,
    principal: nonNegativeDecimalSchema.optional(),
    hourlyInterestRate: nonNegativeDecimalSchema
      .refine((rate) => compareDecimals(rate, HOURLY_INTEREST_RATE_MAX) <= 0, {
        message: `must be a fraction of at most ${HOURLY_INTEREST_RATE_MAX} an hour`,
      })
      .optional(),
  })
  .refine(({ principal, amount }) => principal === undefined || compareDecimals(principal, amount) <= 0, {
    path: ['principal'],
    message: 'must be at most amount, which includes it',
  })
  .refine(
    ({ principal, hourlyInterestRate }) => principal === undefined || hourlyInterestRate !== undefined,
    {
      path: ['principal'],
      message: 'needs hourlyInterestRate, which is charged on it',
    },
  )
export type Liability = z.infer<typeof liabilitySchema>
