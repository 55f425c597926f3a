import type { Account } from '../domain/index.ts'
import { assert } from '../errors.ts'
import {
  decimalToF64,
  exactRulesOf,
  isFeeCounted,
  isPlainPart,
  type MarginAccountPart,
  type RuledPosition,
} from '../margin/index.ts'
import { isOneSided, movedByNet } from './adverse-rows.ts'
import type { KernelTerms, RowTerms } from './kernel-terms.ts'
import { straightTermsOf } from './straight-terms.ts'

/** u, the rounding of one operation. */
const U = 2 ** -53

/**
 * The terms of a margin account from its decimals in a handful of f64 operations, four times as fast as rounding the
 * exact ones of `src/margin/leg.ts`, whose formulas these are. Errors in units of u, relative unless said otherwise:
 * - size, multiplier, entry price, leverage, fee rate and margin: 1 each, the rounding of their decimals. slope and scale,
 *   a product: 3. intercept and entry value V, a further product or quotient: 5.
 * - closing fee F = V·B·f with B = 1 − 1/L = (L − 1)/L. L − 1 errs by 1 of L and 1 of itself, which is at most 3 for
 *   L ≥ 2. So F errs by at most 5 + 5 + 1 + 2 = 13. Below L = 2 the error of B is at most 4 of 1 absolutely, and that of F
 *   6 of V·f beyond the 13: the uncertainty takes it. With 1 + 1/L nothing cancels.
 * - initial margin V/L + F: at most 14, a sum of two positive terms.
 * - what isolated margin M counts for, initial + (M − initial)/(1 ∓ f): at most 33 of the initial margin and 7 of |M|,
 *   absolutely; f ≤ 0.05. The uncertainty takes 40 of both.
 * - the fee at the bankruptcy price of M, f·(V ∓ M)/(1 ∓ f): at most 12 of f·(V + |M|), absolutely. The uncertainty
 *   takes 16 of it.
 */
export function floatTermsOf(account: Account, part: MarginAccountPart): KernelTerms {
  if (!isPlainPart(part)) return straightTermsOf(account, part)
  if (part.marginMode === 'isolated') return isolatedTermsOf(part.positions[0]!)
  const rows: FloatLeg[] = []
  let uncertainty = 0
  for (const position of part.positions) {
    const leg = legOf(position)
    uncertainty += feeUncertaintyOf(leg)
    rows.push(leg)
  }
  const constant = walletOf(account, part.currency)
  return {
    constant,
    uncertainty,
    isOneSided: isOneSided(part),
    isAlways: false,
    rows: movedByNet(rows, part),
  }
}

/** A row, with what its closing fee is made of. `constant` is the fee that the leverage gives. */
interface FloatLeg extends RowTerms {
  /** NaN when the position states none. */
  readonly leverage: number
  readonly feeRate: number
}

function legOf({ position, rules, defaults }: RuledPosition): FloatLeg {
  const { multiplierF64, takerFeeRateF64, isLinear, tiers } = exactRulesOf(position.symbol, rules)
  const amount = decimalToF64(position.size) * multiplierF64
  const entryPrice = decimalToF64(position.entryPrice)
  const slope = isLinear ? amount : -amount
  const intercept = isLinear ? -amount * entryPrice : amount / entryPrice
  const leverage = position.leverage === undefined ? Number.NaN : decimalToF64(position.leverage)
  const feeRate = isFeeCounted(rules, defaults) ? takerFeeRateF64 : 0
  return {
    symbol: position.symbol,
    coordinate: isLinear ? 'price' : 'reciprocal',
    isFallAdverse: slope > 0,
    tiers,
    isFundingAsked: false,
    intercept,
    slope,
    scale: Math.abs(slope),
    constant: leverageFeeOf(intercept, slope, leverage, feeRate),
    leverage,
    feeRate,
  }
}

function walletOf({ collateral }: Account, currency: string): number {
  const entry = collateral.find(({ asset }) => asset === currency)
  assert(entry !== undefined, 'a cross pool without a wallet is refused')
  return decimalToF64(entry.amount)
}

/** The closing fee at the bankruptcy price that the leverage gives; on the entry value without leverage. */
function leverageFeeOf(intercept: number, slope: number, leverage: number, feeRate: number): number {
  if (feeRate === 0) return 0
  const entryValue = Math.abs(intercept)
  if (Number.isNaN(leverage)) return entryValue * feeRate
  const bankruptcyShare = slope > 0 ? Math.max(0, leverage - 1) / leverage : 1 + 1 / leverage
  return entryValue * bankruptcyShare * feeRate
}

function feeUncertaintyOf({ intercept, slope, leverage, feeRate }: FloatLeg): number {
  return slope > 0 && leverage < 2 ? 8 * U * Math.abs(intercept) * feeRate : 0
}

function isolatedTermsOf(ruled: RuledPosition): KernelTerms {
  const leg = legOf(ruled)
  const { isolatedMargin } = ruled.position
  const { feeRate, slope, leverage, constant: fee } = leg
  const entryValue = Math.abs(leg.intercept)
  const initial = Number.isNaN(leverage) ? 0 : entryValue / leverage + fee
  const margin = isolatedMargin === undefined ? initial : decimalToF64(isolatedMargin)
  const size = Math.abs(margin)
  const feeUncertainty = feeUncertaintyOf(leg)
  if (feeRate === 0)
    return { constant: margin, uncertainty: 0, isOneSided: true, isAlways: false, rows: [leg] }
  const credit = slope > 0 ? 1 - feeRate : 1 + feeRate
  if (Number.isNaN(leverage)) {
    const spare = slope > 0 ? entryValue - margin : entryValue + margin
    const constant = feeRate * Math.max(0, spare / credit)
    return {
      constant: margin,
      uncertainty: 16 * U * feeRate * (entryValue + size),
      isOneSided: true,
      isAlways: false,
      rows: [{ ...leg, constant }],
    }
  }
  const constant = initial + (margin - initial) / credit
  // The error of the fee counts in what the margin is worth and in the maintenance margin.
  const uncertainty = 40 * U * (initial + size) + 4 * feeUncertainty
  return { constant, uncertainty, isOneSided: true, isAlways: false, rows: [leg] }
}
