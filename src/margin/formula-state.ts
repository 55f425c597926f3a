// The exact state of a margin account from its formula: figures, prices and cure for every contract kind.
import type { MarginState, PositionState } from '../domain/index.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { type AccountFormula, symbolsOf } from './account-formulas.ts'
import { knownAgainst } from './adverse.ts'
import { cureSteps } from './formula-cure.ts'
import {
  type FurtherPrices,
  type Known,
  knownInitialMargin,
  knownOf,
  type MarkOf,
} from './formula-figures.ts'
import { pricesAt } from './formula-prices.ts'
import { keptByDistance } from './kept-by-distance.ts'
import type { LevelRule } from './level-rule.ts'
import { reachedLevel } from './levels.ts'
import { abs, div, formatDecimal, max, sign, sub, ZERO } from './rational.ts'
import { NO_POSITION_FIGURES, textOf, UNKNOWN_FIGURES, verdictOf } from './state-text.ts'
import { resultOf, type Steps } from './steps.ts'

/** The sums of the account; undefined when a mark or a funding rate that counts is missing. */
export function evaluateByFormula(
  formula: AccountFormula,
  markOf: MarkOf,
  further: FurtherPrices = {},
): Evaluation | undefined {
  const known = knownOf(formula, markOf, further)
  if (known === undefined) return undefined
  const { marginBalance, unrealizedPnl, maintenanceMargin } = known.figures
  return { marginBalance, unrealizedPnl, maintenanceMargin }
}

/** The exact state, as `marginStateOf` describes it. */
export function stateByFormula(
  marginAccount: MarginAccount,
  formula: AccountFormula,
  markOf: MarkOf,
  rule: LevelRule,
  further: FurtherPrices = {},
): MarginState {
  return resultOf(stateStepsByFormula(marginAccount, formula, markOf, rule, further))
}

/** The same in steps: the first finds the level, each further one costs what one position costs. */
export function* stateStepsByFormula(
  marginAccount: MarginAccount,
  formula: AccountFormula,
  markOf: MarkOf,
  rule: LevelRule,
  further: FurtherPrices = {},
): Steps<MarginState> {
  const known = knownOf(formula, markOf, further)
  if (known !== undefined) return yield* stepsOfKnown(marginAccount, known, rule)
  const { id, marginMode, currency: settle } = marginAccount
  const positions = positionsWithout(formula, markOf, further)
  // The wallet of a pool is the value of its assets, which needs their prices.
  const walletBalance = formula.pool === undefined ? formatDecimal(marginAccount.walletBalance) : null
  return { id, marginMode, settle, walletBalance, ...UNKNOWN_FIGURES, positions, cure: null }
}

/** The same at known prices. */
export function stateOfKnown(marginAccount: MarginAccount, known: Known, rule: LevelRule): MarginState {
  return resultOf(stepsOfKnown(marginAccount, known, rule))
}

function* stepsOfKnown(marginAccount: MarginAccount, known: Known, rule: LevelRule): Steps<MarginState> {
  const { id, marginMode, currency: settle } = marginAccount
  const { walletBalance, marginBalance, maintenanceMargin, unrealizedPnl } = known.figures
  const knownAt = keptByDistance(known, (distance) => knownAgainst(known, distance))
  const level = reachedLevel((distance) => knownAt(distance).figures, marginAccount, rule)
  yield
  const positions: PositionState[] = []
  const pricesOf = keptBySymbol(known)
  for (const index of known.formula.positions.keys()) {
    positions.push(positionStateOf(known, index, pricesOf(index)))
    yield
  }
  const cure = level === 0 ? null : yield* cureSteps(marginAccount, knownAt, rule)
  return {
    id,
    marginMode,
    settle,
    walletBalance: formatDecimal(walletBalance),
    unrealizedPnl: formatDecimal(unrealizedPnl),
    marginBalance: formatDecimal(marginBalance),
    maintenanceMargin: formatDecimal(maintenanceMargin),
    marginRatio: sign(marginBalance) > 0 ? formatDecimal(div(maintenanceMargin, marginBalance)) : null,
    verdict: verdictOf(level, rule),
    level: level === 0 ? null : rule.names[level]!,
    shortfall: formatDecimal(max(ZERO, sub(maintenanceMargin, marginBalance))),
    positions,
    cure,
  }
}

/** A symbol has its prices when only its own mark is missing: the search starts at the entry price. */
function positionsWithout(formula: AccountFormula, markOf: MarkOf, further: FurtherPrices): PositionState[] {
  const missing = symbolsOf(formula).filter((symbol) => markOf(symbol) === undefined)
  return formula.positions.map(({ position }, index) => {
    const { symbol, size, entryPrice } = position
    const own = missing.length === 1 && missing[0] === symbol
    const known = own
      ? knownOf(formula, (other) => (other === symbol ? entryPrice : markOf(other)), further)
      : undefined
    if (known !== undefined) return { symbol, size, ...NO_POSITION_FIGURES, ...pricesAt(known, index) }
    if (markOf(symbol) === undefined)
      return { symbol, size, ...NO_POSITION_FIGURES, liquidationPrice: null, bankruptcyPrice: null }
    return {
      symbol,
      size,
      ...NO_POSITION_FIGURES,
      markPrice: markOf(symbol)!,
      liquidationPrice: null,
      bankruptcyPrice: null,
    }
  })
}

type PositionPrices = ReturnType<typeof pricesAt>

/** Positions of one symbol share their prices. */
function keptBySymbol(known: Known): (index: number) => PositionPrices {
  const kept = new Map<string, PositionPrices>()
  return (index) => {
    const { symbol } = known.formula.positions[index]!.position
    const prices = kept.get(symbol) ?? pricesAt(known, index)
    kept.set(symbol, prices)
    return prices
  }
}

function positionStateOf(known: Known, index: number, prices: PositionPrices): PositionState {
  const { position } = known.formula.positions[index]!
  const { value, unrealizedPnl, maintenanceMargin } = known.figures.positions[index]!
  return {
    symbol: position.symbol,
    size: position.size,
    markPrice: formatDecimal(known.marks.get(position.symbol)!),
    notional: formatDecimal(abs(value)),
    unrealizedPnl: formatDecimal(unrealizedPnl),
    initialMargin: textOf(knownInitialMargin(known, index)),
    maintenanceMargin: formatDecimal(maintenanceMargin),
    ...prices,
  }
}
