// What a margin account has above a level while a part of one position is closed, as pieces of the share that is kept.
import { exactNumbers } from './algebra.ts'
import { movingWithShare } from './asked-pieces.ts'
import type { Figure } from './crossing.ts'
import { figuresAt, type Known } from './formula-figures.ts'
import { areSidesNetted } from './netting.ts'
import { figureOfPieces, type Pieces } from './pieces.ts'
import { positionFiguresOf } from './position-formulas.ts'
import { markValueOf, type RuledPosition, type SizedPosition, sizedPositionOf } from './position-value.ts'
import { add, mul, neg, ONE, parseDecimal, type Rational, sub, ZERO } from './rational.ts'
import type { Goal } from './reduction.ts'
import { marketIn, unroundedFiguresOf, unroundedPositionOf } from './unrounded.ts'

/** ratio·marginBalance − maintenanceMargin at the prices of a goal, as a figure of the share that is closed. */
export interface Surplus extends Figure {
  /** As the venue rounds it. */
  exactAt(share: Rational): Rational
}

/** undefined where pieces do not say it: pools, netting groups with both sides. */
export function surplusByPieces(known: Known, place: number, goal: Goal): Surplus | undefined {
  const { pool, positions, marginMode } = known.formula
  if (pool !== undefined || areSidesNetted(positions)) return undefined
  const figure = closedFigure(figureOfPieces(surplusPiecesOf(known, place, goal)))
  if (positions[place]!.rules.rounding === undefined) return { ...figure, exactAt: figure.valueAt }
  const exactAt =
    marginMode === 'isolated' ? isolatedSurplusOf(known, goal) : crossSurplusOf(known, place, goal)
  return { ...figure, exactAt }
}

/** A figure of the share that is kept as one of the share that is closed. */
function closedFigure(kept: Figure): Figure {
  const other = (share: Rational) => sub(ONE, share)
  return {
    valueAt: (share) => kept.valueAt(other(share)),
    crossing: (from, side, end) => {
      const crossing = kept.crossing(other(from), side === 'up' ? 'down' : 'up', end && other(end))
      return crossing === undefined ? undefined : other(crossing)
    },
  }
}

/** The position at that place is not rounded. What is closed of it is closed at the present marks. */
function surplusPiecesOf(known: Known, place: number, { ratio }: Goal): Pieces {
  const { formula, figures } = known
  const own = unroundedPositionOf(known, place)
  const { sized, market, markValue } = own
  const { contribution, maintenanceMargin } = own.figures
  const asked = movingWithShare(sized, markValue, market, maintenanceMargin)
  const moving = {
    coordinate: 'price',
    square: neg(asked.square),
    tiered: asked.tiered === undefined ? [] : [asked.tiered],
  } as const
  if (formula.marginMode === 'isolated') {
    const balance = mul(ratio, unroundedFiguresOf(known).marginBalance)
    return { ...moving, constant: ZERO, slope: sub(balance, asked.slope) }
  }
  const realized = known.closingMarks === undefined ? contribution : realizedOf(known, sized)
  const balance = add(sub(figures.marginBalance, own.rounded.contribution), realized)
  const others = sub(figures.maintenanceMargin, own.rounded.maintenanceMargin)
  const gain = mul(ratio, sub(contribution, realized))
  return { ...moving, constant: sub(mul(ratio, balance), others), slope: sub(gain, asked.slope) }
}

/** What closing a size pays, at the present marks. */
function realizedOf({ marks, closingMarks = marks }: Known, sized: SizedPosition<Rational>): Rational {
  const { position, rules } = sized.ruled
  if (rules.contribution === 'option') return ZERO
  const gain = sub(markValueOf(sized, closingMarks.get(position.symbol)!), sized.entryValue)
  return sized.isLong === (rules.contribution === 'inverse') ? neg(gain) : gain
}

function isolatedSurplusOf(known: Known, { ratio }: Goal): Surplus['exactAt'] {
  return (share) => {
    const change = { closed: { index: 0, share } }
    const { marginBalance, maintenanceMargin } = figuresAt(exactNumbers, known, change)
    return sub(mul(ratio, marginBalance), maintenanceMargin)
  }
}

/** Only the position itself is computed anew. */
function crossSurplusOf(known: Known, place: number, { ratio }: Goal): Surplus['exactAt'] {
  const { formula, figures } = known
  const ruled: RuledPosition = formula.positions[place]!
  const market = marketIn(known, ruled)
  const own = figures.positions[place]!
  const balance = sub(figures.marginBalance, own.contribution)
  const others = sub(figures.maintenanceMargin, own.maintenanceMargin)
  const size = parseDecimal(ruled.position.size)
  return (share) => {
    if (share.n === 0n) return sub(mul(ratio, figures.marginBalance), figures.maintenanceMargin)
    const kept = positionFiguresOf(exactNumbers, ruled, mul(size, sub(ONE, share)), market)
    const realized = realizedOf(known, sizedPositionOf(exactNumbers, ruled, mul(size, share)))
    const left = add(balance, add(kept.contribution, realized))
    return sub(mul(ratio, left), add(others, kept.maintenanceMargin))
  }
}
