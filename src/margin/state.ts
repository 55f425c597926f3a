import type { Decimal, MarginState, PositionState, Verdict } from '../domain/index.ts'
import type { MarginAccount, MarkOf } from './account.ts'
import { pnlAt } from './contract.ts'
import { fixedOf } from './fixed.ts'
import { type LevelRule, reachedLevel } from './levels.ts'
import { add, formatDecimal, formatFixed, powerOfTen, type Rational } from './rational.ts'
import { scaledTierAt } from './scaled-tiers.ts'
import {
  evaluationOf,
  isKnown,
  type Marked,
  markedOf,
  type Sums,
  type SymbolAt,
  sumUp,
  symbolAt,
} from './sums.ts'
import { cureAt } from './sums-cure.ts'
import { bankruptcyPriceAt, liquidationPriceAt } from './sums-prices.ts'
import type { LegTerms, Terms } from './terms.ts'

/**
 * The exact state of a margin account at the given marks, as text (see `formatDecimal` for the rounding of
 * what does not end). The verdict is that of the marks alone, without hysteresis. With a mark missing it is
 * `unknown`, and what depends on that mark is null. The work grows with the number of positions, not faster.
 */
export function marginStateOf(marginAccount: MarginAccount, markOf: MarkOf, rule: LevelRule): MarginState {
  const marked = markedOf(marginAccount, markOf)
  const { terms, symbols } = marked
  const { id, marginMode, settle } = marginAccount
  const walletBalance = formatDecimal(marginAccount.walletBalance)
  if (!isKnown(symbols)) {
    const positions = positionsWithout(marked)
    return { id, marginMode, settle, walletBalance, ...UNKNOWN_FIGURES, positions, cure: null }
  }
  const sums = sumUp(terms, symbols)
  const { slack, lift } = sums
  const level = reachedLevel(evaluationOf(terms, sums), marginAccount, rule)
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
    positions: positionsWith(terms, symbols, sums),
    cure: level === 0 ? null : cureAt(marginAccount, terms, symbols, sums, rule),
  }
}

export const UNKNOWN_FIGURES = {
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

function maintenanceDecimals({ valueDecimals, rateDecimals }: Terms): number {
  return valueDecimals + rateDecimals
}

/** The text of n/(10^decimals·divisor). */
function moneyText(n: bigint, decimals: number, divisor: bigint): Decimal {
  return divisor === 1n ? formatFixed(n, decimals) : formatDecimal({ n, d: powerOfTen(decimals) * divisor })
}

type PositionPrices = Pick<PositionState, 'liquidationPrice' | 'bankruptcyPrice'>

const NO_PRICES: PositionPrices = { liquidationPrice: null, bankruptcyPrice: null }

/** Legs of one symbol share their prices, so they are sought once a symbol. */
function positionsWith(terms: Terms, symbols: readonly SymbolAt[], sums: Sums): PositionState[] {
  const prices = symbols.map((at, index) => pricesAt(terms, index, at, sums))
  return terms.legs.map((leg) => positionAt(terms, leg, symbols[leg.symbolIndex]!, prices[leg.symbolIndex]!))
}

/**
 * With a mark missing. Both prices of a symbol hang on the other marks of the account only, so the symbol whose
 * mark alone is missing has them. They are sought from the entry price of each of its positions.
 */
function positionsWithout({ terms, symbols }: Marked): PositionState[] {
  const missing = symbols.filter((at) => at === undefined).length
  return terms.legs.map((leg) => {
    const at = symbols[leg.symbolIndex]
    if (at !== undefined) return positionAt(terms, leg, at, NO_PRICES)
    const { symbol, position } = leg.row
    const prices = missing === 1 ? pricesFromEntry(terms, symbols, leg) : NO_PRICES
    return { symbol, size: position.size, ...NO_POSITION_FIGURES, ...prices }
  })
}

function pricesFromEntry(terms: Terms, symbols: Marked['symbols'], leg: LegTerms): PositionPrices {
  const { entryPrice } = leg.row.position
  const entered = symbolAt(terms.symbols[leg.symbolIndex]!, entryPrice, fixedOf(entryPrice), terms)
  const known = symbols.map((at) => at ?? entered)
  return pricesAt(terms, leg.symbolIndex, entered, sumUp(terms, known))
}

function pricesAt(terms: Terms, symbolIndex: number, at: SymbolAt, sums: Sums): PositionPrices {
  const symbol = terms.symbols[symbolIndex]!
  return {
    liquidationPrice: textOf(liquidationPriceAt(terms, symbol, at, sums)),
    bankruptcyPrice: textOf(bankruptcyPriceAt(terms, symbol, at, sums)),
  }
}

function positionAt(terms: Terms, leg: LegTerms, at: SymbolAt, prices: PositionPrices): PositionState {
  const { row, tiers } = leg
  const { divisor } = at
  const { valueDecimals } = terms
  const notional = leg.magnitude * at.x
  const tier = scaledTierAt(tiers.caps, notional, divisor)
  const tiered = tiers.rates[tier]! * notional - tiers.deductions[tier]! * divisor
  const maintenanceMargin = tiered * terms.common + leg.fee * divisor
  return {
    symbol: row.symbol,
    size: row.position.size,
    markPrice: at.markPrice,
    notional: moneyText(notional, valueDecimals, divisor),
    unrealizedPnl: unrealizedPnlText(leg, at, valueDecimals),
    initialMargin: initialMarginText(leg, { n: notional, d: powerOfTen(valueDecimals) * divisor }),
    maintenanceMargin: moneyText(maintenanceMargin, maintenanceDecimals(terms), terms.common * divisor),
    liquidationPrice: prices.liquidationPrice,
    bankruptcyPrice: prices.bankruptcyPrice,
  }
}

function unrealizedPnlText({ row, intercept, size }: LegTerms, at: SymbolAt, valueDecimals: number): Decimal {
  if (intercept !== undefined) return formatFixed(intercept + size * at.x, valueDecimals)
  const { digits, decimals } = at.mark
  return formatDecimal(pnlAt(row, { n: powerOfTen(decimals), d: digits }))
}

/** notional/leverage + closing fee, as `initialMarginAt`. */
function initialMarginText({ row }: LegTerms, notional: Rational): Decimal | null {
  const { leverage } = row.position
  if (leverage === undefined) return null
  const { digits, decimals } = fixedOf(leverage)
  const margin = { n: notional.n * powerOfTen(decimals), d: notional.d * digits }
  return formatDecimal(row.maintenanceConstant.n === 0n ? margin : add(margin, row.maintenanceConstant))
}

export const NO_POSITION_FIGURES = {
  markPrice: null,
  notional: null,
  unrealizedPnl: null,
  initialMargin: null,
  maintenanceMargin: null,
} as const

export function textOf(value: Rational | undefined): Decimal | null {
  return value === undefined ? null : formatDecimal(value)
}
