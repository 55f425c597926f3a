import { add, type Fraction, multiply, ZERO } from '../fraction.ts'
import {
  byValue,
  heldOf,
  larger,
  statedOrInitial,
  tierOf,
  type VenueFormula,
  valueAt,
  wholeTiers,
} from './formula.ts'

/**
 * Kraken Futures: the rate of the level that holds the whole position, of the value at entry, or of the larger one. Linear futures of one
 * underlying in a cross wallet are asked for the larger of the long and the short side.
 */
export const kraken: VenueFormula = {
  liquidatesOnTheLine: () => false,
  isolatedMarginOf: statedOrInitial,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const entryValue = valueAt(held, held.entryPrice)
    const { rate } = tierOf(wholeTiers(rules), held.isInverse ? held.size : entryValue)
    const isLarger = rules.maintenancePrice === 'larger'
    return byValue(held, (value) => multiply(isLarger ? larger(entryValue, value) : entryValue, rate))
  },
  maintenanceOf(asked) {
    let sum = ZERO
    const sides = new Map<string, { long: Fraction; short: Fraction }>()
    for (const { position, rules, maintenance } of asked) {
      if (rules.nettingGroup === undefined) {
        sum = add(sum, maintenance)
        continue
      }
      const both = sides.get(rules.nettingGroup) ?? { long: ZERO, short: ZERO }
      if (position.size.startsWith('-')) both.short = add(both.short, maintenance)
      else both.long = add(both.long, maintenance)
      sides.set(rules.nettingGroup, both)
    }
    for (const { long, short } of sides.values()) sum = add(sum, larger(long, short))
    return sum
  },
}
