import { multiply, subtract, ZERO } from '../fraction.ts'
import {
  ceilTo,
  floorTo,
  heldOf,
  parseShare,
  statedOrInitial,
  sumOf,
  type VenueFormula,
  valueAt,
} from './formula.ts'

/** A millionth of a dollar. */
const QUANTUM = { n: 1n, d: 1_000_000n }

/** dYdX v4: notional toward zero, initial margin up, and a share of that up again, in whole quantums. */
export const dydx: VenueFormula = {
  liquidatesOnTheLine: () => false,
  isolatedMarginOf(position, rules) {
    const margin = statedOrInitial(position, rules)
    return position.isolatedMargin === undefined ? ceilTo(margin, QUANTUM) : margin
  },
  maintenanceOf: sumOf,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const { maintenance } = rules
    if (maintenance.kind !== 'initial-share') throw new Error('a share of the initial margin is expected')
    const [initialRate, share] = [parseShare(maintenance.initialRate), parseShare(maintenance.share)]
    const entryValue = valueAt(held, held.entryPrice)
    return ({ mark }) => {
      const notional = floorTo(valueAt(held, mark), QUANTUM)
      const change = subtract(notional, entryValue)
      return {
        contribution: held.isLong ? change : subtract(ZERO, change),
        maintenance: ceilTo(multiply(ceilTo(multiply(notional, initialRate), QUANTUM), share), QUANTUM),
      }
    }
  },
}
