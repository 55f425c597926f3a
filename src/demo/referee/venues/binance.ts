import {
  heldOf,
  marginalTiers,
  profitsOf,
  statedOrInitial,
  sumOf,
  type VenueFormula,
  valueAt,
} from './formula.ts'

/** Binance: tiers of the value at the mark; no fee. */
export const binance: VenueFormula = {
  liquidatesOnTheLine: () => true,
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const tieredMarginOf = marginalTiers(rules)
    const profitOf = profitsOf(held)
    return ({ mark }) => {
      const value = valueAt(held, mark)
      return { contribution: profitOf(value), maintenance: tieredMarginOf(value) }
    }
  },
}
