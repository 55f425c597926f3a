// The positions of a margin account without what their venue rounds: functions of a price do not follow its steps.
import { marketOf } from './account-formulas.ts'
import { unroundedNumbers } from './algebra.ts'
import { figuresAt, type Known } from './formula-figures.ts'
import { type PositionFigures, positionFiguresOf } from './position-formulas.ts'
import { type Market, type RuledPosition, type SizedPosition, sizedPositionOf } from './position-value.ts'
import { abs, parseDecimal, type Rational } from './rational.ts'

/** One position of an account of one currency, at the prices of the account. */
export interface UnroundedPosition {
  readonly ruled: RuledPosition
  readonly sized: SizedPosition<Rational>
  readonly market: Market<Rational>
  readonly figures: PositionFigures<Rational>
  /** As the venue rounds them. */
  readonly rounded: PositionFigures<Rational>
  /** |value| at the mark. */
  readonly markValue: Rational
}

export function unroundedPositionOf(known: Known, place: number): UnroundedPosition {
  const { formula } = known
  const ruled = formula.positions[place]!
  const rounded = known.figures.positions[place]!
  const sized = sizedPositionOf(unroundedNumbers, ruled, parseDecimal(ruled.position.size))
  const market = marketIn(known, ruled)
  const figures =
    ruled.rules.rounding === undefined
      ? rounded
      : formula.marginMode === 'isolated'
        ? unroundedFiguresOf(known).positions[place]!
        : positionFiguresOf(unroundedNumbers, ruled, sized.size, market)
  return { ruled, sized, market, figures, rounded, markValue: abs(figures.value) }
}

/** All figures of an account without rounding. */
export function unroundedFiguresOf(known: Known): Known['figures'] {
  const isRounded = known.formula.positions.some(({ rules }) => rules.rounding !== undefined)
  return isRounded ? figuresAt(unroundedNumbers, known) : known.figures
}

export function marketIn({ marks, indexes, rates }: Known, ruled: RuledPosition): Market<Rational> {
  return marketOf(ruled, {
    markOf: (symbol) => marks.get(symbol),
    indexOf: (asset) => indexes.get(asset),
    fundingRateOf: (symbol) => rates.get(symbol),
  })
}
