import { z } from 'zod'
import { capSchema, nonNegativeDecimalSchema, positiveDecimalSchema } from './decimal.ts'

/** Tiers of one instrument. */
const TIERS_MAX = 200

/**
 * How a position contributes to the margin balance.
 * `linear`: PnL = size·multiplier·(mark − entry). `inverse`: PnL = size·multiplier·(1/entry − 1/mark), in coin.
 * `quanto`: as linear, settled in an asset that is neither base nor quote. `option`: its value, not its PnL.
 */
export const contributionSchema = z.enum(['linear', 'inverse', 'quanto', 'option'], {
  error: 'must be linear, inverse, quanto or option',
})
export type Contribution = z.infer<typeof contributionSchema>

/**
 * A marginal risk tier: for a notional of (previous cap, cap],
 * maintenanceMargin = notional·maintenanceMarginRate − maintenanceDeduction.
 * Caps and deductions are in the quote currency (basis `notional`) or in coin (basis `coin`).
 */
export const riskTierSchema = z.strictObject({
  cap: capSchema,
  maintenanceMarginRate: nonNegativeDecimalSchema,
  maintenanceDeduction: nonNegativeDecimalSchema,
  /** The greatest leverage that the venue grants to a position of this notional. */
  maxLeverage: positiveDecimalSchema.optional(),
})
export type RiskTier = z.infer<typeof riskTierSchema>

/** A tier whose rate applies to the whole position, so that maintenance margin jumps at a cap. */
export const wholeTierSchema = z.strictObject({
  cap: capSchema,
  maintenanceMarginRate: nonNegativeDecimalSchema,
})
export type WholeTier = z.infer<typeof wholeTierSchema>

function tiersSchema<Tier extends z.ZodType>(tier: Tier) {
  return z
    .array(tier, { error: 'must be a list' })
    .min(1, 'must hold at least one tier')
    .max(TIERS_MAX, `must hold at most ${TIERS_MAX} tiers`)
}

export const riskTiersSchema = tiersSchema(riskTierSchema)

const marginalTiersSchema = z.strictObject({
  kind: z.literal('marginal-tiers'),
  basis: z.enum(['notional', 'coin'], { error: 'must be notional or coin' }),
  tiers: riskTiersSchema,
})

const wholeTiersSchema = z.strictObject({
  kind: z.literal('whole-tiers'),
  basis: z.enum(['contracts', 'notional'], { error: 'must be contracts or notional' }),
  tiers: tiersSchema(wholeTierSchema),
})

/** Maintenance margin is value·(base + increment·size), size in coin. */
const sizeRateSchema = z.strictObject({
  kind: z.literal('size-rate'),
  base: nonNegativeDecimalSchema,
  increment: nonNegativeDecimalSchema,
})

/** `amount`: money for each contract, in the settlement asset. */
const perContractSchema = z.strictObject({
  kind: z.literal('per-contract'),
  amount: nonNegativeDecimalSchema,
})

/** The maintenance margin that a venue asks for. What this version computes: see `checkRules`. */
export const maintenanceSchema = z.discriminatedUnion(
  'kind',
  [marginalTiersSchema, wholeTiersSchema, sizeRateSchema, perContractSchema],
  { error: 'must be marginal-tiers, whole-tiers, size-rate or per-contract' },
)
export type Maintenance = z.infer<typeof maintenanceSchema>

/** Marginal tiers as venues state them: of a linear contract in the quote currency, of an inverse one in coin. */
export function marginalTiers(contribution: 'linear' | 'inverse', tiers: RiskTier[]): Maintenance {
  return { kind: 'marginal-tiers', basis: contribution === 'linear' ? 'notional' : 'coin', tiers }
}

/** `unit`: the smallest amount of the settlement asset, to which the value of each lot or of the position is rounded. */
export const roundingSchema = z.strictObject({
  unit: positiveDecimalSchema,
  per: z.enum(['lot', 'position'], { error: 'must be lot or position' }),
})

/**
 * `at-bankruptcy-price`: the taker fee of closing at the bankruptcy price is part of initial and maintenance
 * margin (Bybit). `none`: no fee counts (Binance).
 */
export const closingFeeSchema = z.enum(['none', 'at-bankruptcy-price'], {
  error: 'must be none or at-bankruptcy-price',
})

/** `reached`: liquidated when marginBalance ≤ maintenanceMargin; `passed`: only when below it. */
export const liquidationSchema = z.enum(['reached', 'passed'], { error: 'must be reached or passed' })
export type Liquidation = z.infer<typeof liquidationSchema>

/**
 * A venue's margin rules for one instrument, as data. Where one of the last two is absent, the default of the rule book
 * applies.
 */
export const marginModelSchema = z.strictObject({
  contribution: contributionSchema,
  maintenance: maintenanceSchema,
  rounding: roundingSchema.optional(),
  closingFee: closingFeeSchema.optional(),
  liquidation: liquidationSchema.optional(),
})
export type MarginModel = z.infer<typeof marginModelSchema>

/** What a venue's book says for all its instruments whose rules do not say otherwise. */
export interface MarginDefaults {
  readonly closingFee: z.infer<typeof closingFeeSchema>
  readonly liquidation: Liquidation
}
