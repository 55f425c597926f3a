import { add, divide, type Fraction, multiply, ZERO } from '../fraction.ts'
import {
  byValue,
  heldOf,
  larger,
  parseShare,
  statedOrInitial,
  tierOf,
  type VenueFormula,
  valueAt,
  wholeTiers,
} from './formula.ts'

/**
 * Kraken Futures: the rate of the level that holds the whole position, of the value at entry, or of the larger one. Linear futures of one
 * underlying in a cross wallet are asked for the larger of the long and the short side. Spot margin: a share of the used margin, which is
 * that of the value at entry of a long position and of the value at the mark of a short one; liquidated where the equity comes to it.
 */
export const kraken: VenueFormula = {
  liquidatesOnTheLine: ({ maintenance }) => maintenance?.kind === 'used-margin',
  isolatedMarginOf: statedOrInitial,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const entryValue = valueAt(held, held.entryPrice)
    const { maintenance } = rules
    if (maintenance.kind === 'used-margin') {
      if (held.leverage === undefined) throw new Error(`${position.symbol} states no leverage`)
      const share = divide(parseShare(maintenance.share), held.leverage)
      return byValue(held, (value) => multiply(held.isLong ? entryValue : value, share))
    }
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
