import type { Decimal, MarginState, Position, PositionState } from '../domain/index.ts'
import type { MarginAccount } from './account.ts'
import { slackIsConcave, valueAt } from './curve.ts'
import { fixedOf } from './fixed.ts'
import type { FurtherPrices, MarkOf } from './formula-figures.ts'
import { stateByFormula, stateStepsByFormula } from './formula-state.ts'
import { keptByDistance } from './kept-by-distance.ts'
import { entryValueOf, type Leg } from './leg.ts'
import type { LevelRule } from './level-rule.ts'
import { reachedLevel } from './levels.ts'
import { liquidationPriceByPieces } from './prices-by-pieces.ts'
import { add, formatDecimal, formatFixed, powerOfTen, type Rational } from './rational.ts'
import { scaledTierAt } from './scaled-tiers.ts'
import { NO_POSITION_FIGURES, textOf, UNKNOWN_FIGURES, verdictOf } from './state-text.ts'
import type { Steps } from './steps.ts'
import {
  evaluationOf,
  isKnown,
  type Marked,
  markedOf,
  type Summed,
  type Sums,
  type SymbolAt,
  summedAt,
  sumUp,
  symbolAt,
} from './sums.ts'
import { cureAt } from './sums-cure.ts'
import { bankruptcyPriceAt, liquidationPriceAt } from './sums-prices.ts'
import type { CurveTerms, Terms } from './terms.ts'

/**
 * The exact state of a margin account at the given marks, as text (`formatDecimal` rounds fractions that do not end). The
 * verdict is that of the marks, without hysteresis. When a mark is missing it is `unknown`, and figures that depend on
 * the mark are null. The work is linear in the number of positions.
 */
export function marginStateOf(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  rule: LevelRule,
  further?: FurtherPrices,
): MarginState {
  const { formula } = marginAccount
  if (!marginAccount.isPlain) return stateByFormula(marginAccount, formula, markOf, rule, further)
  const marked = markedOf(marginAccount, markOf)
  const { terms, symbols } = marked
  const { id, marginMode, currency: settle } = marginAccount
  const walletBalance = formatDecimal(marginAccount.walletBalance)
  if (!isKnown(symbols)) {
    const positions = positionsWithout(marginAccount, marked)
    return { id, marginMode, settle, walletBalance, ...UNKNOWN_FIGURES, positions, cure: null }
  }
  const sums = sumUp(terms, symbols)
  const { slack, lift } = sums
  const present = { terms, symbols, sums }
  const summedAtDistance = keptByDistance<Summed>(
    present,
    (distance) => summedAt(marginAccount, markOf, distance)!,
  )
  const level = reachedLevel((distance) => evaluationOf(summedAtDistance(distance)), marginAccount, rule)
  const ratio = { n: sums.maintenanceMargin, d: sums.marginBalance * terms.rateUnits }
  return {
    id,
    marginMode,
    settle,
    walletBalance,
    unrealizedPnl: moneyText(sums.unrealizedPnl, terms.valueDecimals, lift),
    marginBalance: moneyText(sums.marginBalance, terms.valueDecimals, lift),
    maintenanceMargin: moneyText(sums.maintenanceMargin, maintenanceDecimals(terms), lift),
    marginRatio: sums.marginBalance > 0n ? formatDecimal(ratio) : null,
    verdict: verdictOf(level, rule),
    level: level === 0 ? null : rule.names[level]!,
    shortfall: slack >= 0n ? '0' : moneyText(-slack, maintenanceDecimals(terms), lift),
    positions: positionsWith(marginAccount, terms, symbols, sums),
    cure: level === 0 ? null : cureAt(marginAccount, summedAtDistance, rule),
  }
}

function maintenanceDecimals({ valueDecimals, rateDecimals }: Terms): number {
  return valueDecimals + rateDecimals
}

/**
 * The same in steps, for accounts whose work is long: those of the formula take one for each position and each part of the cure.
 * The prices must stay the same from one step to the next.
 */
export function* marginStateSteps(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  rule: LevelRule,
  further?: FurtherPrices,
): Steps<MarginState> {
  if (marginAccount.isPlain) return marginStateOf(marginAccount, markOf, rule, further)
  return yield* stateStepsByFormula(marginAccount, marginAccount.formula, markOf, rule, further)
}

/** The text of n/(10^decimals·divisor). */
function moneyText(n: bigint, decimals: number, divisor: bigint): Decimal {
  return divisor === 1n ? formatFixed(n, decimals) : formatDecimal({ n, d: powerOfTen(decimals) * divisor })
}

type PositionPrices = Pick<PositionState, 'liquidationPrice' | 'bankruptcyPrice'>

const NO_PRICES: PositionPrices = { liquidationPrice: null, bankruptcyPrice: null }

/** Legs of one symbol share their prices, so the prices are computed once a symbol. */
function positionsWith(
  marginAccount: MarginAccount,
  terms: Terms,
  symbols: readonly SymbolAt[],
  sums: Sums,
): PositionState[] {
  const prices = symbols.map((at, index) => pricesAt(marginAccount, terms, index, at, sums))
  return marginAccount.legs.map((leg, index) => {
    const curve = terms.curves[index]!
    return positionAt(terms, leg, curve, symbols[curve.symbolIndex]!, prices[curve.symbolIndex]!)
  })
}

/**
 * For an account without all marks. Both prices of a symbol depend only on the other marks of the account, so a symbol
 * has them when only its own mark is missing. The search starts at the entry price of each position.
 */
function positionsWithout(marginAccount: MarginAccount, { terms, symbols }: Marked): PositionState[] {
  const missing = symbols.filter((at) => at === undefined).length
  return marginAccount.legs.map((leg, index) => {
    const curve = terms.curves[index]!
    const at = symbols[curve.symbolIndex]
    if (at !== undefined) return positionAt(terms, leg, curve, at, NO_PRICES)
    const { position } = leg
    const { symbol } = position
    const prices =
      missing === 1 ? pricesFromEntry(marginAccount, terms, symbols, position, curve.symbolIndex) : NO_PRICES
    return { symbol, size: position.size, ...NO_POSITION_FIGURES, ...prices }
  })
}

function pricesFromEntry(
  marginAccount: MarginAccount,
  terms: Terms,
  symbols: Marked['symbols'],
  { entryPrice }: Position,
  symbolIndex: number,
): PositionPrices {
  const entered = symbolAt(terms.symbols[symbolIndex]!, entryPrice, fixedOf(entryPrice), terms)
  const known = symbols.map((at) => at ?? entered)
  return pricesAt(marginAccount, terms, symbolIndex, entered, sumUp(terms, known))
}

function pricesAt(
  marginAccount: MarginAccount,
  terms: Terms,
  symbolIndex: number,
  at: SymbolAt,
  sums: Sums,
): PositionPrices {
  const symbol = terms.symbols[symbolIndex]!
  const liquidationPrice = symbol.curves.every(({ curve }) => slackIsConcave(curve))
    ? liquidationPriceAt(terms, symbol, at, sums)
    : liquidationPriceByPieces(marginAccount, symbol.symbol, priceOf(at), evaluationOf({ terms, sums }))
  return {
    liquidationPrice: textOf(liquidationPrice),
    bankruptcyPrice: textOf(bankruptcyPriceAt(terms, symbol, at, sums)),
  }
}

function positionAt(
  terms: Terms,
  leg: Leg,
  curve: CurveTerms,
  at: SymbolAt,
  prices: PositionPrices,
): PositionState {
  const { tiers } = curve
  const { divisor } = at
  const { valueDecimals } = terms
  const notional = curve.magnitude * at.x
  const tier = scaledTierAt(tiers.caps, notional, divisor)
  const tiered = tiers.rates[tier]! * notional - tiers.deductions[tier]! * divisor
  const maintenanceMargin = tiered * terms.common + curve.fee * divisor
  return {
    symbol: leg.position.symbol,
    size: leg.position.size,
    markPrice: at.markPrice,
    notional: moneyText(notional, valueDecimals, divisor),
    unrealizedPnl: unrealizedPnlText(curve, at, valueDecimals),
    initialMargin: initialMarginText(leg, { n: notional, d: powerOfTen(valueDecimals) * divisor }),
    maintenanceMargin: moneyText(maintenanceMargin, maintenanceDecimals(terms), terms.common * divisor),
    liquidationPrice: prices.liquidationPrice,
    bankruptcyPrice: prices.bankruptcyPrice,
  }
}

function priceOf({ mark }: SymbolAt): Rational {
  return { n: mark.digits, d: powerOfTen(mark.decimals) }
}

function unrealizedPnlText(
  { curve, intercept, size }: CurveTerms,
  at: SymbolAt,
  valueDecimals: number,
): Decimal {
  if (intercept !== undefined) return formatFixed(intercept + size * at.x, valueDecimals)
  const { digits, decimals } = at.mark
  return formatDecimal(valueAt(curve, { n: powerOfTen(decimals), d: digits }))
}

/** value/leverage + closing fee, as `initialMarginAt`. */
function initialMarginText(leg: Leg, notional: Rational): Decimal | null {
  const { curve } = leg
  const { leverage } = leg.position
  if (leverage === undefined) return null
  const { digits, decimals } = fixedOf(leverage)
  const value = leg.isInitialAtEntry ? entryValueOf(leg) : notional
  const margin = { n: value.n * powerOfTen(decimals), d: value.d * digits }
  return formatDecimal(curve.maintenanceConstant.n === 0n ? margin : add(margin, curve.maintenanceConstant))
}
