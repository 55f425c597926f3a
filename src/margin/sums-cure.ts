// The cure of a margin account over its common denominator: what cure.ts computes with fractions, step by step.
import type { Cure, Decimal, Position } from '../domain/index.ts'
import type { MarginAccount } from './account.ts'
import { closedSizeOf, topUpOf } from './cure.ts'
import { coordinateAt, slackIsConcave } from './curve.ts'
import { decimalsIn, fixedOf } from './fixed.ts'
import type { LevelRule } from './levels.ts'
import { formatDecimal, formatFixed, max, powerOfTen, type Rational } from './rational.ts'
import { CURE_CONTRACTS, CURE_STEP, type Goal, goalOf } from './reduction.ts'
import { scaledTierAt } from './scaled-tiers.ts'
import { evaluationOf, type Sums, type SymbolAt } from './sums.ts'
import { liftedOf } from './sums-prices.ts'
import type { CurveTerms, Terms } from './terms.ts'

/** Returns what `cureOf` returns for an account that has reached a level. */
export function cureAt(
  marginAccount: MarginAccount,
  terms: Terms,
  symbols: readonly SymbolAt[],
  sums: Sums,
  rule: LevelRule,
): Cure {
  const evaluation = evaluationOf(terms, sums)
  const lowest = goalOf(1, marginAccount, rule)
  const highest = goalOf(rule.levels.length, marginAccount, rule)
  const topUps = [lowest, highest].map((goal) => topUpOf(marginAccount, evaluation, goal))
  const goal = sums.marginBalance < 0n ? highest : lowest
  const balance = goal.level.n * sums.marginBalance * terms.rateUnits
  const view = { terms, sums, goal, balance, isIsolated: marginAccount.marginMode === 'isolated' }
  return {
    topUp: formatDecimal(topUps.reduce(max)),
    reductions: marginAccount.legs.map((leg, index) => {
      const { position } = leg
      const curve = terms.curves[index]!
      const at = symbols[curve.symbolIndex]!
      const size = slackIsConcave(curve.curve)
        ? reductionOf(curve, position, at, view)
        : closedSizeOf(leg, xOf(curve, at), marginAccount, evaluation, goal)
      return { symbol: position.symbol, size }
    }),
  }
}

/** The exact x of a mark. */
function xOf({ curve }: CurveTerms, { mark }: SymbolAt): Rational {
  return coordinateAt(curve.coordinate, { n: mark.digits, d: powerOfTen(mark.decimals) })
}

interface CureView {
  readonly terms: Terms
  readonly sums: Sums
  readonly goal: Goal
  readonly isIsolated: boolean
  /** level·marginBalance. As all money here over 10^(v+r)·lift·(denominator of the level). */
  readonly balance: bigint
}

/** The share k of a position that is kept: surplus(k) = base + gain·k − tiered maintenance(k·notional). */
interface Reduction {
  readonly base: bigint
  readonly gain: bigint
}

function reductionOf(curve: CurveTerms, position: Position, at: SymbolAt, view: CureView): Decimal | null {
  const { terms, sums, goal, balance, isIsolated } = view
  const level = goal.level.d
  const notional = curve.magnitude * at.x
  const tier = scaledTierAt(curve.tiers.caps, notional, at.divisor)
  const tiered = curve.tiers.rates[tier]! * notional - curve.tiers.deductions[tier]! * at.divisor
  const fee = curve.fee * sums.divisor * level
  const others = sums.maintenanceMargin * level - liftedOf(tiered, at, terms, sums) * level - fee
  const reduction = isIsolated ? { base: 0n, gain: balance - fee } : { base: balance - others, gain: -fee }
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
  { terms, sums, goal }: CureView,
): { readonly numerator: bigint; readonly denominator: bigint } | undefined {
  const level = goal.level.d
  const moving = liftedOf(notional, at, terms, sums) * level
  const unit = sums.lift * level
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
