import type { InstrumentRules, MarginDefaults, Position } from '../domain/index.ts'
import type { Curve } from './curve.ts'
import { exactRulesOf, isInitialAtEntry } from './exact-rules.ts'
import {
  abs,
  add,
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

/** A position and its curve. Collateral and liabilities are curves without a position. */
export interface Leg {
  readonly curve: Curve
  readonly position: Position
  /** Fee rate of closing the position at its bankruptcy price; 0 when the venue counts no fee. */
  readonly closingFeeRate: Rational
  readonly isInitialAtEntry: boolean
}

/**
 * A position before its closing fee is known: the maintenance constant is 0. linear: PnL = size·multiplier·(mark −
 * entry). inverse: PnL = size·multiplier·(1/entry − 1/mark), in coin. Throws RULES_INVALID for rules that this version
 * cannot compute (see `checkRules`).
 */
export function legOf(position: Position, rules: InstrumentRules, defaults: MarginDefaults): Leg {
  const exact = exactRulesOf(position.symbol, rules)
  // Not reduced: sums and products of decimals keep a power of ten as denominator.
  const amount = mul(parseDecimal(position.size), exact.multiplier)
  const entryPrice = parseDecimal(position.entryPrice)
  const linear = exact.isLinear
  return {
    curve: {
      symbol: position.symbol,
      coordinate: linear ? 'price' : 'reciprocal',
      intercept: linear ? neg(mul(amount, entryPrice)) : reduce(div(amount, entryPrice)),
      slope: linear ? amount : neg(amount),
      scale: abs(amount),
      tiers: exact.tiers,
      maintenanceConstant: ZERO,
    },
    position,
    closingFeeRate: isFeeCounted(rules, defaults) ? exact.takerFeeRate : ZERO,
    isInitialAtEntry: isInitialAtEntry({ position, rules, defaults }),
  }
}

/** Whether the taker fee of closing counts in initial and maintenance margin. */
export function isFeeCounted(rules: InstrumentRules, defaults: MarginDefaults): boolean {
  return (rules.closingFee ?? defaults.closingFee) !== 'none'
}

/** The leg with its closing fee. */
export function legWithFee(leg: Leg, maintenanceConstant: Rational): Leg {
  if (maintenanceConstant.n === 0n) return leg
  const { curve } = leg
  // Field by field, because a spread costs several times as much and each event compiles legs.
  return {
    curve: {
      symbol: curve.symbol,
      coordinate: curve.coordinate,
      intercept: curve.intercept,
      slope: curve.slope,
      scale: curve.scale,
      tiers: curve.tiers,
      maintenanceConstant,
    },
    position: leg.position,
    closingFeeRate: leg.closingFeeRate,
    isInitialAtEntry: leg.isInitialAtEntry,
  }
}

/** Value of the position at its entry price: the magnitude of the intercept, in either coordinate. */
export function entryValueOf({ curve }: Leg): Rational {
  return abs(curve.intercept)
}

/**
 * Initial margin at x: value/leverage + closing fee (Bybit), without fee (Binance), of the value at x or at entry. undefined
 * without leverage.
 */
export function initialMarginAt(leg: Leg, x: Rational): Rational | undefined {
  const { curve, position } = leg
  if (position.leverage === undefined) return undefined
  const value = leg.isInitialAtEntry ? entryValueOf(leg) : mul(curve.scale, x)
  return add(div(value, parseDecimal(position.leverage)), curve.maintenanceConstant)
}

/**
 * Fee of closing at the bankruptcy price that the leverage gives (Bybit "estimated fee to close"): entry value·(1 −
 * 1/L)·f when the position gains with x (linear long, inverse short), (1 + 1/L) when it loses. Without leverage it is the
 * fee on the entry value. 0 when no bankruptcy price exists (L < 1).
 */
export function leverageClosingFee(leg: Leg): Rational {
  const entryValue = entryValueOf(leg)
  const { leverage } = leg.position
  if (leg.closingFeeRate.n === 0n) return ZERO
  if (leverage === undefined) return mul(entryValue, leg.closingFeeRate)
  const share = div(ONE, parseDecimal(leverage))
  const bankruptcyShare = max(ZERO, sign(leg.curve.slope) > 0 ? sub(ONE, share) : add(ONE, share))
  return mul(mul(entryValue, bankruptcyShare), leg.closingFeeRate)
}

/** What the margin assigned to an isolated position puts into its margin balance and its maintenance margin. */
export interface IsolatedTerms {
  readonly constant: Rational
  readonly maintenanceConstant: Rational
}

/**
 * Terms of an isolated position with `margin` assigned to it, the reserved closing fee included.
 *
 * With leverage: margin beyond entry value/L + fee is extra margin X. It moves the bankruptcy price, at which the fee
 * is charged, so Bybit's formula credits it as X/(1 − f) when the position gains with x and X/(1 + f) when it loses
 * (help centre, "Liquidation Price (Isolated Margin)"). Without leverage the fee is that at the bankruptcy price of
 * that margin. Both give the same liquidation price.
 */
export function isolatedTerms(leg: Leg, margin: Rational): IsolatedTerms {
  const feeRate = leg.closingFeeRate
  if (feeRate.n === 0n) return { constant: margin, maintenanceConstant: ZERO }
  const gainsWithX = sign(leg.curve.slope) > 0
  const credit = gainsWithX ? sub(ONE, feeRate) : add(ONE, feeRate)
  const entryValue = entryValueOf(leg)
  const { leverage } = leg.position
  if (leverage === undefined) {
    const spare = gainsWithX ? sub(entryValue, margin) : add(entryValue, margin)
    const bankruptcyValue = max(ZERO, div(spare, credit))
    return { constant: margin, maintenanceConstant: reduce(mul(feeRate, bankruptcyValue)) }
  }
  const fee = leverageClosingFee(leg)
  const initial = add(div(entryValue, parseDecimal(leverage)), fee)
  const extra = sub(margin, initial)
  return { constant: reduce(add(initial, div(extra, credit))), maintenanceConstant: fee }
}

/** Margin of an isolated position: the stated one, otherwise its initial margin at the entry price. */
export function isolatedMarginOf(leg: Leg): Rational {
  const { isolatedMargin, leverage } = leg.position
  if (isolatedMargin !== undefined) return parseDecimal(isolatedMargin)
  if (leverage === undefined) return ZERO
  return reduce(add(div(entryValueOf(leg), parseDecimal(leverage)), leverageClosingFee(leg)))
}
