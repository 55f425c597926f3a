// What is left of a margin account whose positions are all closed at given prices.
import type { MarginAccount } from './account.ts'
import { exactNumbers } from './algebra.ts'
import type { FurtherPrices, MarkOf } from './formula-figures.ts'
import type { PoolTerms } from './pool-formulas.ts'
import { positionFiguresOf } from './position-formulas.ts'
import type { RuledPosition } from './position-value.ts'
import { abs, add, max, mul, neg, ONE, parseDecimal, type Rational, sub, ZERO } from './rational.ts'

type PriceOf = (asset: string) => Rational | undefined

/**
 * What the insurance fund pays if every position is closed at its exit price, the taker fee included, in the currency of the
 * account; 0 where the account pays its losses itself. undefined while an exit price or the price of an asset is missing.
 */
export function shortfallAtExitOf(
  { formula, walletBalance }: MarginAccount,
  exitPriceOf: MarkOf,
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
    const exitPrice = exitPriceOf(ruled.position.symbol)
    const assetPrice = priceOf(ruled.rules.settlementAsset)
    if (left === undefined || exitPrice === undefined || assetPrice === undefined) return undefined
    left = add(left, mul(assetPrice, paidAt(ruled, parseDecimal(exitPrice))))
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

/** What closing pays into the wallet. The premium of an option is in the wallet already, so its whole value comes. */
function paidAt(ruled: RuledPosition, exitPrice: Rational): Rational {
  const { position, rules } = ruled
  // The margin that the venue asks for does not count, and with it neither underlying nor funding.
  const market = { markPrice: exitPrice, underlyingPrice: ONE, fundingRate: ZERO }
  const { value, unrealizedPnl } = positionFiguresOf(exactNumbers, ruled, parseDecimal(position.size), market)
  const gain = rules.contribution === 'option' ? value : unrealizedPnl
  return sub(gain, mul(parseDecimal(rules.takerFeeRate), abs(value)))
}
