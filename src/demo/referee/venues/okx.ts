import { add, multiply, parse } from '../fraction.ts'
import {
  heldOf,
  profitsOf,
  statedOrInitial,
  sumOf,
  tierOf,
  type VenueFormula,
  valueAt,
  wholeTiers,
} from './formula.ts'

/** OKX: value·(maintenance margin rate of the contracts held + taker fee rate). */
export const okx: VenueFormula = {
  liquidatesOnTheLine: () => true,
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const rate = add(tierOf(wholeTiers(rules), held.size).rate, parse(rules.takerFeeRate))
    const profitOf = profitsOf(held)
    return ({ mark }) => {
      const value = valueAt(held, mark)
      return { contribution: profitOf(value), maintenance: multiply(value, rate) }
    }
  },
}
