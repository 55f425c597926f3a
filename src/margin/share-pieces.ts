// What a margin account has above a level while a part of one position is closed, as pieces of the share that is kept.
import { slackIn } from './account-totals.ts'
import { exactNumbers } from './algebra.ts'
import { movingWithShare } from './asked-pieces.ts'
import type { Figure } from './crossing.ts'
import { figuresAt, type Known } from './formula-figures.ts'
import { areSidesNetted } from './netting.ts'
import { figureOfPieces, type Pieces, tieredAt } from './pieces.ts'
import type { PoolTerms } from './pool-formulas.ts'
import { countedGain, isCountedInCoin } from './pool-pieces.ts'
import { positionFiguresOf } from './position-formulas.ts'
import { markValueOf, type RuledPosition, type SizedPosition, sizedPositionOf } from './position-value.ts'
import { type PricedAsset, pricedAssetsOf } from './priced-assets.ts'
import { add, compare, div, min, mul, neg, ONE, parseDecimal, type Rational, sub, ZERO } from './rational.ts'
import type { Goal } from './reduction.ts'
import { marketIn, unroundedFiguresOf, unroundedPositionOf } from './unrounded.ts'

/** ratio·marginBalance − maintenanceMargin at the prices of a goal, as a figure of the share that is closed. */
export interface Surplus extends Figure {
  /** As the venue rounds it. */
  exactAt(share: Rational): Rational
}

/** undefined where pieces do not say it: netting groups with both sides, pools whose venue rounds. */
export function surplusByPieces(known: Known, place: number, goal: Goal): Surplus | undefined {
  const { pool, positions, marginMode } = known.formula
  if (areSidesNetted(positions)) return undefined
  if (pool !== undefined) {
    const pieces = pooledSurplusPiecesOf(known, pool, place, goal)
    const pooled = pieces && closedFigure(figureOfPieces(pieces))
    return pooled && { ...pooled, exactAt: pooled.valueAt }
  }
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
  const realized = realizedOf(known, sized)
  const balance = add(sub(figures.marginBalance, own.rounded.contribution), realized)
  const others = sub(figures.maintenanceMargin, own.rounded.maintenanceMargin)
  const gain = mul(ratio, sub(contribution, realized))
  return { ...moving, constant: sub(mul(ratio, balance), others), slope: sub(gain, asked.slope) }
}

/**
 * The same of a pool. What its index prices do against it turns only on the asset in which the position settles, where it may turn
 * with the share: that asset then leaves the less of `low` and of `high` times what is left of it in coin. Where the rest of the
 * account is above zero, the sum of both is zero, or changes its sign, only where it leaves less than nothing, at `high`; elsewhere
 * at `low`. So these pieces have the sign of the surplus at every share, and its roots.
 */
function pooledSurplusPiecesOf(known: Known, pool: PoolTerms, place: number, goal: Goal): Pieces | undefined {
  const { figures } = known
  const { ratio } = goal
  const { ruled, sized, market, markValue, figures: own } = unroundedPositionOf(known, place)
  if (ruled.rules.rounding !== undefined) return undefined
  const priced = pricedAssetsOf(known, pool).get(ruled.rules.settlementAsset)!
  const surplus =
    compare(ratio, ONE) === 0
      ? slackIn(known)
      : sub(mul(ratio, figures.marginBalance), figures.maintenanceMargin)
  const at = priced.sides === undefined ? { ...priced, surplus } : worseSideOf(priced, goal, surplus)
  if (at === undefined) return undefined
  const { indexPrice } = at
  const { contribution } = own
  const realized = realizedOf(known, sized)
  const gain = { wallet: neg(realized), contribution }
  const { wallet } = priced.asset
  // What is below zero of it is no asset of spot margin.
  if (pool.liquidationLevel !== undefined && min(wallet, add(wallet, realized)).n < 0n) return undefined
  const counted = countedGain(pool, priced, gain, ONE, indexPrice, ratio)
  const asked = movingWithShare(sized, markValue, market, own.maintenanceMargin)
  const slope = sub(counted.slope, mul(indexPrice, asked.slope))
  const square = neg(mul(indexPrice, asked.square))
  const tiered = [...counted.tiered]
  if (asked.tiered !== undefined) tiered.push({ ...asked.tiered, worth: mul(indexPrice, asked.tiered.worth) })
  const moved = tiered.reduce((sum, one) => sub(sum, tieredAt(one, ONE)), add(slope, square))
  return { coordinate: 'price', constant: sub(at.surplus, moved), slope, square, tiered }
}

/** The side of the index price that decides about the sign of a surplus, and the surplus of the whole position there. */
function worseSideOf(priced: PricedAsset, { ratio }: Goal, surplus: Rational) {
  const { sides, indexPrice } = priced
  if (compare(ratio, ONE) !== 0 || !isCountedInCoin(priced) || indexPrice.n === 0n) return undefined
  const { low, high, left, others } = sides!
  const worse = others.n >= 0n ? high : low
  if (compare(worse, indexPrice) === 0) return { indexPrice, surplus }
  return { indexPrice: worse, surplus: add(others, mul(left, div(worse, indexPrice))) }
}

/** What closing a size pays, at the present marks. */
function realizedOf({ marks, closingMarks = marks }: Known, sized: SizedPosition<Rational>): Rational {
  const { position, rules } = sized.ruled
  const value = markValueOf(sized, closingMarks.get(position.symbol)!)
  const paid = rules.contribution === 'option' ? value : sub(value, sized.entryValue)
  return sized.isLong === (rules.contribution === 'inverse') ? neg(paid) : paid
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
