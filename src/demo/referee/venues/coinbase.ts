import { multiply } from '../fraction.ts'
import {
  byValue,
  heldOf,
  marginalTiers,
  parseShare,
  statedOrInitial,
  sumOf,
  type VenueFormula,
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
    if (maintenance.kind !== 'side-rates') return byValue(held, marginalTiers(rules))
    const rate = parseShare(held.isLong ? maintenance.long : maintenance.short)
    return byValue(held, (value) => multiply(value, rate))
  },
}
