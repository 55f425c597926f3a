import {
  heldOf,
  marginalTiers,
  profitOf,
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
    return ({ mark }) => ({
      contribution: profitOf(held, mark),
      maintenance: tieredMarginOf(valueAt(held, mark)),
    })
  },
}
