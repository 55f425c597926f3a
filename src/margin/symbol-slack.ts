import type { Evaluation, MarginAccount } from './account.ts'
import { type Coordinate, type Curve, coordinateAt, maintenanceAt, priceAt, valueAt } from './curve.ts'
import type { Leg } from './leg.ts'
import { abs, add, compare, mul, type Rational, sub, ZERO } from './rational.ts'
import { tierIndexAt } from './tiers.ts'

/** Slack of a margin account while only the price of one symbol moves; its legs move together. */
export interface SymbolSlack {
  readonly legs: readonly Leg[]
  readonly coordinate: Coordinate
  /** x of the current mark. */
  readonly x: Rational
  /** Slack of the rest of the account, at its current marks. */
  readonly rest: Rational
}

/** constant + slope·x */
export interface Line {
  readonly constant: Rational
  readonly slope: Rational
}

export function legsOf(marginAccount: Pick<MarginAccount, 'legs'>, symbol: string): readonly Leg[] {
  return marginAccount.legs.filter(({ curve }) => curve.symbol === symbol)
}

export function slackOf({ marginBalance, maintenanceMargin }: Evaluation): Rational {
  return sub(marginBalance, maintenanceMargin)
}

/** `evaluation` is that of the current marks, with `markPrice` for the symbol. */
export function symbolSlackOf(
  marginAccount: Pick<MarginAccount, 'legs'>,
  symbol: string,
  markPrice: Rational,
  evaluation: Evaluation,
): SymbolSlack {
  const legs = legsOf(marginAccount, symbol)
  const { coordinate } = legs[0]!.curve
  const x = coordinateAt(coordinate, markPrice)
  let rest = slackOf(evaluation)
  for (const { curve } of legs) rest = add(sub(rest, valueAt(curve, x)), maintenanceAt(curve, x))
  return { legs, coordinate, x, rest }
}

/** The piece of slack at x. On a tier cap it is the piece below. */
export function lineAt(slack: SymbolSlack, x: Rational): Line {
  return lineOf(slack, ({ tiers, scale }) => tierIndexAt(tiers, mul(scale, x)))
}

/** The piece of slack above the last cap of every leg. */
export function lastLineOf(slack: SymbolSlack): Line {
  return lineOf(slack, ({ tiers }) => tiers.length - 1)
}

function lineOf({ legs, rest }: SymbolSlack, tierIndexOf: (curve: Curve) => number): Line {
  let constant = rest
  let slope = ZERO
  for (const { curve } of legs) {
    const tier = curve.tiers[tierIndexOf(curve)]!
    constant = add(constant, add(curve.intercept, sub(tier.maintenanceDeduction, curve.maintenanceConstant)))
    slope = add(slope, sub(curve.slope, mul(tier.maintenanceMarginRate, curve.scale)))
  }
  return { constant, slope }
}

export function slackValueAt({ constant, slope }: Line, x: Rational): Rational {
  return add(constant, mul(slope, x))
}

/** The price of the x that is nearer to the mark in price; of `low` when both are equally near. */
export function nearerPrice({ coordinate, x }: SymbolSlack, low: Rational, high: Rational): Rational {
  const markPrice = priceAt(coordinate, x)
  const [first, second] = [priceAt(coordinate, low), priceAt(coordinate, high)]
  return compare(abs(sub(first, markPrice)), abs(sub(second, markPrice))) <= 0 ? first : second
}
