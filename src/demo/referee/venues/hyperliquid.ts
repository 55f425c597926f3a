import { divide, multiply, parse } from '../fraction.ts'
import { byValue, heldOf, marginalTiers, statedOrInitial, sumOf, type VenueFormula } from './formula.ts'

const TWO = { n: 2n, d: 1n }

/** Hyperliquid: half of the initial margin at the greatest leverage, by tiers, or by that of the position itself. */
export const hyperliquid: VenueFormula = {
  liquidatesOnTheLine: () => false,
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  figuresOf(position, rules) {
    const tieredMarginOf = marginalTiers(rules)
    const { maxLeverage } = position
    const held = heldOf(position, rules)
    if (maxLeverage === undefined) return byValue(held, tieredMarginOf)
    return byValue(held, (value) => divide(value, multiply(TWO, parse(maxLeverage))))
  },
}
