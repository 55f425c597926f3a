import { multiply } from '../fraction.ts'
import {
  heldOf,
  marginalTiers,
  parseShare,
  profitsOf,
  statedOrInitial,
  sumOf,
  type VenueFormula,
  valueAt,
} from './formula.ts'

/** Coinbase: US futures by the rate of the side; perpetuals of the International Exchange by one rate. */
export const coinbase: VenueFormula = {
  // The International Exchange, which settles in USDC, liquidates below the line.
  liquidatesOnTheLine: ({ settlementAsset }) => settlementAsset === 'USD',
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const profitOf = profitsOf(held)
    const { maintenance } = rules
    if (maintenance.kind === 'side-rates') {
      const rate = parseShare(held.isLong ? maintenance.long : maintenance.short)
      return ({ mark }) => {
        const value = valueAt(held, mark)
        return { contribution: profitOf(value), maintenance: multiply(value, rate) }
      }
    }
    const tieredMarginOf = marginalTiers(rules)
    return ({ mark }) => {
      const value = valueAt(held, mark)
      return { contribution: profitOf(value), maintenance: tieredMarginOf(value) }
    }
  },
}
