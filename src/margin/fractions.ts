import type { MarginState, PositionState } from '../domain/index.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { adverseOfSlope, factorOf } from './adverse.ts'
import { cureOf } from './cure.ts'
import { type Curve, coordinateAt, coordinateOf, maintenanceAt, slackIsConcave, valueAt } from './curve.ts'
import type { MarkOf } from './formula-figures.ts'
import { initialMarginAt, type Leg } from './leg.ts'
import type { LevelRule } from './level-rule.ts'
import { reachedLevel } from './levels.ts'
import { bankruptcyPrice, liquidationPrice } from './prices.ts'
import { liquidationPriceByPieces } from './prices-by-pieces.ts'
import {
  add,
  div,
  formatDecimal,
  max,
  mul,
  parseDecimal,
  type Rational,
  sign,
  sub,
  ZERO,
} from './rational.ts'
import { NO_POSITION_FIGURES, textOf, UNKNOWN_FIGURES, verdictOf } from './state-text.ts'

// The state of a margin account in fractions whose denominators grow as they must: the slow twin of state.ts, which
// tests compare it with. The desk's questions evaluate by it, because they judge each account once.

/** The three sums of a margin account, as `evaluate` gives them. */
export function evaluateByFractions(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  distance: Rational = ZERO,
): Evaluation | undefined {
  const nets = distance.n === 0n ? NO_NETS : netsOf(marginAccount)
  let unrealizedPnl = ZERO
  let maintenanceMargin = ZERO
  for (const curve of marginAccount.curves) {
    const x = movedX(nets, curve, markOf, distance)
    if (x === undefined) return undefined
    unrealizedPnl = add(unrealizedPnl, valueAt(curve, x))
    maintenanceMargin = add(maintenanceMargin, maintenanceAt(curve, x))
  }
  return { marginBalance: add(marginAccount.constant, unrealizedPnl), unrealizedPnl, maintenanceMargin }
}

/** x of a curve at its mark moved against the account by the distance; undefined without a mark. */
function movedX(
  nets: ReadonlyMap<string, Rational>,
  { symbol, coordinate }: Curve,
  markOf: MarkOf,
  distance: Rational,
): Rational | undefined {
  const markPrice = markOf(symbol)
  if (markPrice === undefined) return undefined
  const mark = parseDecimal(markPrice)
  if (distance.n === 0n) return coordinateAt(coordinate, mark)
  const side = adverseOfSlope(coordinate, sign(nets.get(symbol)!))
  return coordinateAt(coordinate, mul(mark, factorOf(side, distance)))
}

/** Sums of the slopes of the curves of each symbol. */
function netsOf({ curves }: MarginAccount): ReadonlyMap<string, Rational> {
  const nets = new Map<string, Rational>()
  for (const { symbol, slope } of curves) nets.set(symbol, add(nets.get(symbol) ?? ZERO, slope))
  return nets
}

const NO_NETS: ReadonlyMap<string, Rational> = new Map()

/** The state of a margin account, as `marginStateOf` gives it. */
export function marginStateByFractions(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  rule: LevelRule,
): MarginState {
  const evaluation = evaluateByFractions(marginAccount, markOf)
  const positions = marginAccount.legs.map((leg) => positionStateOf(leg, marginAccount, markOf, evaluation))
  const base = {
    id: marginAccount.id,
    marginMode: marginAccount.marginMode,
    settle: marginAccount.currency,
    walletBalance: formatDecimal(marginAccount.walletBalance),
  }
  if (evaluation === undefined) return { ...base, ...UNKNOWN_FIGURES, positions, cure: null }
  const { marginBalance, maintenanceMargin, unrealizedPnl } = evaluation
  const nets = netsOf(marginAccount)
  const evaluationAt = (distance: Rational) => evaluateByFractions(marginAccount, markOf, distance)!
  const xAt = ({ curve }: Leg, distance: Rational) => movedX(nets, curve, markOf, distance)!
  const level = reachedLevel(evaluationAt, marginAccount, rule)
  return {
    ...base,
    unrealizedPnl: formatDecimal(unrealizedPnl),
    marginBalance: formatDecimal(marginBalance),
    maintenanceMargin: formatDecimal(maintenanceMargin),
    marginRatio: sign(marginBalance) > 0 ? formatDecimal(div(maintenanceMargin, marginBalance)) : null,
    verdict: verdictOf(level, rule),
    level: level === 0 ? null : rule.names[level]!,
    shortfall: formatDecimal(max(ZERO, sub(maintenanceMargin, marginBalance))),
    positions,
    cure: cureOf(marginAccount, evaluationAt, xAt, rule),
  }
}

function positionStateOf(
  leg: Leg,
  marginAccount: MarginAccount,
  markOf: MarkOf,
  evaluation: Evaluation | undefined,
): PositionState {
  const { curve } = leg
  const { symbol } = curve
  const { size } = leg.position
  const markPrice = markOf(symbol)
  const prices = pricesOf(leg, marginAccount, markOf, evaluation)
  if (markPrice === undefined) return { symbol, size, ...NO_POSITION_FIGURES, ...prices }
  const x = coordinateOf(curve, markPrice)
  return {
    symbol,
    size,
    markPrice,
    notional: formatDecimal(mul(curve.scale, x)),
    unrealizedPnl: formatDecimal(valueAt(curve, x)),
    initialMargin: textOf(initialMarginAt(leg, x)),
    maintenanceMargin: formatDecimal(maintenanceAt(curve, x)),
    ...prices,
  }
}

/**
 * Both prices depend only on the other marks of the account. Without its own mark the search starts at the entry
 * price, so that an isolated position has them without any mark.
 */
function pricesOf(
  leg: Leg,
  marginAccount: MarginAccount,
  markOf: MarkOf,
  evaluation: Evaluation | undefined,
): Pick<PositionState, 'liquidationPrice' | 'bankruptcyPrice'> {
  const { symbol } = leg.curve
  const { entryPrice } = leg.position
  const markPrice = markOf(symbol)
  const at =
    markPrice === undefined
      ? evaluateByFractions(marginAccount, (other) => (other === symbol ? entryPrice : markOf(other)))
      : evaluation
  if (at === undefined) return { liquidationPrice: null, bankruptcyPrice: null }
  const from = parseDecimal(markPrice ?? entryPrice)
  const ofSymbol = marginAccount.curves.filter((curve) => curve.symbol === symbol)
  const priceOf = ofSymbol.every(slackIsConcave) ? liquidationPrice : liquidationPriceByPieces
  return {
    liquidationPrice: textOf(priceOf(marginAccount, symbol, from, at)),
    bankruptcyPrice: textOf(bankruptcyPrice(marginAccount, symbol, from, at)),
  }
}
