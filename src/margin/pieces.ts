// A figure of one variable as pieces, each straight or square: what the formulas come to where only one price, one share or
// one move changes. Its crossings are divisions; `crossing.ts` finds the same ones by tracing the formulas, many times slower.

import { type Figure, towardStart } from './crossing.ts'
import type { Coordinate } from './curve.ts'
import { firstRootBeyond, type Side } from './polynomial-roots.ts'
import { add, compare, div, mul, neg, ONE, type Rational, sign, sub } from './rational.ts'
import { type ExactTier, tierIndexAt } from './tiers.ts'

/**
 * What is asked by tiers: in the tier of the measure, worth·(rate·measure − deduction). Below zero `worth` says what the tiers add:
 * the weights of an asset of a pool.
 */
export interface Tiered {
  readonly tiers: readonly ExactTier[]
  /** measure = start + slope·w; the slope is not zero. */
  readonly start: Rational
  readonly slope: Rational
  /** Value of one unit of the measure and of the deductions. */
  readonly worth: Rational
}

/** constant + slope·w + square·w² − Σ tiered, of a variable t above zero: w is t, or 1/t of a reciprocal coordinate. */
export interface Pieces {
  readonly coordinate: Coordinate
  readonly constant: Rational
  readonly slope: Rational
  readonly square: Rational
  readonly tiered: readonly Tiered[]
}

export function figureOfPieces(pieces: Pieces): Figure {
  return {
    valueAt: (t) => valueIn(pieces, otherOf(pieces, t)),
    crossing: (from, side, end) => crossingIn(pieces, from, side, end),
  }
}

/** w of t, and t of w. */
function otherOf({ coordinate }: Pieces, value: Rational): Rational {
  return coordinate === 'price' ? value : { n: value.d, d: value.n }
}

function valueIn({ constant, slope, square, tiered }: Pieces, w: Rational): Rational {
  const straight = add(constant, mul(slope, w))
  const untiered = square.n === 0n ? straight : add(straight, mul(square, mul(w, w)))
  return tiered.reduce((value, one) => sub(value, tieredAt(one, w)), untiered)
}

export function tieredAt(one: Tiered, w: Rational): Rational {
  const measure = measureAt(one, w)
  const tier = one.tiers[tierIndexAt(one.tiers, measure)]!
  return mul(one.worth, sub(mul(tier.maintenanceMarginRate, measure), tier.maintenanceDeduction))
}

function measureAt({ start, slope }: Tiered, w: Rational): Rational {
  return start.n === 0n ? mul(slope, w) : add(start, mul(slope, w))
}

/** The tier of a measure just beyond the point that the search has reached, and where it leaves that tier. */
interface Cursor {
  readonly one: Tiered
  /** Whether the measure grows along the search. */
  readonly isRising: boolean
  tier: number
  /** w at which it leaves the tier; undefined in the last one. */
  end: Rational | undefined
}

/** As `firstCrossing` of the formulas. */
function crossingIn(
  pieces: Pieces,
  from: Rational,
  side: Side,
  end: Rational | undefined,
): Rational | undefined {
  const isUp = (side === 'up') === (pieces.coordinate === 'price')
  const limit = end === undefined ? undefined : otherOf(pieces, end)
  let at = otherOf(pieces, from)
  const cursors = pieces.tiered.map((one) => cursorAt(one, at, isUp, pieces.coordinate))
  let before: number = sign(valueIn(pieces, at))
  if (before < 0 && limit?.n === 0n) {
    const skipped = skippedTo(pieces, cursors, at)
    if (skipped === undefined) return undefined
    at = skipped
  }
  for (let isFirst = true; ; isFirst = false) {
    const piece = pieceOf(pieces, cursors)
    const beside = signBeside(piece, at, isUp)
    if (beside === 0 || (beside !== before && !(isFirst && before === 0))) return otherOf(pieces, at)
    before = beside
    const next = nearestOf(cursors, isUp, limit)
    const root = rootIn(pieces.coordinate, piece, at, beside, isUp, next ?? limit)
    if (root !== undefined) return root
    if (next === undefined) return undefined
    if (sign(valueIn(pieces, next)) !== before) return otherOf(pieces, next)
    at = next
    for (const cursor of cursors) {
      if (cursor.end === undefined || compare(cursor.end, next) !== 0) continue
      moveTo(cursor, cursor.tier + (cursor.isRising ? 1 : -1), pieces.coordinate)
    }
  }
}

function cursorAt(one: Tiered, at: Rational, isUp: boolean, coordinate: Coordinate): Cursor {
  const measure = measureAt(one, at)
  const isRising = isUp === one.slope.n > 0n
  const tier = tierIndexAt(one.tiers, measure)
  // A measure on a cap is in the tier below it, and beyond it once it rises.
  const isOnCap = isRising && tier + 1 < one.tiers.length && compare(one.tiers[tier]!.cap, measure) === 0
  const cursor: Cursor = { one, isRising, tier, end: undefined }
  moveTo(cursor, isOnCap ? tier + 1 : tier, coordinate)
  return cursor
}

function moveTo(cursor: Cursor, tier: number, coordinate: Coordinate): void {
  const { one, isRising } = cursor
  const isLast = isRising ? tier === one.tiers.length - 1 : tier === 0
  cursor.tier = tier
  cursor.end = undefined
  if (isLast) return
  const { cap } = one.tiers[isRising ? tier : tier - 1]!
  const w = div(one.start.n === 0n ? cap : sub(cap, one.start), one.slope)
  // No price has a reciprocal below zero.
  if (coordinate === 'price' || w.n > 0n) cursor.end = w
}

/**
 * Tables of hundreds of tiers are not walked while a position is closed. What is asked a unit does not grow toward a measure
 * of zero, because no rate falls from a tier to the next: so a figure that is not below zero there stays above zero once it
 * is, and one that is below zero there and does not grow from there is below zero everywhere (then undefined).
 * Returns w of the top of the tier in which, or at whose lower end, the figure leaves the values below zero.
 */
function skippedTo(pieces: Pieces, cursors: readonly Cursor[], at: Rational): Rational | undefined {
  const [cursor] = cursors
  if (cursor === undefined || cursors.length > 1 || cursor.isRising || pieces.square.n !== 0n) return at
  const { one, tier } = cursor
  if (one.start.n !== 0n || one.worth.n < 0n) return at
  const lowest = one.tiers[0]!
  if (sign(add(pieces.constant, mul(one.worth, lowest.maintenanceDeduction))) < 0) {
    const growth = sub(pieces.slope, mul(mul(lowest.maintenanceMarginRate, one.worth), one.slope))
    return growth.n > 0n ? at : undefined
  }
  const topOf = (index: number) => div(one.tiers[index]!.cap, one.slope)
  let [low, high] = [-1, tier]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (sign(pieceAt(pieceOf(pieces, [{ one, tier: middle }]), topOf(middle))) < 0) high = middle
    else low = middle
  }
  if (high === tier) return at
  moveTo(cursor, high, pieces.coordinate)
  return topOf(high)
}

/** The nearest end of a tier, at most the limit. */
function nearestOf(cursors: readonly Cursor[], isUp: boolean, limit: Rational | undefined) {
  let nearest: Rational | undefined
  for (const { end } of cursors) {
    if (end === undefined || (limit !== undefined && isBeyond(end, limit, isUp))) continue
    if (nearest === undefined || isBeyond(nearest, end, isUp)) nearest = end
  }
  return nearest
}

function isBeyond(a: Rational, b: Rational, isUp: boolean): boolean {
  return compare(a, b) === (isUp ? 1 : -1)
}

/** constant + slope·w + square·w² */
type Piece = Pick<Pieces, 'constant' | 'slope' | 'square'>

function pieceOf(
  { constant, slope, square }: Pieces,
  cursors: readonly Pick<Cursor, 'one' | 'tier'>[],
): Piece {
  let [ownConstant, ownSlope] = [constant, slope]
  for (const { one, tier } of cursors) {
    const { maintenanceMarginRate, maintenanceDeduction } = one.tiers[tier]!
    const rate = mul(maintenanceMarginRate, one.worth)
    ownConstant = add(ownConstant, mul(one.worth, maintenanceDeduction))
    if (one.start.n !== 0n) ownConstant = sub(ownConstant, mul(rate, one.start))
    ownSlope = sub(ownSlope, mul(rate, one.slope))
  }
  return { constant: ownConstant, slope: ownSlope, square }
}

function pieceAt({ constant, slope, square }: Piece, w: Rational): Rational {
  const straight = add(constant, mul(slope, w))
  return square.n === 0n ? straight : add(straight, mul(square, mul(w, w)))
}

/** The sign just beside w in the direction of the search; 0 only where the piece is zero everywhere. */
function signBeside(piece: Piece, w: Rational, isUp: boolean): number {
  const here = sign(pieceAt(piece, w))
  if (here !== 0) return here
  const { slope, square } = piece
  const growth = sign(square.n === 0n ? slope : add(slope, mul(mul(TWO, square), w)))
  return growth !== 0 ? (isUp ? growth : -growth) : sign(square)
}

const TWO: Rational = { n: 2n, d: 1n }

/** t of the first root beyond w, where the sign is `beside`, up to `bound`, which is part of the search. */
function rootIn(
  coordinate: Coordinate,
  piece: Piece,
  w: Rational,
  beside: number,
  isUp: boolean,
  bound: Rational | undefined,
): Rational | undefined {
  const { constant, slope, square } = piece
  if (square.n !== 0n) return squareRootIn(coordinate, piece, w, isUp, bound)
  // Without a bound the search ends at infinity; down from there the reciprocal of a price ends at zero.
  const last =
    bound !== undefined
      ? sign(pieceAt(piece, bound))
      : isUp
        ? sign(slope)
        : coordinate === 'reciprocal'
          ? sign(constant)
          : -sign(slope)
  if (slope.n === 0n || last === beside || (bound === undefined && last === 0)) return undefined
  const root = div(neg(constant), slope)
  return coordinate === 'price' ? root : div(ONE, root)
}

function squareRootIn(
  coordinate: Coordinate,
  { constant, slope, square }: Piece,
  w: Rational,
  isUp: boolean,
  bound: Rational | undefined,
): Rational | undefined {
  const isReciprocal = coordinate === 'reciprocal'
  const inPrice = (value: Rational) => (isReciprocal ? div(ONE, value) : value)
  // Times t²: a reciprocal piece is a polynomial of the price again.
  const coefficients = isReciprocal ? [square, slope, constant] : [constant, slope, square]
  while (coefficients.at(-1)!.n === 0n) coefficients.pop()
  const side: Side = isUp === isReciprocal ? 'down' : 'up'
  const root = firstRootBeyond(
    coefficients,
    inPrice(w),
    side,
    bound === undefined ? undefined : inPrice(bound),
  )
  return root === undefined ? undefined : towardStart(root, side)
}
