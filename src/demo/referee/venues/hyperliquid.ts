import type { InstrumentRules } from '../../../domain/index.ts'
import { add, divide, type Fraction, multiply, parse, subtract, ZERO } from '../fraction.ts'
import {
  byValue,
  heldOf,
  isAtMost,
  larger,
  marginalTiers,
  parseShare,
  statedOrInitial,
  sumOf,
  type VenueFormula,
} from './formula.ts'

const ONE = { n: 1n, d: 1n }
const TWO = { n: 2n, d: 1n }

/** Hyperliquid: half of the initial margin at the greatest leverage of each tier, which that of the position itself bounds. */
export const hyperliquid: VenueFormula = {
  liquidatesOnTheLine: () => false,
  isolatedMarginOf: statedOrInitial,
  maintenanceOf: sumOf,
  figuresOf(position, rules) {
    const { maxLeverage } = position
    const held = heldOf(position, rules)
    if (maxLeverage === undefined) return byValue(held, marginalTiers(rules))
    return byValue(held, boundedTiers(rules, divide(ONE, multiply(TWO, parse(maxLeverage)))))
  },
}

/** In the first tier the position's own rate holds, in each other one the larger. */
function boundedTiers({ maintenance }: InstrumentRules, own: Fraction): (value: Fraction) => Fraction {
  if (maintenance.kind !== 'marginal-tiers') throw new Error(`marginal tiers are expected`)
  const bounds = [ZERO, ...maintenance.tiers.map(({ cap }) => parse(cap))]
  return (value) => {
    let sum = ZERO
    for (const [index, { maintenanceMarginRate }] of maintenance.tiers.entries()) {
      const from = bounds[index]!
      if (isAtMost(value, from)) break
      const isLast = index === maintenance.tiers.length - 1
      const to = isLast || isAtMost(value, bounds[index + 1]!) ? value : bounds[index + 1]!
      const rate = index === 0 ? own : larger(own, parseShare(maintenanceMarginRate))
      sum = add(sum, multiply(subtract(to, from), rate))
    }
    return sum
  }
}
