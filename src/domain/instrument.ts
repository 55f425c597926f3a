import { z } from 'zod'
import { assetSchema, symbolSchema, type VenueId } from './account.ts'
import { capSchema, nonNegativeDecimalSchema, positiveDecimalSchema } from './decimal.ts'
import { IN_OUR_WORDS } from './fault.ts'

/** Tiers of one instrument. */
const TIERS_MAX = 200

export const contractKindSchema = z.enum(['linear', 'inverse'], { error: 'must be linear or inverse' })
/** linear: PnL = size·(mark − entry). inverse: PnL = size·(1/entry − 1/mark), in coin. */
export type ContractKind = z.infer<typeof contractKindSchema>

/**
 * A marginal risk tier: for a notional of (previous cap, cap],
 * maintenanceMargin = notional·maintenanceMarginRate − maintenanceDeduction.
 * Caps and deductions are in the quote currency (linear) or in coin (inverse).
 */
export const riskTierSchema = z.strictObject({
  cap: capSchema,
  maintenanceMarginRate: nonNegativeDecimalSchema,
  maintenanceDeduction: nonNegativeDecimalSchema,
})
export type RiskTier = z.infer<typeof riskTierSchema>

const rulesSchema = z.strictObject({
  kind: contractKindSchema,
  multiplier: positiveDecimalSchema.default('1'),
  settlementAsset: assetSchema,
  takerFeeRate: nonNegativeDecimalSchema.default('0'),
  asOf: z.iso.date({ error: 'must be a day such as 2026-07-02' }).optional(),
  tiers: z
    .array(riskTierSchema, { error: 'must be a list' })
    .min(1, 'must hold at least one tier')
    .max(TIERS_MAX, `must hold at most ${TIERS_MAX} tiers`),
})

/**
 * `asOf`: ISO day on which the venue was last seen to state these tiers; absent where nobody knows it.
 * `multiplier`: base units (linear) or quote units (inverse) of one unit of size.
 */
export type InstrumentRules = z.infer<typeof rulesSchema>

const shortRulesSchema = rulesSchema
  .omit({ settlementAsset: true })
  .extend({ settle: assetSchema })
  .transform(({ settle, ...rules }): InstrumentRules => ({ ...rules, settlementAsset: settle }))

/** Reads rules; files may write `settle` for `settlementAsset`. */
export const instrumentRulesSchema = z.unknown().transform((value, context): InstrumentRules => {
  const isShort = !(typeof value === 'object' && value !== null && 'settlementAsset' in value)
  const parsed = (isShort ? shortRulesSchema : rulesSchema).safeParse(value, IN_OUR_WORDS)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues)
    context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue)
  return z.NEVER
})

/** Rules by venue and symbol that are laid over the built-in books. */
export type RulesByVenue = ReadonlyMap<VenueId, Readonly<Record<string, InstrumentRules>>>

export const instrumentRulesMapSchema = z.record(symbolSchema, instrumentRulesSchema)

/** The venue's own rules that are the same for all its instruments. */
export interface MarginRules {
  /**
   * `at-bankruptcy-price`: the taker fee of closing at the bankruptcy price is part of initial and
   * maintenance margin (Bybit). `none`: no fee counts (Binance).
   */
  readonly closingFee: 'none' | 'at-bankruptcy-price'
  /** `reached`: liquidated when marginBalance ≤ maintenanceMargin; `passed`: only when below it. */
  readonly liquidation: 'reached' | 'passed'
}

/** The instrument rules of a venue. `version` goes into every event. */
export interface RuleBook {
  readonly venue: string
  readonly version: string
  readonly margin: MarginRules
  /** undefined for a symbol the book does not hold; the caller refuses it by name. */
  rulesOf(symbol: string): InstrumentRules | undefined
  /** Symbols whose rules were given and are refused, each with the reason. `rulesOf` holds none of them. */
  readonly refused?: ReadonlyMap<string, string>
}
