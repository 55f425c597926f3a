import { z } from 'zod'
import { symbolSchema, type VenueId } from './account.ts'
import { assetSchema } from './asset.ts'
import type { CollateralRules, PoolKind } from './collateral.ts'
import { nonNegativeDecimalSchema, positiveDecimalSchema } from './decimal.ts'
import { parsedWithin } from './fault.ts'
import type { MarginDefaults } from './margin-defaults.ts'
import { marginalTiers, marginModelSchema, riskTiersSchema } from './margin-model.ts'
import { asOfSchema } from './rule-origin.ts'

const identityFields = {
  multiplier: positiveDecimalSchema.default('1'),
  takerFeeRate: nonNegativeDecimalSchema.default('0'),
  /** The coin whose price the instrument follows, such as BTC; absent when it is not known. */
  baseAsset: assetSchema.optional(),
  /** The smallest step of the instrument's prices; absent when it is not known. */
  tickSize: positiveDecimalSchema.optional(),
  asOf: asOfSchema,
}

export const fullRulesSchema = marginModelSchema.extend({ ...identityFields, settlementAsset: assetSchema })

/**
 * The rules of one instrument. `multiplier`: base units (linear) or quote units (inverse) of one unit of size.
 * `settlementAsset`: the asset in which PnL is paid. `takerFeeRate`: a fraction of the
 * value, of an option of its underlying. `asOf`: ISO day on which the venue was
 * last seen to state these rules; absent when it is not known.
 */
export type InstrumentRules = z.infer<typeof fullRulesSchema>

const shortRulesSchema = z
  .strictObject({
    kind: z.enum(['linear', 'inverse'], { error: 'must be linear or inverse' }),
    ...identityFields,
    settle: assetSchema,
    tiers: riskTiersSchema,
    closingFee: marginModelSchema.shape.closingFee,
    liquidation: marginModelSchema.shape.liquidation,
  })
  .transform(
    ({ kind, settle, tiers, ...stated }): InstrumentRules => ({
      ...stated,
      contribution: kind,
      settlementAsset: settle,
      maintenance: marginalTiers(kind, tiers),
    }),
  )

/**
 * Reads rules in either form: the full one with `contribution` and `maintenance`, which is that of `InstrumentRules`,
 * and the short one with `kind`, `settle` and `tiers`.
 */
export const instrumentRulesSchema = z.unknown().transform((value, context): InstrumentRules => {
  return parsedWithin(isFullForm(value) ? fullRulesSchema : shortRulesSchema, value, context)
})

function isFullForm(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('contribution' in value || 'maintenance' in value)
}

/** Rules by venue and symbol that are laid over the built-in books. */
export type RulesByVenue = ReadonlyMap<VenueId, Readonly<Record<string, InstrumentRules>>>

export const instrumentRulesMapSchema = z.record(symbolSchema, instrumentRulesSchema)

/** Rules of a symbol from a time on, until the next entry of that symbol. */
export interface EffectiveRules {
  /** Unix milliseconds; −Infinity for rules that are in force always. */
  readonly fromMs: number
  /** null: the venue does not list the contract any more. */
  readonly rules: InstrumentRules | null
  /** Where the rules come from, in words: an endpoint of the venue and its copy, or a rules file. */
  readonly source: string
}

/** Reads `effectiveFrom` of a rules file as Unix milliseconds; −Infinity if it is absent. */
export const effectiveFromSchema = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-12-01T08:00:00Z' })
  .optional()
  .transform((time) => (time === undefined ? Number.NEGATIVE_INFINITY : Date.parse(time)))

/**
 * Other rules are in force for these symbols and for these assets of pools. Accounts with positions in the symbols, and those with
 * a pool if there are assets, must be compiled anew.
 */
export interface RulesChange {
  readonly kind: 'rules'
  readonly venue: VenueId
  readonly symbols: readonly string[]
  readonly assets: readonly string[]
}

/** The instrument rules of a venue. `version` goes into every event. */
export interface RuleBook {
  readonly venue: string
  readonly version: string
  readonly defaults: MarginDefaults
  /**
   * The rules in force at a time, Unix milliseconds; without one, those of the last entry. undefined for a symbol that the
   * book does not hold at that time; the caller refuses it by name.
   */
  rulesOf(symbol: string, atMs?: number): InstrumentRules | undefined
  /** Symbols that the book holds or ever held, in no order. One may stand for all contracts that share its rules. */
  symbols(): Iterable<string>
  /** All that the book knows of a symbol, ascending by time; none for a symbol that it never held. */
  entriesOf(symbol: string): readonly EffectiveRules[]
  /** How an asset counts in a pool of that kind; undefined for one of which the book does not say it. */
  collateralOf?(asset: string, kind: PoolKind): CollateralRules | undefined
  /** The assets of which it knows that, in no order. */
  collateralAssets?(): Iterable<string>
  /**
   * The symbol under which the rules of a contract are held, where contracts share them: BTC for BTCZ6 of CME. Rules given
   * for it are those of every such contract that has none of its own.
   */
  heldAs?(symbol: string): string
  /** Symbols whose rules were given and are refused, each with the reason. `rulesOf` holds none of them. */
  readonly refused?: ReadonlyMap<string, string>
}
