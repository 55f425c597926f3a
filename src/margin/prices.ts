import { assert } from '../errors.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { coordinateAt, priceAt, slackIsConcave } from './curve.ts'
import { add, div, mul, neg, type Rational, sign, sub, ZERO } from './rational.ts'
import {
  lastLineOf,
  legsOf,
  lineAt,
  nearerPrice,
  type SymbolSlack,
  slackOf,
  slackValueAt,
  symbolSlackOf,
} from './symbol-slack.ts'

/**
 * The mark of `symbol` at which marginBalance = maintenanceMargin exactly, the other marks fixed. Legs of one
 * symbol (hedge mode) move together and share it. `evaluation` is that of the current marks.
 *
 * Needs slack that is concave in x (`slackIsConcave` of every curve of the symbol), so that at most two such marks
 * exist; `liquidationPriceByPieces` does without. From a healthy account: the one in the direction in which slack
 * falls, or the other if that side has none. From a breached one: the nearest, at which it becomes safe again.
 * undefined when no positive price is one.
 */
export function liquidationPrice(
  marginAccount: MarginAccount,
  symbol: string,
  markPrice: Rational,
  evaluation: Evaluation,
): Rational | undefined {
  const atMark = slackOf(evaluation)
  if (atMark.n === 0n) return markPrice
  const slack = symbolSlackOf(marginAccount, symbol, markPrice, evaluation)
  for (const { curve } of slack.legs) assert(slackIsConcave(curve), `the slack of ${symbol} is concave`)
  const [low, high] = [rootFrom('zero', slack), rootFrom('infinity', slack)]
  if (low === undefined || high === undefined) {
    const only = low ?? high
    return only === undefined ? undefined : priceAt(slack.coordinate, only)
  }
  const direction = sign(atMark) > 0 ? sign(lineAt(slack, slack.x).slope) : 0
  if (direction !== 0) return priceAt(slack.coordinate, direction > 0 ? low : high)
  return nearerPrice(slack, low, high)
}

/**
 * The outermost zero of slack on that side, by Newton's steps on concave slack of straight pieces. At a point with
 * negative slack, the straight piece meets zero between that point and the root: so no step passes the root, each piece
 * takes at most one step, and the last step ends exactly on the root. Undefined when slack is not negative on that side,
 * never becomes positive, or does so at no positive x.
 */
function rootFrom(side: 'zero' | 'infinity', slack: SymbolSlack): Rational | undefined {
  const inward = side === 'zero' ? 1 : -1
  const pieces = slack.legs.reduce((count, { curve }) => count + curve.tiers.length, 0)
  let line = side === 'zero' ? lineAt(slack, ZERO) : lastLineOf(slack)
  for (let step = 0; step <= pieces; step++) {
    if (sign(line.slope) !== inward) return undefined
    const x = div(neg(line.constant), line.slope)
    if (sign(x) <= 0) return undefined
    line = lineAt(slack, x)
    if (slackValueAt(line, x).n === 0n) return x
  }
  assert(false, `the root of a slack of ${pieces} pieces takes no more than ${pieces} steps`)
}

/**
 * The mark of `symbol` at which the displayed wallet, all PnL and the venue's fee of closing this symbol at
 * that mark come to zero, the other marks fixed. undefined when no positive price does.
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
