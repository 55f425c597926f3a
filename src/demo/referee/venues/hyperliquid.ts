import { divide, multiply, parse } from '../fraction.ts'
import {
  heldOf,
  marginalTiers,
  profitsOf,
  statedOrInitial,
  sumOf,
  type VenueFormula,
  valueAt,
} from './formula.ts'

const TWO = { n: 2n, d: 1n }

/** Hyperliquid: half of the initial margin at the greatest leverage, by tiers, or by that of the position itself. */
export const hyperliquid: VenueFormula = {
  liquidatesOnTheLine: () => false,
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const tieredMarginOf = marginalTiers(rules)
    const profitOf = profitsOf(held)
    const { maxLeverage } = position
    return ({ mark }) => {
      const value = valueAt(held, mark)
      return {
        contribution: profitOf(value),
        maintenance:
          maxLeverage === undefined
            ? tieredMarginOf(value)
            : divide(value, multiply(TWO, parse(maxLeverage))),
      }
    }
  },
}
