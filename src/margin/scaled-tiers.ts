import { knownDecimalsOf } from './fixed.ts'
import { powerOfTen } from './rational.ts'
import type { ExactTier } from './tiers.ts'

/** A tier table in whole numbers: rates over 10^rateDecimals, caps over 10^valueDecimals, deductions over both. */
export interface ScaledTiers {
  readonly caps: readonly bigint[]
  readonly rates: readonly bigint[]
  readonly deductions: readonly bigint[]
}

/** The fewest decimals at which every number of a table is whole. */
export interface TierScale {
  readonly rateDecimals: number
  readonly valueDecimals: number
}

/** Most scales kept of one table. A further scale clears the list first. */
export const SCALES_OF_A_TABLE_MAX = 16

interface KnownTable extends TierScale {
  readonly scaled: Map<number, ScaledTiers>
}

const knownTables = new WeakMap<readonly ExactTier[], KnownTable>()

export function tierScaleOf(tiers: readonly ExactTier[]): TierScale {
  return knownTableOf(tiers)
}

/**
 * The table at a scale, which must not be below its own. It is kept with the table, for all accounts that share the
 * table.
 */
export function scaledTiersOf(tiers: readonly ExactTier[], scale: TierScale): ScaledTiers {
  const { scaled } = knownTableOf(tiers)
  const { rateDecimals, valueDecimals } = scale
  const key = valueDecimals * KEY_FACTOR + rateDecimals
  const known = scaled.get(key)
  if (known !== undefined) return known
  const rateUnits = powerOfTen(rateDecimals)
  const valueUnits = powerOfTen(valueDecimals)
  const made = {
    caps: tiers.map(({ cap }) => (cap.n * valueUnits) / cap.d),
    rates: tiers.map(({ maintenanceMarginRate: { n, d } }) => (n * rateUnits) / d),
    deductions: tiers.map(({ maintenanceDeduction: { n, d } }) => (n * valueUnits * rateUnits) / d),
  }
  if (scaled.size >= SCALES_OF_A_TABLE_MAX) scaled.clear()
  scaled.set(key, made)
  return made
}

/** Larger than any number of decimals, so that two of them make one key. */
const KEY_FACTOR = 1_000

function knownTableOf(tiers: readonly ExactTier[]): KnownTable {
  let known = knownTables.get(tiers)
  if (known === undefined) {
    const most = (decimals: readonly number[]) => decimals.reduce((a, b) => Math.max(a, b), 0)
    const rateDecimals = most(tiers.map((tier) => knownDecimalsOf(tier.maintenanceMarginRate)))
    const capDecimals = most(tiers.map((tier) => knownDecimalsOf(tier.cap)))
    const deductionDecimals = most(tiers.map((tier) => knownDecimalsOf(tier.maintenanceDeduction)))
    const valueDecimals = Math.max(capDecimals, deductionDecimals - rateDecimals)
    known = { rateDecimals, valueDecimals, scaled: new Map() }
    knownTables.set(tiers, known)
  }
  return known
}

/** Index of the tier of notional/divisor: the first whose cap is not below it, the last for all above. */
export function scaledTierAt(caps: readonly bigint[], notional: bigint, divisor: bigint): number {
  let low = 0
  let high = caps.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    const cap = divisor === 1n ? caps[middle]! : caps[middle]! * divisor
    if (notional <= cap) high = middle
    else low = middle + 1
  }
  return low
}
