import type { Decimal } from '../domain/index.ts'
import type { Evaluation, MarginAccount } from './account.ts'
import { adverseOfSlope, movedFixed } from './adverse.ts'
import { digitsAt, type Fixed, markFixedOf } from './fixed.ts'
import type { FurtherPrices, MarkOf } from './formula-figures.ts'
import { evaluateByFormula } from './formula-state.ts'
import { powerOfTen, type Rational, ZERO } from './rational.ts'
import { scaledTierAt } from './scaled-tiers.ts'
import { type SymbolTerms, type Terms, termsOf } from './terms.ts'

// x of a mark is a whole number over 10^p·divisor. Linear: the mark, divisor 1. Inverse: 1/mark, divisor the
// digits of the mark. The sums of an account are over the product of its divisors, `Sums.divisor`.

/** The sums of the curves of one symbol at a mark. v and r are those of terms.ts. */
export interface SymbolAt {
  readonly mark: Fixed
  readonly markPrice: Decimal
  readonly x: bigint
  readonly divisor: bigint
  /** Σ slope·x, over 10^v·divisor. */
  readonly value: bigint
  /** Maintenance margin without closing fees, over 10^(v+r)·divisor. */
  readonly tiered: bigint
}

/** The sums of a margin account whose marks are all known. */
export interface Sums {
  readonly divisor: bigint
  /** common·divisor: the denominators below are this times a power of ten. */
  readonly lift: bigint
  /** These two over 10^v·lift. */
  readonly unrealizedPnl: bigint
  readonly marginBalance: bigint
  /** These two over 10^(v+r)·lift. */
  readonly maintenanceMargin: bigint
  readonly slack: bigint
}

/** Terms with enough decimals for the marks, and each symbol at its mark; undefined when the mark is missing. */
export interface Marked {
  readonly terms: Terms
  readonly symbols: readonly (SymbolAt | undefined)[]
}

/** At the marks moved against the account by the distance. `markPrice` of each symbol is its present mark. */
export function markedOf(marginAccount: MarginAccount, markOf: MarkOf, distance: Rational = ZERO): Marked {
  let terms = termsOf(marginAccount)
  const symbols: (SymbolAt | undefined)[] = []
  for (let index = 0; index < terms.symbols.length; index++) {
    const symbol = terms.symbols[index]!
    const markPrice = markOf(symbol.symbol)
    if (markPrice === undefined) {
      symbols.push(undefined)
      continue
    }
    const stated = markFixedOf(markPrice)
    const mark =
      distance.n === 0n
        ? stated
        : movedFixed(stated, adverseOfSlope(symbol.coordinate, symbol.size), distance)
    if (symbol.coordinate === 'price' && mark.decimals > terms.priceDecimals) {
      terms = termsOf(marginAccount, mark.decimals)
      symbols.length = 0
      index = -1
      continue
    }
    symbols.push(symbolAt(symbol, markPrice, mark, terms))
  }
  return { terms, symbols }
}

export function symbolAt(
  symbol: SymbolTerms,
  markPrice: Decimal,
  mark: Fixed,
  { priceDecimals }: Terms,
): SymbolAt {
  const isLinear = symbol.coordinate === 'price'
  const x = isLinear ? digitsAt(mark, priceDecimals) : powerOfTen(priceDecimals + mark.decimals)
  const divisor = isLinear ? 1n : mark.digits
  let tiered = 0n
  for (const { magnitude, tiers } of symbol.curves) {
    const notional = magnitude * x
    const tier = scaledTierAt(tiers.caps, notional, divisor)
    const deduction = tiers.deductions[tier]!
    tiered += tiers.rates[tier]! * notional - (isLinear ? deduction : deduction * divisor)
  }
  return { mark, markPrice, x, divisor, value: symbol.size * x, tiered }
}

export function sumUp(terms: Terms, symbols: readonly SymbolAt[]): Sums {
  let values = 0n
  let tiered = 0n
  let divisor = 1n
  for (const symbol of symbols) {
    if (symbol.divisor === 1n && divisor === 1n) {
      values += symbol.value
      tiered += symbol.tiered
      continue
    }
    values = values * symbol.divisor + symbol.value * divisor
    tiered = tiered * symbol.divisor + symbol.tiered * divisor
    divisor *= symbol.divisor
  }
  const { common, rateUnits } = terms
  const isPlain = common === 1n && divisor === 1n
  const unrealizedPnl = isPlain ? values + terms.intercepts : values * common + terms.intercepts * divisor
  const marginBalance = unrealizedPnl + (divisor === 1n ? terms.constant : terms.constant * divisor)
  const maintenanceMargin = isPlain ? tiered + terms.fees : tiered * common + terms.fees * divisor
  return {
    divisor,
    lift: isPlain ? 1n : common * divisor,
    unrealizedPnl,
    marginBalance,
    maintenanceMargin,
    slack: marginBalance * rateUnits - maintenanceMargin,
  }
}

export function isKnown(symbols: readonly (SymbolAt | undefined)[]): symbols is readonly SymbolAt[] {
  return !symbols.includes(undefined)
}

/** A margin account at known marks. */
export interface Summed {
  readonly terms: Terms
  readonly symbols: readonly SymbolAt[]
  readonly sums: Sums
}

/** At the marks moved against the account by the distance; undefined when a mark is missing. */
export function summedAt(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  distance: Rational = ZERO,
): Summed | undefined {
  const { terms, symbols } = markedOf(marginAccount, markOf, distance)
  return isKnown(symbols) ? { terms, symbols, sums: sumUp(terms, symbols) } : undefined
}

/** The three sums of a margin account at the given marks, over one denominator; undefined when a mark is missing. */
export function evaluate(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  further?: FurtherPrices,
): Evaluation | undefined {
  const { formula } = marginAccount
  if (!marginAccount.isPlain) return evaluateByFormula(formula, markOf, further)
  const summed = summedAt(marginAccount, markOf)
  return summed === undefined ? undefined : evaluationOf(summed)
}

export function evaluationOf({ terms, sums }: Pick<Summed, 'terms' | 'sums'>): Evaluation {
  const { valueDecimals, rateDecimals, rateUnits } = terms
  const units = powerOfTen(valueDecimals + rateDecimals)
  const d = sums.lift === 1n ? units : units * sums.lift
  return {
    marginBalance: { n: sums.marginBalance * rateUnits, d },
    unrealizedPnl: { n: sums.unrealizedPnl * rateUnits, d },
    maintenanceMargin: { n: sums.maintenanceMargin, d },
  }
}
