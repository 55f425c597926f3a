import { z } from 'zod'
import { positiveDecimalSchema } from './decimal.ts'
import { text } from './event-fields.ts'

export const integrityRuleSchema = z.enum(['jump', 'index', 'cross-venue', 'scale', 'clock'])

/** Begins the reasons that doubt a price: `price-jump` and others, one for each rule. */
export const PRICE_REASON = 'price-'

const findingSchema = z.object({
  rule: integrityRuleSchema.describe(
    '`jump`: too far from the last accepted mark. `index`: from the index price that the venue states. `cross-venue`: from the median of the other venues. `scale`: so many times off all that is known. `clock`: its time is too far from its receipt.',
  ),
  reference: positiveDecimalSchema.nullable().describe('What the mark was compared with; null of `clock`.'),
  limit: text('What the rule allows: a fraction, of `scale` a factor, of `clock` milliseconds.'),
  skewMs: z
    .number()
    .optional()
    .describe('Of `clock`: time of the venue less the time of receipt, milliseconds.'),
})

/** Why prices of an event are suspect. */
export const eventIntegritySchema = z.object({
  rules: text('Version of the rules of price integrity, with a hash of their terms.'),
  markets: z
    .array(
      z.object({
        symbol: text("Venue's name of the contract, or of the index price."),
        markPrice: positiveDecimalSchema.describe('The price that is suspect.'),
        otherVenues: z
          .int()
          .nonnegative()
          .describe(
            'Other venues with a fresh price of the same coin. `cross-venue` says nothing below three.',
          ),
        findings: z.array(findingSchema).describe('The rules that it breaks.'),
      }),
    )
    .describe('The prices of the verdict that are suspect.'),
})
export type EventIntegrity = z.infer<typeof eventIntegritySchema>
