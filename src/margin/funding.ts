// What a position receives or pays as funding.
import { mul, neg, type Rational, sub } from './rational.ts'

/**
 * Received by a position of `size` since its last settlement, below zero where it pays: −size·(index − settledIndex), in the
 * unit of size times index. The venue's index grows by price·rate at each funding (dYdX v4, GetSettlementPpm).
 */
export function fundingSince(size: Rational, settledIndex: Rational, index: Rational): Rational {
  return mul(neg(size), sub(index, settledIndex))
}
