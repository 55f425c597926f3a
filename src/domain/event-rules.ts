import { z } from 'zod'
import { type FieldFault, IN_OUR_WORDS, schemaFaultsOf } from './fault.ts'
import { fullRulesSchema, type InstrumentRules } from './instrument.ts'
import type { MarginDefaults } from './margin-defaults.ts'
import type { Maintenance } from './margin-model.ts'

/** The rules of one symbol as an event carries them: short, because a cascade sends them with each of its events. */
export const eventRulesSchema = z.record(z.string(), z.unknown())
export type EventRules = Readonly<z.infer<typeof eventRulesSchema>>

/**
 * Shortens rules for an event. Leaves out what no figure of an event depends on, what is the default, and the settlement
 * asset, which the event states. The defaults of the rule book are written in, so that no rule book is needed.
 */
export function eventRulesOf(rules: InstrumentRules, defaults: MarginDefaults): EventRules {
  const { settlementAsset: _, assumptions: __, tickSize: ___, onlyIsolated: ____, ...own } = rules
  const { maintenance, multiplier, takerFeeRate, ...others } = own
  return {
    ...others,
    ...(multiplier === '1' ? {} : { multiplier }),
    ...(takerFeeRate === '0' ? {} : { takerFeeRate }),
    closingFee: rules.closingFee ?? defaults.closingFee,
    liquidation: rules.liquidation ?? defaults.liquidation,
    maintenance: shortened(maintenance),
  }
}

/**
 * With the sentences of its rules as places in those of its event, from 0, so that each is sent once. `hedged`: that of the
 * rule book for positions on both sides, which is a sentence of the event only where the account has such.
 */
export function withPlaces(
  rules: EventRules,
  own: readonly string[] | undefined,
  hedged: string | undefined,
  assumptions: readonly string[],
): EventRules {
  const hedgedPlace = hedged === undefined ? -1 : assumptions.indexOf(hedged)
  if (own === undefined && hedgedPlace < 0) return rules
  return {
    ...rules,
    ...(own === undefined ? {} : { assumptions: own.map((sentence) => assumptions.indexOf(sentence)) }),
    ...(hedgedPlace < 0 ? {} : { hedgedAssumption: hedgedPlace }),
  }
}

/** Rules of an event without its places; the sentences at these; and the places of which one is no place. */
export function takePlaces(stated: EventRules, assumptions: readonly string[]): TakenPlaces {
  const { assumptions: own, hedgedAssumption, ...rules } = stated
  const sentenceAt = (place: unknown) => (typeof place === 'number' ? assumptions[place] : undefined)
  const places: readonly unknown[] = own === undefined ? [] : Array.isArray(own) ? own : [own]
  const sentences = places.map(sentenceAt)
  const hedged = sentenceAt(hedgedAssumption)
  const faults: string[] = []
  if (sentences.includes(undefined)) faults.push(placesFault('assumptions', own))
  if (hedgedAssumption !== undefined && hedged === undefined) {
    faults.push(placesFault('hedgedAssumption', hedgedAssumption))
  }
  return { rules, sentences: sentences.filter((sentence) => sentence !== undefined), hedged, faults }
}

export interface TakenPlaces {
  readonly rules: EventRules
  readonly sentences: readonly string[]
  readonly hedged: string | undefined
  readonly faults: readonly string[]
}

function placesFault(field: string, value: unknown): string {
  return `${field} is ${JSON.stringify(value)}: it must hold places in the assumptions of the event, from 0`
}

/** The rules that `eventRulesOf` shortened, or why they cannot be read. `settlementAsset`: of rules that state none. */
export function rulesOfEvent(
  { maintenance, ...others }: EventRules,
  settlementAsset: string,
): { readonly rules: InstrumentRules } | { readonly faults: readonly FieldFault[] } {
  const stated = { settlementAsset, ...others, maintenance: restored(maintenance) }
  const parsed = fullRulesSchema.safeParse(stated, IN_OUR_WORDS)
  return parsed.success ? { rules: parsed.data } : { faults: schemaFaultsOf(parsed.error) }
}

function shortened(maintenance: Maintenance): object {
  if (maintenance.kind === 'marginal-tiers') {
    const tiers = maintenance.tiers.map((tier) => [
      tier.cap,
      tier.maintenanceMarginRate,
      tier.maintenanceDeduction,
    ])
    return { ...maintenance, tiers }
  }
  if (maintenance.kind !== 'whole-tiers') return maintenance
  const tiers = maintenance.tiers.map((tier) => [tier.cap, tier.maintenanceMarginRate])
  return { ...maintenance, tiers }
}

function restored(maintenance: unknown): unknown {
  if (typeof maintenance !== 'object' || maintenance === null || !('tiers' in maintenance)) return maintenance
  const { tiers } = maintenance
  if (!Array.isArray(tiers)) return maintenance
  return { ...maintenance, tiers: tiers.map(restoredTier) }
}

function restoredTier(tier: unknown): unknown {
  if (!Array.isArray(tier)) return tier
  const [cap, maintenanceMarginRate, maintenanceDeduction] = tier
  const whole = { cap, maintenanceMarginRate }
  return tier.length > 2 ? { ...whole, maintenanceDeduction } : whole
}
