import type { Evaluation, MarginAccount } from './account.ts'
import { coordinateAt, maintenanceAt, pnlAt, priceAt, type Row } from './contract.ts'
import { abs, add, compare, div, mul, neg, type Rational, sign, sub, ZERO } from './rational.ts'
import { type ExactTier, tierIndexAt } from './tiers.ts'

/** The rows of one symbol in a margin account, with everything else held at its current mark. */
interface SymbolView {
  readonly legs: readonly Row[]
  /** x of the current mark. */
  readonly x: Rational
  readonly evaluation: Evaluation
  readonly marginAccount: MarginAccount
}

/** value = constant + slope·x on [low, high]; `high` undefined: to infinity. */
interface Segment {
  readonly low: Rational
  readonly high: Rational | undefined
  readonly constant: Rational
  readonly slope: Rational
}

function viewOf(
  marginAccount: MarginAccount,
  symbol: string,
  markPrice: Rational,
  evaluation: Evaluation,
): SymbolView {
  const legs = marginAccount.rows.filter((row) => row.symbol === symbol)
  return { legs, x: coordinateAt(legs[0]!.coordinate, markPrice), evaluation, marginAccount }
}

/**
 * The mark of `symbol` at which marginBalance = maintenanceMargin exactly, the other marks fixed. Legs of one
 * symbol (hedge mode) move together and share it.
 *
 * Slack is concave in x, so there are at most two such marks. From a healthy account: the one in the direction
 * in which slack falls, or the other where that side has none. From a breached one: the nearest, where it
 * would become safe again. undefined where no positive price is one. `evaluation` is that of the current marks.
 */
export function liquidationPrice(
  marginAccount: MarginAccount,
  symbol: string,
  markPrice: Rational,
  evaluation: Evaluation,
): Rational | undefined {
  const view = viewOf(marginAccount, symbol, markPrice, evaluation)
  const segments = slackSegments(view)
  const roots = segments.flatMap((segment) => rootsOf(segment, view.x)).filter((x) => sign(x) > 0)
  const ahead = roots.filter((x) => liesAhead(x, view, segments))
  const coordinate = view.legs[0]!.coordinate
  const prices = (ahead.length > 0 ? ahead : roots).map((x) => priceAt(coordinate, x))
  return nearest(prices, markPrice)
}

// Whether a root lies where slack falls to from here. No root does from an account that is in breach.
function liesAhead(root: Rational, view: SymbolView, segments: readonly Segment[]): boolean {
  const { marginBalance, maintenanceMargin } = view.evaluation
  if (compare(marginBalance, maintenanceMargin) <= 0) return false
  const here = segments.find(({ high }) => high === undefined || compare(view.x, high) <= 0)!
  const side = compare(root, view.x)
  return side !== 0 && side === -sign(here.slope)
}

function nearest(prices: readonly Rational[], markPrice: Rational): Rational | undefined {
  let best: Rational | undefined
  for (const price of prices) {
    if (best === undefined || compare(abs(sub(price, markPrice)), abs(sub(best, markPrice))) < 0) best = price
  }
  return best
}

/** Slack of the margin account as a function of the x of one symbol: one segment between any two tier caps. */
function slackSegments(view: SymbolView): Segment[] {
  const { legs, x, evaluation } = view
  let rest = sub(evaluation.marginBalance, evaluation.maintenanceMargin)
  for (const leg of legs) rest = add(sub(rest, pnlAt(leg, x)), maintenanceAt(leg, x))
  const caps = capsOf(legs)
  return [...caps, undefined].map((high, index) => {
    const low = caps[index - 1] ?? ZERO
    return { low, high, ...slackOn(legs, rest, low) }
  })
}

/** Points in x at which a leg changes its tier, ascending, each once. */
function capsOf(legs: readonly Row[]): Rational[] {
  const caps = legs.flatMap((leg) => leg.tiers.slice(0, -1).map((tier) => div(tier.cap, leg.scale)))
  caps.sort(compare)
  return caps.filter((cap, index) => index === 0 || compare(cap, caps[index - 1]!) !== 0)
}

// A tier holds (low, high], so the tier just above `low` is the one whose cap is above it.
function slackOn(
  legs: readonly Row[],
  rest: Rational,
  low: Rational,
): { constant: Rational; slope: Rational } {
  let constant = rest
  let slope = ZERO
  for (const leg of legs) {
    const tier = tierAbove(leg.tiers, mul(leg.scale, low))
    constant = add(constant, add(leg.intercept, sub(tier.maintenanceDeduction, leg.maintenanceConstant)))
    slope = add(slope, sub(leg.slope, mul(tier.maintenanceMarginRate, leg.scale)))
  }
  return { constant, slope }
}

function tierAbove(tiers: readonly ExactTier[], notional: Rational): ExactTier {
  const index = tierIndexAt(tiers, notional)
  const tier = tiers[index]!
  const next = tiers[index + 1]
  return next !== undefined && compare(notional, tier.cap) === 0 ? next : tier
}

// On a segment that is zero throughout every x is a root: the one nearest to the mark stands for them.
function rootsOf(segment: Segment, x: Rational): Rational[] {
  const { low, high, constant, slope } = segment
  if (slope.n !== 0n) {
    const root = div(neg(constant), slope)
    return inside(segment, root) ? [root] : []
  }
  if (constant.n !== 0n) return []
  if (inside(segment, x)) return [x]
  return compare(x, low) < 0 || high === undefined ? [low] : [high]
}

function inside({ low, high }: Segment, x: Rational): boolean {
  return compare(x, low) >= 0 && (high === undefined || compare(x, high) <= 0)
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
  const { legs, x } = viewOf(marginAccount, symbol, markPrice, evaluation)
  let constant = add(marginAccount.walletBalance, evaluation.unrealizedPnl)
  let slope = ZERO
  for (const leg of legs) {
    constant = sub(constant, mul(leg.slope, x))
    slope = add(slope, sub(leg.slope, mul(leg.closingFeeRate, leg.scale)))
  }
  if (slope.n === 0n) return undefined
  const root = div(neg(constant), slope)
  return sign(root) > 0 ? priceAt(legs[0]!.coordinate, root) : undefined
}
