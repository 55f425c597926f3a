import { divide, multiply, parse } from '../fraction.ts'
import {
  heldOf,
  marginalTiers,
  profitOf,
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
    const { maxLeverage } = position
    return ({ mark }) => {
      const value = valueAt(held, mark)
      return {
        contribution: profitOf(held, mark),
        maintenance:
          maxLeverage === undefined
            ? tieredMarginOf(value)
            : divide(value, multiply(TWO, parse(maxLeverage))),
      }
    }
  },
}
