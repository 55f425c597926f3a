import { divide, multiply, parse } from '../fraction.ts'
import { heldOf, marginalTiers, profitOf, sumByParts, type VenueFormula, valueAt } from './formula.ts'

const TWO = { n: 2n, d: 1n }

/** Hyperliquid: half of the initial margin at the greatest leverage, by tiers, or by that of the position itself. */
export const hyperliquid: VenueFormula = {
  liquidatesOnTheLine: false,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const tiers = marginalTiers(rules)
    const { maxLeverage } = position
    return ({ mark }) => {
      const value = valueAt(held, mark)
      return {
        contribution: profitOf(held, mark),
        maintenance:
          maxLeverage === undefined
            ? sumByParts(tiers, value)
            : divide(value, multiply(TWO, parse(maxLeverage))),
      }
    }
  },
}
