import { z } from 'zod'
import { decimalSchema, nonNegativeDecimalSchema } from './decimal.ts'
import { text, timeMs } from './event-fields.ts'

/** Interest that a worker added to the debts of an event. */
export const eventInterestSchema = z.object({
  asOfMs: timeMs('when the debts that the account states were true.'),
  upToMs: timeMs('the last full hour whose interest is in the debts.'),
  hours: z.int().nonnegative().describe('Full hours after `asOfMs`, up to and with `upToMs`.'),
  debts: z
    .array(
      z.object({
        asset: text('Asset that is owed.'),
        principal: nonNegativeDecimalSchema.describe('What interest is charged on.'),
        hourlyInterestRate: decimalSchema.describe('Share of the principal that an hour costs.'),
        amount: text('Interest of all these hours, in `pool.assets[].liability` already.'),
      }),
    )
    .describe('The debts that state a rate.'),
})

/** Rollover fees that a worker took out of the wallet of an event. */
export const eventRolloverSchema = z.object({
  asOfMs: timeMs('when the balances that the account states were true.'),
  upToMs: timeMs('the full minute up to which rollovers are charged.'),
  positions: z
    .array(
      z.object({
        symbol: text("Venue's name of the contract."),
        size: text('Size of the position.'),
        asset: text('In which it pays.'),
        rollovers: z.int().nonnegative().describe('Rollovers after `asOfMs`, up to and with `upToMs`.'),
        amount: text('Fees of all of them, out of the wallet already; each is rounded up to 12 decimals.'),
      }),
    )
    .describe('The positions that state a rate.'),
})
