import { assert } from '../errors.ts'
import { type Algebra, unroundedNumbers } from './algebra.ts'
import type { Polynomial } from './polynomial.ts'
import { firstRootBeyond, type Root, type Side, signBeside } from './polynomial-roots.ts'
import {
  add,
  compare,
  DISPLAY_DECIMALS,
  floorTo,
  powerOfTen,
  type Rational,
  reduce,
  sign,
} from './rational.ts'
import { resultOf, type Steps } from './steps.ts'
import { PARAMETER, Tracer } from './traced.ts'

/** A figure as a function of one parameter, written once for every algebra. */
export type FigureOf = <N>(algebra: Algebra<N>, parameter: N) => N

/** A figure whose crossings can be found, in its own way. */
export interface Figure {
  /** Without the steps of rounding. */
  valueAt(parameter: Rational): Rational
  /** As `firstCrossing`. */
  crossing(from: Rational, side: Side, end?: Rational): Rational | undefined
}

/** By tracing the formulas: for every figure. */
export function tracedFigure(figure: FigureOf): Figure {
  return {
    valueAt: (parameter) => figure(unroundedNumbers, parameter),
    crossing: (from, side, end) => firstCrossing(figure, from, side, end),
  }
}

/** More pieces than the tiers of the largest account have; a figure with more breaks an invariant. */
const PIECES_MAX = 1_000_000

/**
 * The first parameter beyond `from`, on that side, at which the figure is zero or changes its sign; `from` itself if the
 * figure jumps there. `end`, part of the search, limits it. A root that is no fraction is rounded toward `from`, to
 * DISPLAY_DECIMALS digits after the point. Steps of rounding are not followed (see `Tracer.round`). undefined without one.
 */
export function firstCrossing(
  figure: FigureOf,
  from: Rational,
  side: Side,
  end?: Rational,
): Rational | undefined {
  return resultOf(firstCrossingSteps(figure, from, side, end))
}

/** The same in steps, one for each piece of the figure. */
export function* firstCrossingSteps(
  figure: FigureOf,
  from: Rational,
  side: Side,
  end?: Rational,
): Steps<Rational | undefined> {
  let before: number = sign(figure(unroundedNumbers, from))
  let at: Root = { near: from, far: from }
  for (let piece = 0; piece < PIECES_MAX; piece++) {
    const tracer = new Tracer(at.far, side)
    const { over } = figure(tracer, PARAMETER)
    const beside = signBeside(over, at.far, side)
    if (beside !== before && (piece > 0 || before !== 0)) return towardStart(at, side)
    if (over.length === 0) return towardStart(at, side)
    before = beside
    const next = tracer.firstGuard(end)
    const root = firstRootBeyond(over, at.far, side, next?.far ?? end)
    if (root !== undefined) return towardStart(root, side)
    if (next === undefined) return undefined
    if (sign(figure(unroundedNumbers, next.far)) !== before) return towardStart(next, side)
    at = next
    yield
  }
  assert(false, `a margin figure has at most ${PIECES_MAX} pieces`)
}

/** A figure beyond a point. */
export interface PieceBeyond {
  /** Has the sign of the figure up to the next piece. */
  readonly over: Polynomial
  /** Where the figure may go on as another piece. */
  readonly next: Root | undefined
}

/**
 * As `firstCrossing` upward, of a figure that is above zero at `from` and jumps down only just beyond a point: as slack does, because
 * no tier asks for less than the one below it, and a measure on a cap is in the lower one. `pieceBeyond` gives the pieces in their
 * order, each from the end of the one before it. A step for each.
 */
export function* firstFallSteps(
  pieceBeyond: (point: Rational) => Steps<PieceBeyond>,
  from: Rational,
  end: Rational | undefined,
): Steps<Rational | undefined> {
  let at: Root = { near: from, far: from }
  for (let piece = 0; piece < PIECES_MAX; piece++) {
    const { over, next } = yield* pieceBeyond(at.far)
    if (signBeside(over, at.far, 'up') <= 0) return towardStart(at, 'up')
    const root = firstRootBeyond(over, at.far, 'up', next?.far ?? end)
    if (root !== undefined) return towardStart(root, 'up')
    if (next === undefined) return undefined
    at = next
    yield
  }
  assert(false, `a margin figure has at most ${PIECES_MAX} pieces`)
}

/** The root itself where it is exact, otherwise a decimal that does not pass it. */
export function towardStart({ near, far }: Root, side: Side): Rational {
  if (compare(near, far) === 0) return near
  const unit = { n: 1n, d: powerOfTen(DISPLAY_DECIMALS) }
  const floor = floorTo(near, unit)
  return reduce(side === 'up' || compare(floor, near) === 0 ? floor : add(floor, unit))
}
