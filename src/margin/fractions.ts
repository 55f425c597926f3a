import type { MarginState, PositionState } from '../domain/index.ts'
import type { Evaluation, MarginAccount, MarkOf } from './account.ts'
import { coordinateOf, initialMarginAt, maintenanceAt, pnlAt, type Row } from './contract.ts'
import { cureOf } from './cure.ts'
import { type LevelRule, reachedLevel } from './levels.ts'
import { bankruptcyPrice, liquidationPrice } from './prices.ts'
import { add, div, formatDecimal, max, mul, parseDecimal, sign, sub, ZERO } from './rational.ts'
import { NO_POSITION_FIGURES, textOf, UNKNOWN_FIGURES, verdictOf } from './state.ts'

// The state of a margin account in fractions whose denominators grow as they must: the slow twin of state.ts, which
// tests compare it with. Nothing else calls it.

/** The three sums of a margin account, as `evaluate` gives them. */
export function evaluateByFractions(marginAccount: MarginAccount, markOf: MarkOf): Evaluation | undefined {
  let unrealizedPnl = ZERO
  let maintenanceMargin = ZERO
  for (const row of marginAccount.rows) {
    const markPrice = markOf(row.symbol)
    if (markPrice === undefined) return undefined
    const x = coordinateOf(row, markPrice)
    unrealizedPnl = add(unrealizedPnl, pnlAt(row, x))
    maintenanceMargin = add(maintenanceMargin, maintenanceAt(row, x))
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
  const positions = marginAccount.rows.map((row) => positionStateOf(row, marginAccount, markOf, evaluation))
  const base = {
    id: marginAccount.id,
    marginMode: marginAccount.marginMode,
    settle: marginAccount.settle,
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
  row: Row,
  marginAccount: MarginAccount,
  markOf: MarkOf,
  evaluation: Evaluation | undefined,
): PositionState {
  const { symbol } = row
  const { size } = row.position
  const markPrice = markOf(symbol)
  const prices = pricesOf(row, marginAccount, markOf, evaluation)
  if (markPrice === undefined) return { symbol, size, ...NO_POSITION_FIGURES, ...prices }
  const x = coordinateOf(row, markPrice)
  return {
    symbol,
    size,
    markPrice,
    notional: formatDecimal(mul(row.scale, x)),
    unrealizedPnl: formatDecimal(pnlAt(row, x)),
    initialMargin: textOf(initialMarginAt(row, x)),
    maintenanceMargin: formatDecimal(maintenanceAt(row, x)),
    ...prices,
  }
}

/**
 * Both prices hang on the other marks of the account only. Where the position's own mark is missing they are
 * sought from its entry price, so that an isolated position has them without any mark.
 */
function pricesOf(
  row: Row,
  marginAccount: MarginAccount,
  markOf: MarkOf,
  evaluation: Evaluation | undefined,
): Pick<PositionState, 'liquidationPrice' | 'bankruptcyPrice'> {
  const { symbol } = row
  const { entryPrice } = row.position
  const markPrice = markOf(symbol)
  const at =
    markPrice === undefined
      ? evaluateByFractions(marginAccount, (other) => (other === symbol ? entryPrice : markOf(other)))
      : evaluation
  if (at === undefined) return { liquidationPrice: null, bankruptcyPrice: null }
  const from = parseDecimal(markPrice ?? entryPrice)
  return {
    liquidationPrice: textOf(liquidationPrice(marginAccount, symbol, from, at)),
    bankruptcyPrice: textOf(bankruptcyPrice(marginAccount, symbol, from, at)),
  }
}
