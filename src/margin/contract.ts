import type { Decimal, InstrumentRules, MarginRules, Position } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  abs,
  add,
  compare,
  div,
  max,
  mul,
  neg,
  ONE,
  parseDecimal,
  type Rational,
  reduce,
  sign,
  sub,
  ZERO,
} from './rational.ts'
import { type ExactTier, exactTiers, tierIndexAt } from './tiers.ts'

/** `price`: x = markPrice (linear). `reciprocal`: x = 1/markPrice (inverse). */
export type Coordinate = 'price' | 'reciprocal'

/**
 * One position leg as straight pieces in x, in the settlement asset:
 * marginBalance += intercept + slope·x, notional y = scale·x,
 * maintenanceMargin += rateₜ·y − deductionₜ + maintenanceConstant in the tier t of y.
 */
export interface Row {
  readonly symbol: string
  readonly coordinate: Coordinate
  readonly intercept: Rational
  readonly slope: Rational
  /** Above zero; the slope is this or its negative. */
  readonly scale: Rational
  /** The closing fee that the venue counts; it does not move with the mark. */
  readonly maintenanceConstant: Rational
  /** One array for all rows of the same rules. */
  readonly tiers: readonly ExactTier[]
  /** Fee rate at which the position would be closed at its bankruptcy price; 0 where the venue counts none. */
  readonly closingFeeRate: Rational
  readonly position: Position
}

/** A fee rate above this is a percentage taken for a fraction: venues' taker fees are below 0.001. */
export const TAKER_FEE_RATE_MAX: Decimal = '0.05'

interface ExactRules {
  readonly multiplier: Rational
  readonly takerFeeRate: Rational
  readonly tiers: readonly ExactTier[]
}

const exactRulesCache = new WeakMap<InstrumentRules, ExactRules>()

/** Refuses rules that cannot be computed with, as `marginAccountsOf` would: RULES_INVALID, path inside the rules. */
export function checkRules(symbol: string, rules: InstrumentRules): void {
  exactRulesOf(symbol, rules)
}

function exactRulesOf(symbol: string, rules: InstrumentRules): ExactRules {
  const cached = exactRulesCache.get(rules)
  if (cached !== undefined) return cached
  const exact = {
    multiplier: parseDecimal(rules.multiplier),
    takerFeeRate: parseDecimal(rules.takerFeeRate),
    tiers: exactTiers(symbol, rules.tiers),
  }
  if (compare(exact.takerFeeRate, parseDecimal(TAKER_FEE_RATE_MAX)) > 0) {
    throw new PlimsollError(
      'RULES_INVALID',
      `takerFeeRate of ${symbol} is ${rules.takerFeeRate}, a fraction of at most ${TAKER_FEE_RATE_MAX} is expected`,
      { path: 'takerFeeRate' },
    )
  }
  exactRulesCache.set(rules, exact)
  return exact
}

/** What a row is before its closing fee is known. */
export type Curve = Omit<Row, 'maintenanceConstant'>

export function rowOf(curve: Curve, maintenanceConstant: Rational): Row {
  // Field by field: a spread costs several times as much, and every event compiles rows.
  return {
    symbol: curve.symbol,
    coordinate: curve.coordinate,
    intercept: curve.intercept,
    slope: curve.slope,
    scale: curve.scale,
    maintenanceConstant,
    tiers: curve.tiers,
    closingFeeRate: curve.closingFeeRate,
    position: curve.position,
  }
}

/**
 * linear: PnL = size·multiplier·(mark − entry). inverse: PnL = size·multiplier·(1/entry − 1/mark), in coin.
 * Throws RULES_INVALID where the tier table breaks its recurrence.
 */
export function curveOf(position: Position, rules: InstrumentRules, margin: MarginRules): Curve {
  const exact = exactRulesOf(position.symbol, rules)
  // Not in lowest terms: a power of ten stays the denominator of what is made of decimals.
  const amount = mul(parseDecimal(position.size), exact.multiplier)
  const entryPrice = parseDecimal(position.entryPrice)
  const linear = rules.kind === 'linear'
  return {
    symbol: position.symbol,
    coordinate: linear ? 'price' : 'reciprocal',
    intercept: linear ? neg(mul(amount, entryPrice)) : reduce(div(amount, entryPrice)),
    slope: linear ? amount : neg(amount),
    scale: abs(amount),
    tiers: exact.tiers,
    closingFeeRate: margin.closingFee === 'none' ? ZERO : exact.takerFeeRate,
    position,
  }
}

/** x of a mark price. */
export function coordinateAt(coordinate: Coordinate, markPrice: Rational): Rational {
  return coordinate === 'price' ? markPrice : { n: markPrice.d, d: markPrice.n }
}

/** x of a mark price given as text. */
export function coordinateOf(row: Curve, markPrice: Decimal): Rational {
  return coordinateAt(row.coordinate, parseDecimal(markPrice))
}

/** The price of an x above zero. A reciprocal is its own inverse. */
export const priceAt = coordinateAt

/** Value of the position at its entry price: the magnitude of the intercept, in either coordinate. */
export function entryValueOf(row: Curve): Rational {
  return abs(row.intercept)
}

/** Unrealised PnL at x. */
export function pnlAt(row: Curve, x: Rational): Rational {
  return add(row.intercept, mul(row.slope, x))
}

/** Maintenance margin without the closing fee, for a notional. */
export function tieredMaintenanceAt(tiers: readonly ExactTier[], notional: Rational): Rational {
  const tier = tiers[tierIndexAt(tiers, notional)]!
  return sub(mul(tier.maintenanceMarginRate, notional), tier.maintenanceDeduction)
}

/** Maintenance margin of the row at x, its closing fee included. */
export function maintenanceAt(row: Row, x: Rational): Rational {
  return add(tieredMaintenanceAt(row.tiers, mul(row.scale, x)), row.maintenanceConstant)
}

/** Initial margin at x: notional/leverage + closing fee (Bybit), without fee (Binance). undefined without leverage. */
export function initialMarginAt(row: Row, x: Rational): Rational | undefined {
  const { leverage } = row.position
  if (leverage === undefined) return undefined
  return add(div(mul(row.scale, x), parseDecimal(leverage)), row.maintenanceConstant)
}

/**
 * Fee of closing at the bankruptcy price that the leverage gives (Bybit "estimated fee to close"):
 * entry value·(1 − 1/L)·f where the position gains with x (linear long, inverse short), (1 + 1/L) where it
 * loses. Without leverage on the entry value. None where there is no bankruptcy price (L < 1).
 */
export function leverageClosingFee(row: Curve): Rational {
  const entryValue = entryValueOf(row)
  const { leverage } = row.position
  if (row.closingFeeRate.n === 0n) return ZERO
  if (leverage === undefined) return mul(entryValue, row.closingFeeRate)
  const share = div(ONE, parseDecimal(leverage))
  const bankruptcyShare = max(ZERO, sign(row.slope) > 0 ? sub(ONE, share) : add(ONE, share))
  return mul(mul(entryValue, bankruptcyShare), row.closingFeeRate)
}

/** What the margin assigned to an isolated position puts into its margin balance and its maintenance margin. */
export interface IsolatedTerms {
  readonly constant: Rational
  readonly maintenanceConstant: Rational
}

/**
 * Terms of an isolated position with `margin` assigned to it, the reserved closing fee included.
 *
 * With leverage: margin beyond entry value/L + fee is extra margin X. It moves the bankruptcy price, at which
 * the fee is charged, so Bybit's formula credits it as X/(1 − f) where the position gains with x and
 * X/(1 + f) where it loses (help centre, "Liquidation Price (Isolated Margin)").
 * Without leverage: the fee is taken at the bankruptcy price of that margin. Both give one liquidation price.
 */
export function isolatedTerms(row: Curve, margin: Rational): IsolatedTerms {
  const feeRate = row.closingFeeRate
  if (feeRate.n === 0n) return { constant: margin, maintenanceConstant: ZERO }
  const gainsWithX = sign(row.slope) > 0
  const credit = gainsWithX ? sub(ONE, feeRate) : add(ONE, feeRate)
  const entryValue = entryValueOf(row)
  const { leverage } = row.position
  if (leverage === undefined) {
    const spare = gainsWithX ? sub(entryValue, margin) : add(entryValue, margin)
    const bankruptcyValue = max(ZERO, div(spare, credit))
    return { constant: margin, maintenanceConstant: reduce(mul(feeRate, bankruptcyValue)) }
  }
  const fee = leverageClosingFee(row)
  const initial = add(div(entryValue, parseDecimal(leverage)), fee)
  const extra = sub(margin, initial)
  return { constant: reduce(add(initial, div(extra, credit))), maintenanceConstant: fee }
}

/** Margin of an isolated position: as stated, else its initial margin at the entry price. */
export function isolatedMarginOf(row: Curve): Rational {
  const { isolatedMargin, leverage } = row.position
  if (isolatedMargin !== undefined) return parseDecimal(isolatedMargin)
  if (leverage === undefined) return ZERO
  return reduce(add(div(entryValueOf(row), parseDecimal(leverage)), leverageClosingFee(row)))
}
