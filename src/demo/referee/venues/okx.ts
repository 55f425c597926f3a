import { add, multiply, parse } from '../fraction.ts'
import {
  byValue,
  heldOf,
  statedOrInitial,
  sumOf,
  tierOf,
  type VenueFormula,
  valueAtMark,
  wholeTiers,
} from './formula.ts'

/** OKX: value·(maintenance margin rate of the contracts held + taker fee rate). */
export const okx: VenueFormula = {
  liquidatesOnTheLine: () => true,
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  funding: {
    isPerpetual: (symbol) => symbol.endsWith('-SWAP'),
    isolatedPays: 'own-margin',
    valueOf: valueAtMark,
  },
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const rate = add(tierOf(wholeTiers(rules), held.size).rate, parse(rules.takerFeeRate))
    return byValue(held, (value) => multiply(value, rate))
  },
}
