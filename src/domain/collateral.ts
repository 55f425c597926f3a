import { z } from 'zod'
import { assetSchema } from './asset.ts'
import { capSchema, compareDecimals, positiveDecimalSchema, rateSchema, shareSchema } from './decimal.ts'
import { parsedWithin } from './fault.ts'
import { asOfSchema, assumptionsSchema, ruleSourceSchema } from './rule-origin.ts'

/** Tiers of one asset. */
const TIERS_MAX = 50

/** Assets / debts at which spot margin is liquidated. A level in per cent, such as 110, is far above it. */
const LIQUIDATION_LEVEL_MAX = '10'

export const POOL_KINDS = ['multi-asset', 'spot-margin'] as const
const poolKindSchema = z.enum(POOL_KINDS, { error: `must be ${POOL_KINDS.join(' or ')}` })
export type PoolKind = z.infer<typeof poolKindSchema>

/** One for each kind of pool, and one for all others. */
const RULES_OF_AN_ASSET_MAX = POOL_KINDS.length + 1

/**
 * How an asset counts in a pool over several currencies. Of an amount within a tier only `ratio` counts (marginal tiers; the
 * last holds all above its cap); `basis`: caps are in units of the asset or in the pool's currency. `discounts`: the wallet
 * alone (Bybit), or the equity with unrealised PnL (OKX, Binance). An amount below zero counts `liabilityRatio` times
 * (Binance ask buffer); a debt asks for `liabilityMaintenanceRate` of its value as maintenance margin; null: that is not known,
 * and a multi-asset account that owes the asset is refused; absent: none, but not known where the venue asks for it by asset.
 * `poolKind`: the only kind of pool that the rules are for; absent: each for which the asset has no others. `asOf`: ISO day on
 * which the venue was last seen to state them.
 */
export const collateralRulesSchema = z.strictObject({
  tiers: z
    .array(z.strictObject({ cap: capSchema, ratio: shareSchema }), { error: 'must be a list' })
    .min(1, 'must hold at least one tier')
    .max(TIERS_MAX, `must hold at most ${TIERS_MAX} tiers`),
  basis: z.enum(['coin', 'value'], { error: 'must be coin or value' }).default('coin'),
  discounts: z.enum(['wallet', 'equity'], { error: 'must be wallet or equity' }).default('equity'),
  liabilityRatio: rateSchema.default('1'),
  liabilityMaintenanceRate: shareSchema.nullable().optional(),
  poolKind: poolKindSchema.optional(),
  asOf: asOfSchema,
  source: ruleSourceSchema,
  assumptions: assumptionsSchema,
})
export type CollateralRules = z.infer<typeof collateralRulesSchema>

const LENGTH_RULE = `must hold 1 to ${RULES_OF_AN_ASSET_MAX} entries`

const rulesByKindSchema = z
  .array(collateralRulesSchema)
  .min(1, LENGTH_RULE)
  .max(RULES_OF_AN_ASSET_MAX, LENGTH_RULE)
  .superRefine((entries, context) => {
    entries.forEach(({ poolKind }, index) => {
      const first = entries.findIndex((entry) => entry.poolKind === poolKind)
      if (first === index) return
      const message = `entry ${first} ${poolKind === undefined ? 'has none either' : 'is of the same kind'}`
      context.addIssue({ code: 'custom', path: [index, 'poolKind'], message })
    })
  })

/** Rules of one asset: one object, or a list in which no two are for the same kind of pool. */
export const assetRulesSchema = z.unknown().transform((stated, context): readonly CollateralRules[] => {
  if (Array.isArray(stated)) return parsedWithin(rulesByKindSchema, stated, context)
  const rules = parsedWithin(collateralRulesSchema, stated, context)
  return rules === z.NEVER ? z.NEVER : [rules]
})

export const collateralRulesMapSchema = z.record(assetSchema, assetRulesSchema)

/** Those for that kind of pool, or else those for all that have no others. */
export function rulesOfKind(
  entries: readonly CollateralRules[],
  kind: PoolKind,
): CollateralRules | undefined {
  return (
    entries.find(({ poolKind }) => poolKind === kind) ??
    entries.find(({ poolKind }) => poolKind === undefined)
  )
}

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
