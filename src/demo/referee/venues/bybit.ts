import type { InstrumentRules, Position } from '../../../domain/index.ts'
import { add, divide, type Fraction, multiply, ONE, parse, subtract, ZERO } from '../fraction.ts'
import {
  byValue,
  heldOf,
  larger,
  marginalTiers,
  sumOf,
  type VenueFormula,
  valueAt,
  valueAtMark,
} from './formula.ts'

/**
 * Bybit, "Maintenance Margin" and "Liquidation Price (isolated, UTA)" help pages of 2025-07 and later: tiers of the value at
 * the mark, and the fee of closing at the bankruptcy price of the leverage.
 */
export const bybit: VenueFormula = {
  liquidatesOnTheLine: () => true,
  isolatedMarginOf,
  maintenanceOf: sumOf,
  /** Dated contracts end in a day or a year. */
  funding: {
    isPerpetual: (symbol) => !/\d\d$/.test(symbol),
    isolatedPays: 'wallet-first',
    valueOf: valueAtMark,
  },
  figuresOf(position, rules) {
    const tieredMarginOf = marginalTiers(rules)
    const fee = closingFeeOf(position, rules)
    return byValue(heldOf(position, rules), (value) => add(tieredMarginOf(value), fee))
  },
}

/** Of a position that gains with its value, linear long and inverse short: value·(1 − 1/L)·fee, else (1 + 1/L). */
function closingFeeOf(position: Position, rules: InstrumentRules): Fraction {
  const held = heldOf(position, rules)
  const fee = multiply(valueAt(held, held.entryPrice), parse(rules.takerFeeRate))
  if (held.leverage === undefined) return fee
  const share = divide(ONE, held.leverage)
  return multiply(larger(ZERO, held.isLong === held.isInverse ? add(ONE, share) : subtract(ONE, share)), fee)
}

/**
 * Margin beyond the initial margin counts as X/(1 − fee) of a position that gains with its value and X/(1 + fee) of the
 * others, because it moves the bankruptcy price at which the fee is charged.
 */
function isolatedMarginOf(position: Position, rules: InstrumentRules): Fraction {
  const held = heldOf(position, rules)
  if (held.leverage === undefined) throw new Error(`${position.symbol} states no leverage`)
  const initialMargin = add(
    divide(valueAt(held, held.entryPrice), held.leverage),
    closingFeeOf(position, rules),
  )
  if (position.isolatedMargin === undefined) return initialMargin
  const rate = parse(rules.takerFeeRate)
  const divisor = held.isLong === held.isInverse ? add(ONE, rate) : subtract(ONE, rate)
  return add(initialMargin, divide(subtract(parse(position.isolatedMargin), initialMargin), divisor))
}
