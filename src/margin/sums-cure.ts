// The cure of a margin account over its common denominator: what cure.ts computes with fractions, step by step.
import type { Cure, Decimal, Position } from '../domain/index.ts'
import type { MarginAccount } from './account.ts'
import { closedSizeOf, topUpOf } from './cure.ts'
import { coordinateAt, slackIsConcave } from './curve.ts'
import { decimalsIn, digitsAt, fixedOf, markFixedOf } from './fixed.ts'
import type { LevelRule } from './level-rule.ts'
import { areLevelsNested } from './levels.ts'
import { formatDecimal, formatFixed, max, powerOfTen, type Rational, ZERO } from './rational.ts'
import { CURE_CONTRACTS, CURE_STEP, type Goal, reductionGoalsOf, topUpGoalsOf } from './reduction.ts'
import { scaledTierAt } from './scaled-tiers.ts'
import { evaluationOf, type Summed, type SymbolAt } from './sums.ts'
import { liftedOf } from './sums-prices.ts'
import type { CurveTerms } from './terms.ts'

/** Returns what `cureOf` returns for an account that has reached a level. */
export function cureAt(
  marginAccount: MarginAccount,
  summedAtDistance: (distance: Rational) => Summed,
  rule: LevelRule,
): Cure {
  const isNested = areLevelsNested(marginAccount)
  const topUps = topUpGoalsOf(marginAccount, rule, isNested).map((goal) =>
    topUpOf(marginAccount, evaluationOf(summedAtDistance(goal.distance)), goal),
  )
  const present = summedAtDistance(ZERO)
  const goals = reductionGoalsOf(marginAccount, rule, isNested, present.sums.marginBalance < 0n)
  const [goal] = goals
  const view = viewOf(marginAccount, goal!, summedAtDistance(goal!.distance))
  return {
    topUp: formatDecimal(topUps.reduce(max)),
    reductions: marginAccount.legs.map((leg, index) => {
      const { position, curve } = leg
      const { symbol } = position
      if (goals.length === 1 && slackIsConcave(curve)) {
        const terms = view.terms.curves[index]!
        return { symbol, size: reductionOf(terms, position, view.symbols[terms.symbolIndex]!, view) }
      }
      const at = goals.map((one) => {
        const summed = summedAtDistance(one.distance)
        return { goal: one, evaluation: evaluationOf(summed), x: xIn(summed, index) }
      })
      return { symbol, size: closedSizeOf(index, xIn(present, index), marginAccount, at) }
    }),
  }
}

/** The exact x of a leg. */
function xIn({ terms, symbols }: Summed, leg: number): Rational {
  const { curve, symbolIndex } = terms.curves[leg]!
  const { mark } = symbols[symbolIndex]!
  return coordinateAt(curve.coordinate, { n: mark.digits, d: powerOfTen(mark.decimals) })
}

/** The account at the prices of a goal. All money of a cure is over 10^(v+r)·lift·units. */
interface CureView extends Summed {
  readonly goal: Goal
  readonly isIsolated: boolean
  /** A multiple of the denominators of the ratio and of the distance. */
  readonly units: bigint
  /** ratio·marginBalance. */
  readonly balance: bigint
}

function viewOf({ marginMode }: MarginAccount, goal: Goal, summed: Summed): CureView {
  const { ratio, distance } = goal
  const { terms, sums } = summed
  const balance = ratio.n * distance.d * sums.marginBalance * terms.rateUnits
  return { ...summed, goal, isIsolated: marginMode === 'isolated', units: ratio.d * distance.d, balance }
}

/**
 * ratio·(contribution at the present mark − contribution at the mark of the goal). x of the present mark of an inverse
 * contract is x of the goal's times what the mark was multiplied by.
 */
function sparedOf({ size, curve }: CurveTerms, at: SymbolAt, { goal, terms, sums, units }: CureView): bigint {
  const { ratio, distance } = goal
  if (distance.n === 0n) return 0n
  const stated = markFixedOf(at.markPrice)
  if (curve.coordinate === 'price') {
    const change = digitsAt(stated, terms.priceDecimals) - at.x
    return (liftedOf(size * change, at, terms, sums) * terms.rateUnits * units * ratio.n) / ratio.d
  }
  const isFall = at.mark.digits < digitsAt(stated, at.mark.decimals)
  const change = isFall ? -distance.n : distance.n
  return liftedOf(size * at.x, at, terms, sums) * change * terms.rateUnits * ratio.n
}

/** The share k of a position that is kept: surplus(k) = base + gain·k − tiered maintenance(k·notional). */
interface Reduction {
  readonly base: bigint
  readonly gain: bigint
}

function reductionOf(curve: CurveTerms, position: Position, at: SymbolAt, view: CureView): Decimal | null {
  const { terms, sums, goal, balance, isIsolated, units } = view
  const notional = curve.magnitude * at.x
  const tier = scaledTierAt(curve.tiers.caps, notional, at.divisor)
  const tiered = curve.tiers.rates[tier]! * notional - curve.tiers.deductions[tier]! * at.divisor
  const fee = curve.fee * sums.divisor * units
  const others = sums.maintenanceMargin * units - liftedOf(tiered, at, terms, sums) * units - fee
  const spared = sparedOf(curve, at, view)
  const reduction = isIsolated
    ? { base: 0n, gain: balance - fee }
    : { base: balance - others + spared, gain: -fee - spared }
  const closed = closedByWalk(curve, position, at, notional, tier, reduction, view)
  if (closed !== undefined) return closed
  const isCured = reduction.base > 0n || (goal.zeroIsSafe && reduction.base === 0n)
  return isIsolated || isCured ? unsignedSizeOf(position) : null
}

function unsignedSizeOf({ size }: Position): Decimal {
  const { digits, decimals } = fixedOf(size)
  return formatFixed(digits < 0n ? -digits : digits, decimals)
}

/** The smallest part that cures; undefined when only closing it all may. Needs concave slack, see `closedByWalk` of cure.ts. */
function closedByWalk(
  curve: CurveTerms,
  position: Position,
  at: SymbolAt,
  notional: bigint,
  tier: number,
  reduction: Reduction,
  view: CureView,
): Decimal | undefined {
  const kept = keptShare(curve, at, notional, tier, reduction, view)
  if (kept === undefined) return undefined
  const step = curve.curve.coordinate === 'price' ? CURE_STEP : CURE_CONTRACTS
  const { digits, decimals } = fixedOf(position.size)
  const size = digits < 0n ? -digits : digits
  const stepDecimals = decimalsIn(step)
  const steps = powerOfTen(stepDecimals)
  const bound = size * (kept.denominator - kept.numerator) * steps
  const units = powerOfTen(decimals) * kept.denominator
  const floor = bound / units
  const closed = view.goal.zeroIsSafe && floor * units === bound ? floor : floor + 1n
  return closed * powerOfTen(decimals) < size * steps ? formatFixed(closed, stepDecimals) : undefined
}

/** The largest share at or below which the surplus is safe, numerator/denominator; see `keptShare` of cure.ts. */
function keptShare(
  { tiers }: CurveTerms,
  at: SymbolAt,
  notional: bigint,
  tierOfAll: number,
  { base, gain }: Reduction,
  { terms, sums, goal, units }: CureView,
): { readonly numerator: bigint; readonly denominator: bigint } | undefined {
  const moving = liftedOf(notional, at, terms, sums) * units
  const unit = sums.lift * units
  for (let tier = tierOfAll; tier >= 0; tier--) {
    const denominator = tiers.rates[tier]! * moving - gain
    if (denominator <= 0n) return undefined
    const numerator = base + tiers.deductions[tier]! * unit
    const low = tier === 0 ? 0n : tiers.caps[tier - 1]! * at.divisor * denominator
    const root = numerator * notional
    if (root > low || (root === low && goal.zeroIsSafe && tier > 0)) return { numerator, denominator }
  }
  return undefined
}
