import type { InstrumentRules, Position } from '../../../domain/index.ts'
import { add, multiply, ONE, ZERO } from '../fraction.ts'
import {
  byValue,
  type Figures,
  heldOf,
  larger,
  notIsolated,
  parseShare,
  sumOf,
  type VenueFormula,
} from './formula.ts'

/**
 * Deribit, standard margin. Futures: value·(base + increment·size in coin). Options: 0 of a long one; of a short call
 * 0.075 + mark, of a short put max(0.075, 0.075·mark) + mark for each coin; of an option in dollars 0.075 is of the underlying.
 * The margin balance is the equity less the value of the options.
 */
export const deribit: VenueFormula = {
  liquidatesOnTheLine: () => false,
  isolatedMarginOf: notIsolated,
  maintenanceOf: sumOf,
  figuresOf: (position, rules) =>
    rules.option === undefined ? futureOf(position, rules) : optionOf(position, rules),
}

function futureOf(position: Position, rules: InstrumentRules): Figures {
  const { maintenance } = rules
  if (maintenance.kind !== 'size-rate') throw new Error(`${position.symbol} has no standard margin`)
  const held = heldOf(position, rules)
  const base = parseShare(maintenance.base)
  const increment = parseShare(maintenance.increment)
  return byValue(held, (value) => {
    const coins = held.isInverse ? value : held.units
    return multiply(value, add(base, multiply(increment, coins)))
  })
}

function optionOf(position: Position, rules: InstrumentRules): Figures {
  const { maintenance, option } = rules
  if (maintenance.kind !== 'option-standard') throw new Error(`${position.symbol} has no standard margin`)
  const held = heldOf(position, rules)
  const share = parseShare(maintenance.maintenanceRate)
  return ({ mark, underlying }) => {
    if (held.isLong) return { contribution: ZERO, maintenance: ZERO }
    const worth = option!.pricedIn === 'coin' ? ONE : underlying
    if (worth === undefined) throw new Error(`${position.symbol} has no underlying`)
    const ofUnderlying = multiply(share, worth)
    const least = option!.type === 'call' ? ofUnderlying : larger(ofUnderlying, multiply(share, mark))
    return {
      contribution: ZERO,
      maintenance: multiply(held.units, add(least, mark)),
    }
  }
}
