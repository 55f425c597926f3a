import { z } from 'zod'
import { eventRulesSchema } from './event-rules.ts'
import { liquidationSchema } from './margin-model.ts'

const decimalText = (description: string) => z.string().describe(description)
const timeMsOrNull = (description: string) =>
  z.number().nullable().describe(`Milliseconds since 1970, UTC: ${description}`)

const pooledAssetSchema = z.object({
  asset: z.string().describe('Asset of the wallet, of a debt, or in which a position settles.'),
  amount: decimalText('Units in the wallet, as the account states them.'),
  liability: decimalText('Units owed, interest included.').optional(),
  indexPrice: z
    .string()
    .nullable()
    .optional()
    .describe('Price in the currency of the pool; null if none is fresh, absent for that currency itself.'),
  eventTimeMs: timeMsOrNull('when the venue says it set the index price; null if none is fresh.').optional(),
  ageMs: z
    .number()
    .nullable()
    .optional()
    .describe(
      'Milliseconds since the index price was stated or confirmed, at the verdict; null if none is fresh.',
    ),
  rules: eventRulesSchema
    .optional()
    .describe(
      'How the asset counts, in the form of docs/accounts.md. Of the currency of the pool only what a debt in it asks for counts; absent where no rules of it are stated.',
    ),
})
export type PooledAsset = Readonly<z.infer<typeof pooledAssetSchema>>

/** A pool over several currencies, as an event states it. */
export const eventPoolSchema = z.object({
  kind: z.enum(['multi-asset', 'spot-margin']).describe('As the account states it.'),
  liquidationLevel: decimalText('Of spot margin: assets / debts at which the venue liquidates.').optional(),
  liquidation: liquidationSchema.describe('`reached`: liquidated on the line; `passed`: only below it.'),
  debtMargin: z
    .enum(['by-asset'])
    .optional()
    .describe(
      'The venue asks for maintenance margin of debts, at a rate that the rules of each asset state; absent where it does not.',
    ),
  assets: z.array(pooledAssetSchema).describe('Each asset once, the currency of the pool first.'),
})
export type EventPool = Readonly<z.infer<typeof eventPoolSchema>>
