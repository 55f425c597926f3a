import { assert } from '../errors.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { type Curve, coordinateAt, maintenanceAt, priceAt, valueAt } from './curve.ts'
import type { Leg } from './leg.ts'
import { abs, add, compare, div, mul, neg, type Rational, sign, sub, ZERO } from './rational.ts'
import { tierIndexAt } from './tiers.ts'

/** The legs of one symbol in a margin account, which move together. */
interface SymbolView {
  readonly legs: readonly Leg[]
  /** x of the current mark. */
  readonly x: Rational
  /** Slack of everything else, at its current marks. */
  readonly rest: Rational
}

/** constant + slope·x */
interface Line {
  readonly constant: Rational
  readonly slope: Rational
}

function legsOf(marginAccount: MarginAccount, symbol: string): readonly Leg[] {
  return marginAccount.legs.filter(({ curve }) => curve.symbol === symbol)
}

/**
 * The mark of `symbol` at which marginBalance = maintenanceMargin exactly, the other marks fixed. Legs of one
 * symbol (hedge mode) move together and share it. `evaluation` is that of the current marks.
 *
 * Slack is concave in x (no rate is below that of the tier before it), so there are at most two such marks.
 * From a healthy account: the one in the direction in which slack falls, or the other where that side has
 * none. From a breached one: the nearest, where it would become safe again. undefined where no positive price
 * is one.
 */
export function liquidationPrice(
  marginAccount: MarginAccount,
  symbol: string,
  markPrice: Rational,
  evaluation: Evaluation,
): Rational | undefined {
  const slack = sub(evaluation.marginBalance, evaluation.maintenanceMargin)
  if (slack.n === 0n) return markPrice
  const legs = legsOf(marginAccount, symbol)
  const { coordinate } = legs[0]!.curve
  const x = coordinateAt(coordinate, markPrice)
  const rest = legs.reduce(
    (sum, { curve }) => add(sub(sum, valueAt(curve, x)), maintenanceAt(curve, x)),
    slack,
  )
  const view = { legs, x, rest }
  const [low, high] = [rootFrom('zero', view), rootFrom('infinity', view)]
  if (low === undefined || high === undefined) {
    const only = low ?? high
    return only === undefined ? undefined : priceAt(coordinate, only)
  }
  const direction = sign(slack) > 0 ? sign(lineAt(x, view).slope) : 0
  if (direction !== 0) return priceAt(coordinate, direction > 0 ? low : high)
  return nearest(markPrice, priceAt(coordinate, low), priceAt(coordinate, high))
}

function nearest(markPrice: Rational, first: Rational, second: Rational): Rational {
  return compare(abs(sub(first, markPrice)), abs(sub(second, markPrice))) <= 0 ? first : second
}

/**
 * The outermost zero of slack on that side, by Newton's steps on a concave line of straight pieces: the line
 * at a point where slack is negative meets zero between that point and the root, so the steps never pass the
 * root and end exactly on it, at most one a piece. undefined where slack is not negative on that side, never
 * becomes positive, or does so at no positive x.
 */
function rootFrom(side: 'zero' | 'infinity', view: SymbolView): Rational | undefined {
  const inward = side === 'zero' ? 1 : -1
  const pieces = view.legs.reduce((count, leg) => count + leg.curve.tiers.length, 0)
  let line = side === 'zero' ? lineAt(ZERO, view) : lineOf(view, ({ tiers }) => tiers.length - 1)
  for (let step = 0; step <= pieces; step++) {
    if (sign(line.slope) !== inward) return undefined
    const x = div(neg(line.constant), line.slope)
    if (sign(x) <= 0) return undefined
    line = lineAt(x, view)
    if (add(line.constant, mul(line.slope, x)).n === 0n) return x
  }
  assert(false, `the root of a slack of ${pieces} pieces takes no more than ${pieces} steps`)
}

/** The piece of slack at x; on a tier cap, the one below it. */
function lineAt(x: Rational, view: SymbolView): Line {
  return lineOf(view, ({ tiers, scale }) => tierIndexAt(tiers, mul(scale, x)))
}

function lineOf(view: SymbolView, tierIndexOf: (curve: Curve) => number): Line {
  let constant = view.rest
  let slope = ZERO
  for (const { curve } of view.legs) {
    const tier = curve.tiers[tierIndexOf(curve)]!
    constant = add(constant, add(curve.intercept, sub(tier.maintenanceDeduction, curve.maintenanceConstant)))
    slope = add(slope, sub(curve.slope, mul(tier.maintenanceMarginRate, curve.scale)))
  }
  return { constant, slope }
}

/**
 * The mark of `symbol` at which the displayed wallet, all PnL and the venue's fee of closing this symbol at
 * that mark come to zero, the other marks fixed. undefined where no positive price does.
 */
export function bankruptcyPrice(
  marginAccount: MarginAccount,
  symbol: string,
  markPrice: Rational,
  evaluation: Evaluation,
): Rational | undefined {
  const legs = legsOf(marginAccount, symbol)
  const { coordinate } = legs[0]!.curve
  const x = coordinateAt(coordinate, markPrice)
  let constant = add(marginAccount.walletBalance, evaluation.unrealizedPnl)
  let slope = ZERO
  for (const { curve, closingFeeRate } of legs) {
    constant = sub(constant, mul(curve.slope, x))
    slope = add(slope, sub(curve.slope, mul(closingFeeRate, curve.scale)))
  }
  if (slope.n === 0n) return undefined
  const root = div(neg(constant), slope)
  return sign(root) > 0 ? priceAt(coordinate, root) : undefined
}
