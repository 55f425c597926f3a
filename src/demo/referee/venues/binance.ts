import { heldOf, marginalTiers, profitOf, sumByParts, type VenueFormula, valueAt } from './formula.ts'

/** Binance: tiers of the value at the mark; no fee. */
export const binance: VenueFormula = {
  liquidatesOnTheLine: true,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const tiers = marginalTiers(rules)
    return ({ mark }) => ({
      contribution: profitOf(held, mark),
      maintenance: sumByParts(tiers, valueAt(held, mark)),
    })
  },
}
