// What a position is worth, and what its venue rounds. The formulas of a position run in any algebra: with numbers they give
// figures, with functions of a price the lines of an account.
import type { InstrumentRules, MarginDefaults, Position } from '../domain/index.ts'
import { type Algebra, magnitude } from './algebra.ts'
import { parseDecimal, type Rational } from './rational.ts'

/** A position with the rules by which it is judged. */
export interface RuledPosition {
  readonly position: Position
  readonly rules: InstrumentRules
  readonly defaults: MarginDefaults
}

/** What moves a position beside its own mark. Prices are asked for by symbol; rates are fractions for the next payment. */
export interface Market<N> {
  readonly markPrice: N
  /** Mark of the underlying of an option; undefined where it is not known, or there is none. */
  readonly underlyingPrice: N | undefined
  /** What a long position is to pay at the next funding, if above zero. */
  readonly fundingRate: Rational
}

/** What does not move with a price. `size` is an N, because a cure changes it. */
export interface SizedPosition<N> {
  readonly algebra: Algebra<N>
  readonly ruled: RuledPosition
  readonly isLong: boolean
  readonly size: N
  /** |size|·multiplier. */
  readonly amount: N
  /** |value| at entry. */
  readonly entryValue: N
}

export function sizedPositionOf<N>(algebra: Algebra<N>, ruled: RuledPosition, size: N): SizedPosition<N> {
  const { position, rules } = ruled
  const amount = algebra.mul(magnitude(algebra, size), algebra.read(rules.multiplier))
  const entryPrice = algebra.read(position.entryPrice)
  const isLong = !position.size.startsWith('-')
  const sized = { algebra, ruled, isLong, size, amount, entryValue: amount }
  return { ...sized, entryValue: lotValueOf(sized, entryPrice) }
}

/** |value| at a price: amount·price, of an inverse contract amount/price; by whole lots where the venue rounds each. */
function lotValueOf<N>({ algebra, ruled, amount, size }: SizedPosition<N>, price: N): N {
  const { contribution, multiplier, rounding } = ruled.rules
  const worth = (units: N) =>
    contribution === 'inverse' ? algebra.div(units, price) : algebra.mul(units, price)
  if (rounding?.per !== 'lot') return worth(amount)
  const lotSize = algebra.read(rounding.lotSize!)
  const lot = algebra.mul(lotSize, algebra.read(multiplier))
  const lots = algebra.div(magnitude(algebra, size), lotSize)
  return algebra.mul(lots, algebra.round(worth(lot), parseDecimal(rounding.unit), 'nearest'))
}

/** |value| at the mark, toward zero where the venue rounds the value of a position. */
export function markValueOf<N>(sized: SizedPosition<N>, markPrice: N): N {
  const { rounding } = sized.ruled.rules
  const value = lotValueOf(sized, markPrice)
  return rounding?.per === 'position'
    ? sized.algebra.round(value, parseDecimal(rounding.unit), 'toward-zero')
    : value
}

/** Both venues that round do so up, against the account. */
export function roundedMargin<N>({ algebra, ruled }: SizedPosition<N>, margin: N): N {
  const { rounding } = ruled.rules
  return rounding === undefined ? margin : algebra.round(margin, parseDecimal(rounding.unit), 'up')
}
