// Liquidation prices as venues print them, which is not where their line is.
import type { PrintedPrice } from '../domain/index.ts'
import { add, ceilTo, floorTo, type Rational, sub } from './rational.ts'

/** `price` is that of the line, above zero; `tick`, above zero, is the smallest step of the contract's prices. */
export function venueLiquidationPrice(
  price: Rational,
  isLong: boolean,
  tick: Rational,
  printed: PrintedPrice,
): Rational {
  if (printed === 'tick-before') return isLong ? add(price, tick) : sub(price, tick)
  return isLong ? ceilTo(price, tick) : floorTo(price, tick)
}
