import { z } from 'zod'
import { symbolSchema } from './account.ts'
import {
  capSchema,
  nonNegativeDecimalSchema,
  positiveDecimalSchema,
  rateSchema,
  shareSchema,
} from './decimal.ts'
import { assumptionsSchema } from './rule-origin.ts'

/** Tiers of one instrument. */
const TIERS_MAX = 200

/**
 * How a position contributes to the margin balance.
 * `linear`: PnL = size·multiplier·(mark − entry). `inverse`: PnL = size·multiplier·(1/entry − 1/mark), in coin.
 * `quanto`: as linear, settled in an asset that is neither base nor quote. `option`: nothing (Deribit: the margin balance is
 * the equity less the value of the options).
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
  maintenanceMarginRate: rateSchema,
  maintenanceDeduction: rateSchema,
  /** The greatest leverage that the venue grants to a position of this notional. */
  maxLeverage: positiveDecimalSchema.optional(),
})
export type RiskTier = z.infer<typeof riskTierSchema>

/** A tier whose rate applies to the whole position, so that maintenance margin jumps at a cap. */
export const wholeTierSchema = z.strictObject({
  cap: capSchema,
  maintenanceMarginRate: rateSchema,
  /** The greatest leverage that the venue grants to a position of this size. */
  maxLeverage: positiveDecimalSchema.optional(),
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
  basis: z.enum(['contracts', 'notional', 'coin'], { error: 'must be contracts, notional or coin' }),
  tiers: tiersSchema(wholeTierSchema),
})

/** Margin is value·(base + increment·size), size in coin (Deribit standard margin). */
const sizeRateSchema = z.strictObject({
  kind: z.literal('size-rate'),
  base: rateSchema,
  increment: rateSchema,
})

/** `amount`: money for each unit of size, in the settlement asset. */
const perContractSchema = z.strictObject({
  kind: z.literal('per-contract'),
  amount: nonNegativeDecimalSchema,
})

/** Margin is value·rate of the side of the position (Coinbase US futures, by session window). */
const sideRatesSchema = z.strictObject({
  kind: z.literal('side-rates'),
  long: rateSchema,
  short: rateSchema,
})

/**
 * `share` of the used margin: value at entry/leverage of a long position, value at the mark/leverage of a short one (Kraken
 * spot margin, which liquidates at a margin level of 40 %).
 */
const usedMarginSchema = z.strictObject({ kind: z.literal('used-margin'), share: rateSchema })

/**
 * `share` of an initial margin of value·`initialRate`; where the venue rounds margins, each of the two (dYdX, whose chain keeps
 * both fractions).
 */
const initialShareSchema = z.strictObject({
  kind: z.literal('initial-share'),
  initialRate: rateSchema,
  share: rateSchema,
})

/** Standard margin of one option: 0 for a long one; the rules of `option` in `InstrumentRules` for a short one (Deribit). */
const optionStandardSchema = z.strictObject({
  kind: z.literal('option-standard'),
  /** Of the underlying, in the maintenance margin of a short option; the same share of its own price bounds that of a put. */
  maintenanceRate: rateSchema,
  /** Of the underlying, in the initial margin of a short option at the money. */
  initialRate: rateSchema,
  /** The least that `initialRate` may come to out of the money. */
  initialRateMin: rateSchema,
})

/** The maintenance margin that a venue asks for. What this version computes: see `checkRules`. */
export const maintenanceSchema = z.discriminatedUnion(
  'kind',
  [
    marginalTiersSchema,
    wholeTiersSchema,
    sizeRateSchema,
    perContractSchema,
    sideRatesSchema,
    usedMarginSchema,
    initialShareSchema,
    optionStandardSchema,
  ],
  {
    error:
      'must be marginal-tiers, whole-tiers, size-rate, per-contract, side-rates, used-margin, initial-share or option-standard',
  },
)
export type Maintenance = z.infer<typeof maintenanceSchema>

/** Marginal tiers as venues state them: of a linear contract in the quote currency, of an inverse one in coin. */
export function marginalTiers(contribution: 'linear' | 'inverse', tiers: RiskTier[]): Maintenance {
  return { kind: 'marginal-tiers', basis: contribution === 'linear' ? 'notional' : 'coin', tiers }
}

/**
 * The initial margin, where it is not value/leverage. `multiple`: the maintenance margin times `factor`, rounded up to
 * `roundUpTo` a unit of size (CME). `open-interest`: value times a rate that rises from `rate` to 1 while the open interest
 * in quote currency rises from `lowerCap` to `upperCap` (dYdX); two equal caps keep the rate.
 */
export const initialMarginSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('rate'), rate: rateSchema }),
    sizeRateSchema,
    perContractSchema,
    sideRatesSchema,
    usedMarginSchema,
    z.strictObject({
      kind: z.literal('multiple'),
      factor: rateSchema,
      roundUpTo: positiveDecimalSchema.optional(),
    }),
    z.strictObject({
      kind: z.literal('open-interest'),
      rate: rateSchema,
      lowerCap: capSchema.or(z.literal('0')),
      upperCap: capSchema.or(z.literal('0')),
      /** In base units. Without it the rate is not known once the caps differ. */
      openInterest: nonNegativeDecimalSchema.optional(),
    }),
  ],
  { error: 'must be rate, size-rate, per-contract, side-rates, used-margin, multiple or open-interest' },
)
export type InitialMargin = z.infer<typeof initialMarginSchema>

/**
 * How a venue rounds, to `unit`, the smallest amount of the settlement asset.
 * `lot`: the value of one lot of `lotSize` units of size to the nearest unit, then times the lots; margins up (BitMEX).
 * `position`: the value toward zero, margins up (dYdX).
 */
export const roundingSchema = z
  .strictObject({
    unit: positiveDecimalSchema,
    per: z.enum(['lot', 'position'], { error: 'must be lot or position' }),
    lotSize: positiveDecimalSchema.optional(),
  })
  .refine(({ per, lotSize }) => (per === 'lot') === (lotSize !== undefined), {
    path: ['lotSize'],
    message: 'must be stated where per is lot, and only there',
  })

/**
 * The fee of closing that the venue counts as part of the maintenance margin, at the taker rate. `none` (Binance).
 * `at-bankruptcy-price`: on the value at the bankruptcy price, also in the initial margin (Bybit). `at-mark`: on the value
 * at the mark (OKX). `at-cost`: on the value at entry and the initial margin (BitMEX).
 */
export const closingFeeSchema = z.enum(['none', 'at-bankruptcy-price', 'at-mark', 'at-cost'], {
  error: 'must be none, at-bankruptcy-price, at-mark or at-cost',
})

/** `reached`: liquidated when marginBalance ≤ maintenanceMargin; `passed`: only when below it. */
export const liquidationSchema = z.enum(['reached', 'passed'], { error: 'must be reached or passed' })
export type Liquidation = z.infer<typeof liquidationSchema>

/**
 * The terms of an option. `underlying`: the symbol by whose mark it is in or out of the money. `pricedIn`: whether its own
 * mark is in the coin of the underlying, or in the quote currency as the strike. The taker fee of an option is a share of the
 * underlying for each unit.
 */
export const optionTermsSchema = z.strictObject({
  type: z.enum(['call', 'put'], { error: 'must be call or put' }),
  strike: positiveDecimalSchema,
  underlying: symbolSchema,
  pricedIn: z.enum(['coin', 'quote'], { error: 'must be coin or quote' }),
  /** The most that the taker fee comes to, as a share of the option's own price; absent where nothing bounds it. */
  takerFeeCap: shareSchema.optional(),
})

/**
 * A venue's margin rules for one instrument, as data. Where one of the last two is absent, the default of the rule book
 * applies.
 */
export const marginModelSchema = z.strictObject({
  contribution: contributionSchema,
  maintenance: maintenanceSchema,
  /**
   * The price of the value on which maintenance margin is asked, and the initial one where it is value/leverage: `mark` unless
   * stated; `entry` (Kraken, BitMEX, Bybit until July 2025); `larger`, of whole tiers by contracts: the one at which the value is
   * larger (inverse futures of Kraken, of which its documents say both).
   */
  maintenancePrice: z
    .enum(['mark', 'entry', 'larger'], { error: 'must be mark, entry or larger' })
    .optional(),
  /**
   * Share of 1/maxLeverage that is the maintenance margin rate of a position which states its own `maxLeverage`: in the first
   * of the marginal tiers, and the least in each further one (Hyperliquid: 1/2).
   */
  maintenanceShare: rateSchema.optional(),
  initial: initialMarginSchema.optional(),
  /** Funding that the position is to pay counts in its maintenance margin, on the value at entry (BitMEX). */
  fundingInMaintenance: z.boolean({ error: 'must be true or false' }).optional(),
  rounding: roundingSchema.optional(),
  /** In a cross pool only the larger side of the positions of one group, long or short, is asked for margin (Kraken). */
  nettingGroup: symbolSchema.optional(),
  /** The venue backs a position by its own margin alone: a cross position is refused (Hyperliquid, dYdX). */
  onlyIsolated: z.boolean({ error: 'must be true or false' }).optional(),
  closingFee: closingFeeSchema.optional(),
  liquidation: liquidationSchema.optional(),
  option: optionTermsSchema.optional(),
  assumptions: assumptionsSchema,
})
export type MarginModel = z.infer<typeof marginModelSchema>
