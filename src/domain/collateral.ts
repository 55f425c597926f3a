import { z } from 'zod'
import { assetSchema } from './asset.ts'
import { capSchema, compareDecimals, positiveDecimalSchema, rateSchema, shareSchema } from './decimal.ts'
import { asOfSchema, assumptionsSchema, ruleSourceSchema } from './rule-origin.ts'

/** Tiers of one asset. */
const TIERS_MAX = 50

/** Assets / debts at which spot margin is liquidated. A level in per cent, such as 110, is far above it. */
const LIQUIDATION_LEVEL_MAX = '10'

const POOL_KINDS = ['multi-asset', 'spot-margin'] as const
const poolKindSchema = z.enum(POOL_KINDS, { error: `must be ${POOL_KINDS.join(' or ')}` })

/**
 * How an asset counts in a pool over several currencies. Of an amount within a tier only `ratio` counts (marginal tiers; the
 * last holds all above its cap); `basis`: caps are in units of the asset or in the pool's currency. `discounts`: the wallet
 * alone (Bybit), or the equity with unrealised PnL (OKX, Binance). An amount below zero counts `liabilityRatio` times
 * (Binance ask buffer); a debt asks for `liabilityMaintenanceRate` of its value as maintenance margin; null: that is not known,
 * and a multi-asset account that owes the asset is refused. `poolKind`: the only kind of pool that the rules are for; absent:
 * all. `asOf`: ISO day on which the venue was last seen to state them.
 */
export const collateralRulesSchema = z.strictObject({
  tiers: z
    .array(z.strictObject({ cap: capSchema, ratio: shareSchema }), { error: 'must be a list' })
    .min(1, 'must hold at least one tier')
    .max(TIERS_MAX, `must hold at most ${TIERS_MAX} tiers`),
  basis: z.enum(['coin', 'value'], { error: 'must be coin or value' }).default('coin'),
  discounts: z.enum(['wallet', 'equity'], { error: 'must be wallet or equity' }).default('equity'),
  liabilityRatio: rateSchema.default('1'),
  liabilityMaintenanceRate: shareSchema.nullable().default('0'),
  poolKind: poolKindSchema.optional(),
  asOf: asOfSchema,
  source: ruleSourceSchema,
  assumptions: assumptionsSchema,
})
export type CollateralRules = z.infer<typeof collateralRulesSchema>

export const collateralRulesMapSchema = z.record(assetSchema, collateralRulesSchema)

/**
 * One cross pool over all assets of an account, valued in `currency`. `multi-asset`: equity of all assets against the
 * maintenance margin of positions and debts. `spot-margin`: weighted assets against `liquidationLevel` times the debts
 * (Binance: 1.1 cross, the tier's ratio isolated), which is above 1 and at most LIQUIDATION_LEVEL_MAX.
 */
export const poolSchema = z
  .strictObject({
    currency: assetSchema,
    kind: poolKindSchema.default('multi-asset'),
    liquidationLevel: positiveDecimalSchema
      .refine(
        (level) => compareDecimals(level, '1') > 0 && compareDecimals(level, LIQUIDATION_LEVEL_MAX) <= 0,
        {
          message: `must be assets / debts, above 1 and at most ${LIQUIDATION_LEVEL_MAX}: 110 % is 1.1`,
        },
      )
      .optional(),
  })
  .refine(({ kind, liquidationLevel }) => (kind === 'spot-margin') === (liquidationLevel !== undefined), {
    path: ['liquidationLevel'],
    message: 'must be stated where kind is spot-margin, and only there',
  })
export type Pool = z.infer<typeof poolSchema>
