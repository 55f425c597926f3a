// Liquidation prices as venues print them, which is not where their line is.
import { add, floorTo, neg, type Rational, sub } from './rational.ts'

/**
 * `next-tick`: the first whole tick that the mark meets before the line or on it, up for a long position and down for a short
 * one (BitMEX). `tick-before`: one tick before the line, without rounding (OKX).
 */
export type PrintedPrice = 'next-tick' | 'tick-before'

/** `price` is that of the line, above zero; `tick`, above zero, is the smallest step of the contract's prices. */
export function venueLiquidationPrice(
  price: Rational,
  isLong: boolean,
  tick: Rational,
  printed: PrintedPrice,
): Rational {
  if (printed === 'tick-before') return isLong ? add(price, tick) : sub(price, tick)
  return isLong ? neg(floorTo(neg(price), tick)) : floorTo(price, tick)
}
