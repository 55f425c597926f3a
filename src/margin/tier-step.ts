// The part of a position that a venue closes first: it steps down the tiers before it takes the whole position.
import { exactNumbers } from './algebra.ts'
import type { Known } from './formula-figures.ts'
import { ownRateOf } from './maintenance-formulas.ts'
import { sizedPositionOf } from './position-value.ts'
import {
  abs,
  ceilTo,
  compare,
  div,
  min,
  mul,
  ONE,
  parseDecimal,
  parseRate,
  type Rational,
  sub,
} from './rational.ts'
import { reductionStepOf } from './reduction.ts'
import { parseCap } from './tiers.ts'

/**
 * The smallest part, in units of size, whose closing at the mark brings the position into the tier at which the first step of
 * the venue ends. undefined where no such tier is below, the rules have no tiers, the position has a rate of its own that the
 * tiers contradict, or the venue does not step down.
 */
export function tierReductionOf(known: Known, place: number): Rational | undefined {
  const ruled = known.formula.positions[place]!
  const { rules, defaults, position } = ruled
  const { maintenance } = rules
  const { tiersPerLiquidationStep } = defaults
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return undefined
  if (tiersPerLiquidationStep === undefined) return undefined
  const size = parseDecimal(position.size)
  const measure = measureOf(known, place)
  const caps = maintenance.tiers.map(({ cap }) => parseCap(cap))
  const reached = caps.findIndex((cap) => compare(measure, cap) <= 0)
  const tier = reached < 0 ? caps.length - 1 : reached
  // The user of BitMEX may choose a higher tier; the venue steps down from that of the size.
  const own = ownRateOf(ruled)
  const rates = maintenance.tiers.slice(tier).map((one) => parseRate(one.maintenanceMarginRate))
  if (own !== undefined && !rates.some((rate) => compare(rate, own) === 0)) return undefined
  const target = caps[tier - tiersPerLiquidationStep]
  if (target === undefined) return undefined
  const least = mul(abs(size), sub(ONE, div(target, measure)))
  return min(ceilTo(least, parseDecimal(reductionStepOf(rules))), abs(size))
}

/** What the caps of the tiers bound. */
function measureOf({ formula, figures }: Known, place: number): Rational {
  const ruled = formula.positions[place]!
  const { maintenance, maintenancePrice } = ruled.rules
  const size = parseDecimal(ruled.position.size)
  if (maintenance.kind === 'whole-tiers' && maintenance.basis === 'contracts') return abs(size)
  if (maintenancePrice === 'entry') return sizedPositionOf(exactNumbers, ruled, size).entryValue
  return abs(figures.positions[place]!.value)
}
