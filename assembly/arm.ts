// Sets the triggers of an account whose level is proven: the marks up to which it holds.
import {
  BLOCK_SHIFT,
  COLUMN_ACCOUNT_HEAD,
  COLUMN_ACCOUNT_ROWS,
  COLUMN_BLOCK_INSTRUMENT,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_PIECE_RATE,
  COLUMN_ROW_CURVE,
  COLUMN_ROW_NEXT,
  COLUMN_ROW_SCALE,
  COLUMN_ROW_SLOPE,
  COORDINATE_RECIPROCAL,
  NONE,
} from "./layout";
import { f64At, i32At } from "./columns";
import { coordinateOf, fallToPieceEnd, formOf, hasSquares, pieceAt, riseToPieceEnd, squareRate } from "./curve";
import { ERROR_TERMS, ratioAt, release, xAt } from "./levels";
import { setTriggers } from "./zones";

// Outward rounding of a trigger. A rise (cap - y) / y or a fall (y - cap) / y errs by I u + 5u of y, I u of the cap, the
// subtraction and the division, all relative to 1 + rise or to 1: (2I + 7) u. 1 + rise and 1 - fall, the product or
// quotient with the mark, and the guard itself err by at most 4u; the mark of now and the marks compared later by u each.
// (2I + 13) u = 45u in all; 2^-47 = 64u.
const TRIGGER_GUARD: f64 = 7.105427357601002e-15;
// The derivative of a slack errs by at most (2I + 5) u of 2 * scale (2u of the release factor, I u of rate and scale each,
// two products, the subtraction) and (I + 4) u of 2 * |slope| (2u of the ratio, I u of the slope, the product, the
// subtraction): 74u of scale + |slope|. 2^-46 = 128u. A derivative smaller than this part of its terms has no certain sign:
// both directions count as adverse.
// A square bends the slack: in a piece with one, a move of x by the part t of itself changes a slack by its derivative times
// x * t, and takes square * y^2 * t^2 from the slack of the next level. (To that of the own level it adds.) As long as t is
// at most 1, that is at most bend * x * t with bend = square * y * scale. Twice the bend is added to the guard: once for that
// loss, once for the error of the derivative's 2 * bend, which is below 2^-45 of it, and of the bend itself. So a direction
// counts as favourable only if no move by up to the whole of x turns it, and the exposure holds what the bend takes. A fall is
// never more than the whole of x; a rise is limited to it.
const SLOPE_GUARD: f64 = 1.4210854715202004e-14;
// Relative rounding of exposures and their sum over n rows, generously: (n + ERROR_TERMS) * 2^-50. The errors of the
// inputs are in SLOPE_GUARD; the uncertainty is in the spare that is divided, which is what the slack has beyond its error.
const BUDGET_UNIT: f64 = 8.881784197001252e-16;

/** Every tick of its instruments nominates the account again. */
export function disarm(account: i32): void {
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    setTriggers(row, Infinity, -Infinity);
  }
}

/** What the host has proven of an account that f64 does not decide: each mark may move by less than this share. */
export function armWithin(account: i32, share: f64): void {
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    setTriggers(row, mark * (1.0 - share + TRIGGER_GUARD), mark * (1.0 + share) * (1.0 - TRIGGER_GUARD));
  }
}

/** The rate at which maintenance rises at y. */
@inline
function rateAt(isBent: bool, piece: i32, y: f64): f64 {
  const rate = f64At(COLUMN_PIECE_RATE, piece);
  return isBent ? rate + 2.0 * squareRate(piece, y) : rate;
}

/** What a derivative must exceed to have a certain sign. */
@inline
function guardAt(isBent: bool, piece: i32, y: f64, scale: f64, straight: f64): f64 {
  return isBent ? straight + 2.0 * squareRate(piece, y) * scale : straight;
}

@inline
function slopeUp(ratio: f64, slope: f64, rate: f64, scale: f64): f64 {
  return ratio * slope - rate * scale;
}

@inline
function slopeDown(ratio: f64, slope: f64, rate: f64, scale: f64): f64 {
  return release * rate * scale - ratio * slope;
}

/** Compiled once for accounts of straight pieces, which are nearly all, and once for any. */
export function armStraight(account: i32, next: i32, own: i32, spareUp: f64, spareDown: f64): void {
  arm(account, next, own, spareUp, spareDown, true);
}

export function armAny(account: i32, next: i32, own: i32, spareUp: f64, spareDown: f64): void {
  arm(account, next, own, spareUp, spareDown, false);
}

/**
 * Divides what both slacks have to spare among the rows in proportion to their exposure |d slack / d x| * x, each at the prices
 * of its level, so that every row may move by the same part of its x, and a move that adds to a slack is not limited by it.
 * At the prices of a level x moves by the same part as the mark's. No row leaves its piece there, so slacks are straight
 * lines. While all rows stay strictly inside, neither slack can reach zero.
 * What is armed was proven by finite sums, so no trigger is NaN.
 * `next` and `own` are the places of the next level and the present one, or NONE; the spares say how far both slacks are beyond
 * their error.
 */
@inline
function arm(account: i32, next: i32, own: i32, spareUp: f64, spareDown: f64, isStraight: bool): void {
  const nextRatio: f64 = next == NONE ? 0 : ratioAt(next);
  const ownRatio: f64 = own == NONE ? 0 : ratioAt(own);
  let exposureUp: f64 = 0;
  let exposureDown: f64 = 0;
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const curve = i32At(COLUMN_ROW_CURVE, row);
    const form = formOf(curve);
    const coordinate = isStraight ? form : coordinateOf(form);
    const isBent = !isStraight && hasSquares(form);
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    const scale = f64At(COLUMN_ROW_SCALE, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const straightGuard = SLOPE_GUARD * (abs(slope) + scale);
    if (next != NONE) {
      const x = xAt(coordinate, mark, next);
      const y = scale * x;
      const piece = pieceAt(curve, y);
      const up = slopeUp(nextRatio, slope, rateAt(isBent, piece, y), scale);
      exposureUp += (abs(up) + guardAt(isBent, piece, y, scale, straightGuard)) * x;
    }
    if (own != NONE) {
      const x = xAt(coordinate, mark, own);
      const y = scale * x;
      const piece = pieceAt(curve, y);
      const down = slopeDown(ownRatio, slope, rateAt(isBent, piece, y), scale);
      exposureDown += (abs(down) + guardAt(isBent, piece, y, scale, straightGuard)) * x;
    }
  }
  const shrink = 1.0 - (<f64>i32At(COLUMN_ACCOUNT_ROWS, account) + ERROR_TERMS) * BUDGET_UNIT;
  const moveUp = (spareUp / exposureUp) * shrink;
  const moveDown = (spareDown / exposureDown) * shrink;

  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const curve = i32At(COLUMN_ROW_CURVE, row);
    const form = formOf(curve);
    const coordinate = isStraight ? form : coordinateOf(form);
    const isBent = !isStraight && hasSquares(form);
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    const scale = f64At(COLUMN_ROW_SCALE, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const straightGuard = SLOPE_GUARD * (abs(slope) + scale);
    let fall: f64 = Infinity;
    let rise: f64 = Infinity;
    if (next != NONE) {
      const y = scale * xAt(coordinate, mark, next);
      const piece = pieceAt(curve, y);
      const up = slopeUp(nextRatio, slope, rateAt(isBent, piece, y), scale);
      const guard = guardAt(isBent, piece, y, scale, straightGuard);
      fall = fallToPieceEnd(curve, piece, y);
      rise = riseToPieceEnd(curve, piece, y);
      if (up > -guard) fall = min(fall, moveUp);
      if (up < guard) rise = min(rise, moveUp);
    }
    if (own != NONE) {
      const y = scale * xAt(coordinate, mark, own);
      const piece = pieceAt(curve, y);
      const down = slopeDown(ownRatio, slope, rateAt(isBent, piece, y), scale);
      const guard = guardAt(isBent, piece, y, scale, straightGuard);
      fall = min(fall, fallToPieceEnd(curve, piece, y));
      rise = min(rise, riseToPieceEnd(curve, piece, y));
      if (down > -guard) fall = min(fall, moveDown);
      if (down < guard) rise = min(rise, moveDown);
    }
    if (isBent) rise = min(rise, 1.0);
    if ((coordinate & COORDINATE_RECIPROCAL) == 0) {
      setTriggers(row, mark * (1.0 - fall + TRIGGER_GUARD), mark * (1.0 + rise) * (1.0 - TRIGGER_GUARD));
    } else {
      const left = 1.0 - fall + TRIGGER_GUARD;
      setTriggers(
        row,
        (mark / (1.0 + rise)) * (1.0 + TRIGGER_GUARD),
        left > 0 ? (mark / left) * (1.0 - TRIGGER_GUARD) : Infinity,
      );
    }
  }
}
