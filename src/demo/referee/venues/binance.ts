import { byValue, heldOf, marginalTiers, statedOrInitial, sumOf, type VenueFormula } from './formula.ts'

/** Binance: tiers of the value at the mark; no fee. */
export const binance: VenueFormula = {
  liquidatesOnTheLine: () => true,
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  figuresOf: (position, rules) => byValue(heldOf(position, rules), marginalTiers(rules)),
}
