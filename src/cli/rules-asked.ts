import { type Decimal, type InstrumentRules, type MarginDefaults, NO_CAP } from '../domain/index.ts'
import {
  add,
  compare,
  div,
  exactTiers,
  formatDecimal,
  mul,
  parseCap,
  parseDecimal,
  parseRate,
  type Rational,
  tieredMaintenanceAt,
  ZERO,
} from '../margin/index.ts'

/** What the rules after ask for as a multiple of what those before did, at one size of a position. */
export interface Asked {
  /** The value or the contracts of the position; null: the limit of large positions, beyond every cap. */
  readonly at: Decimal | null
  /** An asset, or `contracts`. */
  readonly unit: string
  readonly times: Decimal
}

export interface Extremes {
  readonly most: Asked | null
  readonly least: Asked | null
}

/** The unit in which the caps of the tiers are: an asset, or `contracts`. undefined of rules that are no table. */
export function capUnitOf({ maintenance, settlementAsset }: InstrumentRules): string | undefined {
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return undefined
  return maintenance.basis === 'contracts' ? 'contracts' : settlementAsset
}

/**
 * The sizes at which two tables differ most and least, by the maintenance margin with the closing fee that the venue counts in
 * it, on the value of the position. Both null where the rules are not two tables of one kind and in one unit, or two rates that hold
 * for every size, or where those before ask for nothing.
 *
 * Between two caps both margins are straight lines, or one rate holds for the whole position, so the multiple is highest and
 * lowest at a cap of either table or in the limit: beyond its last cap the last tier of a table holds.
 */
export function extremesOf(
  symbol: string,
  before: InstrumentRules,
  after: InstrumentRules,
  defaults: MarginDefaults,
): Extremes {
  const unit = capUnitOf(before) ?? before.settlementAsset
  const [old, young] = [tableOf(symbol, before, defaults), tableOf(symbol, after, defaults)]
  if (old === undefined || young === undefined || !areComparable(before, after)) {
    return { most: null, least: null }
  }
  let most: [at: Decimal | null, times: Rational] | undefined
  let least: [at: Decimal | null, times: Rational] | undefined
  for (const at of [...new Set([...old.caps, ...young.caps]), null]) {
    const asked = old.askedAt(at)
    if (asked.n === 0n) return { most: null, least: null }
    const times = div(young.askedAt(at), asked)
    if (most === undefined || compare(times, most[1]) > 0) most = [at, times]
    if (least === undefined || compare(times, least[1]) < 0) least = [at, times]
  }
  const told = ([at, times]: [Decimal | null, Rational]) => ({ at, unit, times: formatDecimal(times) })
  return { most: told(most!), least: told(least!) }
}

function areComparable(before: InstrumentRules, after: InstrumentRules): boolean {
  const unit = capUnitOf(before)
  return (
    before.maintenance.kind === after.maintenance.kind &&
    unit === capUnitOf(after) &&
    before.settlementAsset === after.settlementAsset &&
    before.contribution === after.contribution &&
    before.maintenancePrice === after.maintenancePrice &&
    (unit !== 'contracts' || compare(parseDecimal(before.multiplier), parseDecimal(after.multiplier)) === 0)
  )
}

interface Table {
  /** Without a last one that says that there is none. */
  readonly caps: readonly Decimal[]
  /** For a position of that size; null: for each unit of a position beyond every cap, in the limit. */
  readonly askedAt: (at: Decimal | null) => Rational
}

function tableOf(symbol: string, rules: InstrumentRules, defaults: MarginDefaults): Table | undefined {
  const { maintenance, takerFeeRate } = rules
  const isFeeAsked = (rules.closingFee ?? defaults.closingFee) !== 'none'
  const feeRate = isFeeAsked ? parseDecimal(takerFeeRate) : ZERO
  const flatRate = flatRateOf(rules)
  if (flatRate !== undefined) return { caps: [], askedAt: () => add(flatRate, feeRate) }
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return undefined
  const { tiers } = maintenance
  const inTiers =
    maintenance.kind === 'marginal-tiers'
      ? marginalAsked(symbol, maintenance.tiers)
      : (size: Rational) => mul(size, rateAt(maintenance.tiers, size))
  const askedAt = (at: Decimal | null) => {
    if (at === null) return add(parseRate(tiers.at(-1)!.maintenanceMarginRate), feeRate)
    const size = parseCap(at)
    return add(inTiers(size), mul(size, feeRate))
  }
  return { caps: tiers.map(({ cap }) => cap).filter((cap) => cap !== NO_CAP), askedAt }
}

/** The maintenance margin as a share of the value of a position of any size; what its rounding adds is left out. */
export function flatRateOf({ maintenance }: InstrumentRules): Rational | undefined {
  if (maintenance.kind !== 'initial-share') return undefined
  return mul(parseRate(maintenance.initialRate), parseRate(maintenance.share))
}

function marginalAsked(symbol: string, tiers: Parameters<typeof exactTiers>[1]) {
  const exact = exactTiers(symbol, tiers)
  return (size: Rational) => tieredMaintenanceAt(exact, size)
}

function rateAt(tiers: readonly { cap: Decimal; maintenanceMarginRate: string }[], size: Rational): Rational {
  const tier = tiers.find(({ cap }) => compare(size, parseCap(cap)) <= 0) ?? tiers.at(-1)!
  return parseRate(tier.maintenanceMarginRate)
}
