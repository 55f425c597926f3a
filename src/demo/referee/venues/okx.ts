import { add, multiply, parse } from '../fraction.ts'
import {
  heldOf,
  profitOf,
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
    return ({ mark }) => ({
      contribution: profitOf(held, mark),
      maintenance: multiply(valueAt(held, mark), rate),
    })
  },
}
