import type { Decimal, MarginState, PositionState, Verdict } from '../domain/index.ts'
import { type Evaluation, evaluate, type MarginAccount, type MarkOf } from './account.ts'
import { coordinateOf, initialMarginAt, maintenanceAt, pnlAt, type Row } from './contract.ts'
import { cureOf } from './cure.ts'
import { type LevelRule, reachedLevel } from './levels.ts'
import { bankruptcyPrice, liquidationPrice } from './prices.ts'
import { div, formatDecimal, max, mul, parseDecimal, type Rational, sign, sub, ZERO } from './rational.ts'

/**
 * The exact state of a margin account at the given marks, as text (see `formatDecimal` for the rounding of
 * what does not end). The verdict is that of the marks alone, without hysteresis. With a mark missing it is
 * `unknown`, and what depends on that mark is null.
 */
export function marginStateOf(marginAccount: MarginAccount, markOf: MarkOf, rule: LevelRule): MarginState {
  const evaluation = evaluate(marginAccount, markOf)
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

const UNKNOWN_FIGURES = {
  unrealizedPnl: null,
  marginBalance: null,
  maintenanceMargin: null,
  marginRatio: null,
  verdict: 'unknown',
  level: null,
  shortfall: null,
} as const

/** The verdict of a level: 0 is safe, the last one is the breach. */
export function verdictOf(level: number, rule: LevelRule): Verdict {
  if (level === 0) return 'safe'
  return level === rule.levels.length ? 'breach' : 'warning'
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
      ? evaluate(marginAccount, (other) => (other === symbol ? entryPrice : markOf(other)))
      : evaluation
  if (at === undefined) return { liquidationPrice: null, bankruptcyPrice: null }
  const from = parseDecimal(markPrice ?? entryPrice)
  return {
    liquidationPrice: textOf(liquidationPrice(marginAccount, symbol, from, at)),
    bankruptcyPrice: textOf(bankruptcyPrice(marginAccount, symbol, from, at)),
  }
}

const NO_POSITION_FIGURES = {
  markPrice: null,
  notional: null,
  unrealizedPnl: null,
  initialMargin: null,
  maintenanceMargin: null,
} as const

function textOf(value: Rational | undefined): Decimal | null {
  return value === undefined ? null : formatDecimal(value)
}
