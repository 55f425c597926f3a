// The figures of one position, for every contract kind.
import { type Algebra, exactNumbers } from './algebra.ts'
import { closingFeeOf } from './closing-fee.ts'
import { initialMarginOf } from './initial-formulas.ts'
import { askedMaintenanceOf, maintenanceOf } from './maintenance-formulas.ts'
import {
  type Market,
  markValueOf,
  type RuledPosition,
  roundedMargin,
  sizedPositionOf,
} from './position-value.ts'
import { parseDecimal, type Rational, ZERO } from './rational.ts'

/** All money in the settlement asset. */
export interface PositionFigures<N> {
  /** Value at the mark, signed as the size. */
  readonly value: N
  readonly unrealizedPnl: N
  /** What it adds to the margin balance. */
  readonly contribution: N
  /** What the venue asks for, the fee of closing and funding included. */
  readonly maintenanceMargin: N
  /** The part of it that is the fee of closing. */
  readonly closingFee: N
}

/** All figures of a position of that size at a market. */
export function positionFiguresOf<N>(
  algebra: Algebra<N>,
  ruled: RuledPosition,
  size: N,
  market: Market<N>,
): PositionFigures<N> {
  const sized = sizedPositionOf(algebra, ruled, size)
  const { rules } = ruled
  const value = markValueOf(sized, market.markPrice)
  const zero = algebra.of(ZERO)
  const gain = algebra.sub(value, sized.entryValue)
  // The value of an inverse contract falls while its price rises.
  const isWithValue = sized.isLong !== (rules.contribution === 'inverse')
  const unrealizedPnl = isWithValue ? gain : algebra.sub(zero, gain)
  const closingFee = closingFeeOf(sized, value)
  const tiered = maintenanceOf(sized, value, market)
  const asked = askedMaintenanceOf(sized, tiered, closingFee, market)
  return {
    value: sized.isLong ? value : algebra.sub(zero, value),
    unrealizedPnl,
    contribution: rules.contribution === 'option' ? zero : unrealizedPnl,
    maintenanceMargin: roundedMargin(sized, asked),
    closingFee,
  }
}

/**
 * What closing a position at the market of its figures pays into the wallet, before fees. The premium of an option changed
 * hands at entry, so its whole value is paid (Deribit: margin_balance = equity − options_value).
 */
export function paidByClosing<N>({ rules }: RuledPosition, { value, unrealizedPnl }: PositionFigures<N>): N {
  return rules.contribution === 'option' ? value : unrealizedPnl
}

/** undefined where the rules take it from a leverage that the position does not state. No verdict asks for it. */
export function initialMarginAt(ruled: RuledPosition, market: Market<Rational>): Rational | undefined {
  const sized = sizedPositionOf(exactNumbers, ruled, parseDecimal(ruled.position.size))
  const initial = initialMarginOf(sized, markValueOf(sized, market.markPrice), market)
  return initial === undefined ? undefined : roundedMargin(sized, initial)
}
