// What is left of a margin account whose positions are all closed at given prices.
import type { MarginAccount } from './account.ts'
import { exactNumbers } from './algebra.ts'
import type { FurtherPrices, MarkOf } from './formula-figures.ts'
import type { PoolTerms } from './pool-formulas.ts'
import { paidByClosing, positionFiguresOf } from './position-formulas.ts'
import type { RuledPosition } from './position-value.ts'
import {
  abs,
  add,
  compare,
  max,
  mul,
  neg,
  ONE,
  parseDecimal,
  parseRate,
  type Rational,
  sub,
  ZERO,
} from './rational.ts'

type PriceOf = (asset: string) => Rational | undefined

/** By symbol; undefined where it is not known. */
export interface ExitPrices {
  /** At which a position is closed. */
  readonly exitPriceOf: MarkOf
  /** Of an underlying without an exit price: the fee of an option is a share of it. */
  readonly markOf: MarkOf
}

/**
 * What the insurance fund pays if every position is closed at its exit price, the taker fee included, in the currency of the
 * account; 0 where the account pays its losses itself. undefined while an exit price, the price of an asset, or that of the
 * underlying of an option in quote currency is missing.
 */
export function shortfallAtExitOf(
  { formula, walletBalance }: MarginAccount,
  prices: ExitPrices,
  { indexPriceOf }: FurtherPrices = {},
): Rational | undefined {
  const { pool, positions } = formula
  const priceOf: PriceOf = (asset) => {
    if (pool === undefined || asset === pool.currency) return ONE
    const price = indexPriceOf?.(asset, pool.currency)
    return price === undefined ? undefined : parseDecimal(price)
  }
  let left = pool === undefined ? walletBalance : ownedIn(pool, priceOf)
  for (const ruled of positions) {
    const paid = paidAt(ruled, prices)
    const assetPrice = priceOf(ruled.rules.settlementAsset)
    if (left === undefined || paid === undefined || assetPrice === undefined) return undefined
    left = add(left, mul(assetPrice, paid))
  }
  return left === undefined ? undefined : max(ZERO, neg(left))
}

/** All assets less all debts, without the weights of collateral. */
function ownedIn({ assets }: PoolTerms, priceOf: PriceOf): Rational | undefined {
  let owned = ZERO
  for (const { asset, wallet, liability } of assets) {
    const price = priceOf(asset)
    if (price === undefined) return undefined
    owned = add(owned, mul(price, sub(wallet, liability)))
  }
  return owned
}

/** What closing pays into the wallet, less the fee. */
function paidAt(ruled: RuledPosition, prices: ExitPrices): Rational | undefined {
  const { position, rules } = ruled
  const exitPrice = prices.exitPriceOf(position.symbol)
  if (exitPrice === undefined) return undefined
  // The margin that the venue asks for does not count, and with it neither underlying nor funding.
  const market = { markPrice: parseDecimal(exitPrice), underlyingPrice: ONE, fundingRate: ZERO }
  const figures = positionFiguresOf(exactNumbers, ruled, parseDecimal(position.size), market)
  const value = abs(figures.value)
  const fee =
    rules.contribution === 'option'
      ? optionFeeOf(ruled, value, prices)
      : mul(parseDecimal(rules.takerFeeRate), value)
  return fee && sub(paidByClosing(ruled, figures), fee)
}

/**
 * Deribit, article "Fees": takerFeeRate of the underlying for each unit, at most takerFeeCap of the price of the option. An
 * inverse option is priced in coin, so its underlying is 1.
 */
function optionFeeOf(
  { position, rules }: RuledPosition,
  value: Rational,
  { exitPriceOf, markOf }: ExitPrices,
): Rational | undefined {
  const { pricedIn, underlying, takerFeeCap } = rules.option!
  const price = pricedIn === 'coin' ? '1' : (exitPriceOf(underlying) ?? markOf(underlying))
  if (price === undefined) return undefined
  const amount = mul(abs(parseDecimal(position.size)), parseDecimal(rules.multiplier))
  const ofUnderlying = mul(parseDecimal(rules.takerFeeRate), mul(amount, parseDecimal(price)))
  if (takerFeeCap === undefined) return ofUnderlying
  const most = mul(parseRate(takerFeeCap), value)
  return compare(ofUnderlying, most) < 0 ? ofUnderlying : most
}
