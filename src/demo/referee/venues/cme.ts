import { multiply, parse } from '../fraction.ts'
import { byValue, heldOf, notIsolated, sumOf, type VenueFormula } from './formula.ts'

/** CME, outright: an amount for each contract. */
export const cme: VenueFormula = {
  liquidatesOnTheLine: () => false,
  isolatedMarginOf: notIsolated,
  maintenanceOf: sumOf,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    if (rules.maintenance.kind !== 'per-contract')
      throw new Error(`${position.symbol} has no amount a contract`)
    const maintenance = multiply(held.size, parse(rules.maintenance.amount))
    return byValue(held, () => maintenance)
  },
}
