import type { MarginState, PositionState } from '../domain/index.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { cureOf } from './cure.ts'
import { coordinateOf, maintenanceAt, slackIsConcave, valueAt } from './curve.ts'
import type { MarkOf } from './formula-figures.ts'
import { initialMarginAt, type Leg } from './leg.ts'
import { type LevelRule, reachedLevel } from './levels.ts'
import { bankruptcyPrice, liquidationPrice } from './prices.ts'
import { liquidationPriceByPieces } from './prices-by-pieces.ts'
import { add, div, formatDecimal, max, mul, parseDecimal, sign, sub, ZERO } from './rational.ts'
import { NO_POSITION_FIGURES, textOf, UNKNOWN_FIGURES, verdictOf } from './state-text.ts'

// The state of a margin account in fractions whose denominators grow as they must: the slow twin of state.ts, which
// tests compare it with. The desk's questions evaluate by it, because they judge each account once.

/** The three sums of a margin account, as `evaluate` gives them. */
export function evaluateByFractions(marginAccount: MarginAccount, markOf: MarkOf): Evaluation | undefined {
  let unrealizedPnl = ZERO
  let maintenanceMargin = ZERO
  for (const curve of marginAccount.curves) {
    const markPrice = markOf(curve.symbol)
    if (markPrice === undefined) return undefined
    const x = coordinateOf(curve, markPrice)
    unrealizedPnl = add(unrealizedPnl, valueAt(curve, x))
    maintenanceMargin = add(maintenanceMargin, maintenanceAt(curve, x))
  }
  return { marginBalance: add(marginAccount.constant, unrealizedPnl), unrealizedPnl, maintenanceMargin }
}

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
  const level = reachedLevel(evaluation, marginAccount, rule)
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
    cure: cureOf(marginAccount, markOf, evaluation, rule),
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
