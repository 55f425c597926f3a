// What a position receives or pays as funding.
import type { Known } from './formula-figures.ts'
import { placesOn } from './formula-focus.ts'
import { liquidationPriceOf } from './formula-prices.ts'
import { add, mul, neg, type Rational, ZERO } from './rational.ts'

/** The payment of one position in its settlement asset, below zero where it pays; and the line after it. */
export interface FundingEffect {
  readonly payment: Rational
  /** After the payments of all positions of the symbol, which fall due together; undefined where no price is on the line. */
  readonly liquidationPriceAfter: Rational | undefined
}

/** −value·rate at the mark: with a rate above zero long positions pay (Bybit, Binance, OKX, BitMEX). */
export function fundingEffectOf(known: Known, place: number, rate: Rational): FundingEffect {
  const { symbol } = known.formula.positions[place]!.position
  const { settlementAsset: asset } = known.formula.positions[place]!.rules
  const paymentAt = (at: number) => neg(mul(known.figures.positions[at]!.value, rate))
  const { formula } = known
  const amount = placesOn(formula, new Set([symbol])).reduce(
    (sum, at) => (formula.positions[at]!.position.symbol === symbol ? add(sum, paymentAt(at)) : sum),
    ZERO,
  )
  return {
    payment: paymentAt(place),
    liquidationPriceAfter: liquidationPriceOf(known, symbol, { amount, asset }),
  }
}
