import { multiply } from '../fraction.ts'
import {
  heldOf,
  marginalTiers,
  parseShare,
  profitOf,
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
    const { maintenance } = rules
    if (maintenance.kind === 'side-rates') {
      const rate = parseShare(held.isLong ? maintenance.long : maintenance.short)
      return ({ mark }) => ({
        contribution: profitOf(held, mark),
        maintenance: multiply(valueAt(held, mark), rate),
      })
    }
    const tieredMarginOf = marginalTiers(rules)
    return ({ mark }) => ({
      contribution: profitOf(held, mark),
      maintenance: tieredMarginOf(valueAt(held, mark)),
    })
  },
}
