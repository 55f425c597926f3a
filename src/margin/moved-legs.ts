// Where a margin account of straight legs meets its line while all its prices move against it, piece by piece.
import { type Adverse, FALL_MAX } from './adverse.ts'
import { towardStart } from './crossing.ts'
import { coordinateAt, maintenanceAt, valueAt } from './curve.ts'
import type { Known } from './formula-figures.ts'
import type { Leg } from './leg.ts'
import {
  addPolynomials,
  constantPolynomial,
  mulPolynomials,
  type Polynomial,
  polynomialOf,
} from './polynomial.ts'
import { firstRootBeyond, type Root } from './polynomial-roots.ts'
import { add, compare, div, mul, neg, ONE, type Rational, sub, ZERO } from './rational.ts'
import { slackOf } from './symbol-slack.ts'
import { type ExactTier, tierIndexAt } from './tiers.ts'

/** A leg whose price is multiplied by 1 + d or by 1 − d. */
interface MovingLeg {
  readonly isRise: boolean
  readonly isReciprocal: boolean
  readonly tiers: readonly ExactTier[]
  /** At d = 0. */
  readonly notional: Rational
  /** slope·x at d = 0. */
  readonly moving: Rational
  /** What of its slack does not move. */
  readonly still: Rational
  tier: number
}

/**
 * The smallest d above 0 at which slack comes to zero; undefined if none does. Slack is above zero at 0, and no maintenance margin
 * jumps at a cap. A root that is no fraction is rounded down to 18 digits. Every piece is C + L·d + A/(1 − d) + B/(1 + d),
 * A and B from contracts whose value goes with the reciprocal of a price.
 */
export function distanceByLegs(
  { figures, marks }: Pick<Known, 'figures' | 'marks'>,
  legs: readonly Leg[],
  sides: ReadonlyMap<string, Adverse>,
): Rational | undefined {
  let rest = slackOf(figures)
  const moving = legs.map(({ curve }): MovingLeg => {
    const { symbol, coordinate, slope, scale, tiers, intercept, maintenanceConstant } = curve
    const x = coordinateAt(coordinate, marks.get(symbol)!)
    rest = add(sub(rest, valueAt(curve, x)), maintenanceAt(curve, x))
    const notional = mul(scale, x)
    return {
      isRise: sides.get(symbol) === 'rise',
      isReciprocal: coordinate === 'reciprocal',
      tiers,
      notional,
      moving: mul(slope, x),
      still: sub(intercept, maintenanceConstant),
      tier: tierIndexAt(tiers, notional),
    }
  })
  const end = moving.every(({ isRise }) => isRise) ? undefined : FALL_MAX
  for (let from = ZERO; ; ) {
    const next = nextCapOf(moving)
    const pieceEnd = next === undefined || (end !== undefined && compare(next, end) > 0) ? end : next
    const root = rootIn(moving, rest, from, pieceEnd)
    if (root !== undefined) return towardStart(root, 'up')
    if (next === undefined || pieceEnd !== next) return undefined
    for (const leg of moving) {
      const cap = capAheadOf(leg)
      if (cap !== undefined && compare(cap, next) === 0) leg.tier += grows(leg) ? 1 : -1
    }
    from = next
  }
}

/** The nearest d at which the notional of a leg reaches a cap. */
function nextCapOf(legs: readonly MovingLeg[]): Rational | undefined {
  let nearest: Rational | undefined
  for (const leg of legs) {
    const own = capAheadOf(leg)
    if (own !== undefined && (nearest === undefined || compare(own, nearest) < 0)) nearest = own
  }
  return nearest
}

function grows({ isRise, isReciprocal }: MovingLeg): boolean {
  return isRise !== isReciprocal
}

/** The d at which the notional of the leg is at the end of its tier. */
function capAheadOf(leg: MovingLeg): Rational | undefined {
  const { tiers, tier, notional, isReciprocal, isRise } = leg
  const isLast = grows(leg) ? tier === tiers.length - 1 : tier === 0
  if (isLast) return undefined
  const { cap } = tiers[grows(leg) ? tier : tier - 1]!
  const factor = isReciprocal ? div(notional, cap) : div(cap, notional)
  return isRise ? sub(factor, ONE) : sub(ONE, factor)
}

function rootIn(
  legs: readonly MovingLeg[],
  rest: Rational,
  from: Rational,
  end: Rational | undefined,
): Root | undefined {
  if (end !== undefined && compare(from, end) >= 0) return undefined
  let constant = rest
  let linear = ZERO
  let overFallen: Rational | undefined
  let overRisen: Rational | undefined
  for (const leg of legs) {
    const { tiers, tier, notional, moving, still, isReciprocal, isRise } = leg
    const { maintenanceMarginRate, maintenanceDeduction } = tiers[tier]!
    const own = sub(moving, mul(maintenanceMarginRate, notional))
    constant = add(constant, add(still, maintenanceDeduction))
    if (!isReciprocal) {
      constant = add(constant, own)
      linear = isRise ? add(linear, own) : sub(linear, own)
    } else if (isRise) overRisen = add(overRisen ?? ZERO, own)
    else overFallen = add(overFallen ?? ZERO, own)
  }
  const fallen = overFallen === undefined ? NOTHING_DIVIDED : FALLEN
  const risen = overRisen === undefined ? NOTHING_DIVIDED : RISEN
  const whole = mulPolynomials(mulPolynomials(polynomialOf([constant, linear]), fallen), risen)
  const divided = addPolynomials(
    mulPolynomials(constantPolynomial(overFallen ?? ZERO), risen),
    mulPolynomials(constantPolynomial(overRisen ?? ZERO), fallen),
  )
  return firstRootBeyond(addPolynomials(whole, divided), from, 'up', end)
}

const NOTHING_DIVIDED: Polynomial = [ONE]
/** 1 − d and 1 + d. */
const FALLEN: Polynomial = [ONE, neg(ONE)]
const RISEN: Polynomial = [ONE, ONE]
