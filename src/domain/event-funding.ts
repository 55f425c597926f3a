import { z } from 'zod'
import { marginModeSchema } from './account.ts'
import { decimalSchema, positiveDecimalSchema } from './decimal.ts'
import { text, timeMs } from './event-fields.ts'

const fundingBookingSchema = z.object({
  asset: text('In which it is paid.'),
  symbol: text('Contract that charged it.'),
  marginMode: marginModeSchema
    .optional()
    .describe('`cross` or `isolated`, of the position; absent in events of earlier versions.'),
  size: text('Size of the position.'),
  fundingTimeMs: timeMs('the funding time.'),
  fundingRate: decimalSchema.describe(
    'Rate of that time, a fraction; a long position pays it if it is above zero.',
  ),
  markPrice: positiveDecimalSchema.describe('Mark at that time.'),
  payment: text('What the position received, below zero where it paid; rounded down to 12 decimals.'),
  booked: text(
    'The part of it that this margin account received: all of it, unless wallet and isolated margin share it.',
  ),
})

/** Funding that a worker applied to the balances of an event. */
export const eventFundingSchema = z.object({
  asOfMs: timeMs('when the balances that the account states were true.'),
  payments: z.int().nonnegative().describe('Payments since then, all in the balances of this event.'),
  amounts: z
    .array(
      z.object({
        asset: text('In which it was paid.'),
        amount: text('Sum, below zero if more was paid than received.'),
      }),
    )
    .describe('Their sums by asset.'),
  isolatedPays: z
    .enum(['own-margin', 'wallet-first'])
    .optional()
    .describe(
      'Set where payments of isolated positions are among them: `own-margin`: such a position pays and receives in its own margin. `wallet-first`: the wallet pays as long as it lasts, and receives.',
    ),
  last: z
    .array(fundingBookingSchema)
    .describe('Those of the last funding time, in the order of the positions of the account.'),
})
