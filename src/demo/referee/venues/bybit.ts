import { add, divide, multiply, ONE, parse, subtract } from '../fraction.ts'
import { heldOf, marginalTiers, profitOf, sumByParts, type VenueFormula, valueAt } from './formula.ts'

/**
 * Bybit: tiers of the value at the mark, and the fee of closing at the bankruptcy price of the leverage, entry
 * value·(1 − 1/L)·fee of a position that gains with its value and (1 + 1/L)·fee of one that loses.
 */
export const bybit: VenueFormula = {
  liquidatesOnTheLine: true,
  figuresOf(position, rules) {
    const held = heldOf(position, rules)
    const tiers = marginalTiers(rules)
    const { leverage } = held
    const share = leverage === undefined ? undefined : divide(ONE, leverage)
    const factor =
      share === undefined ? ONE : held.isLong === held.isInverse ? add(ONE, share) : subtract(ONE, share)
    const fee = multiply(
      multiply(valueAt(held, held.entryPrice), factor.n < 0n ? { n: 0n, d: 1n } : factor),
      parse(rules.takerFeeRate),
    )
    return ({ mark }) => ({
      contribution: profitOf(held, mark),
      maintenance: add(sumByParts(tiers, valueAt(held, mark)), fee),
    })
  },
}
