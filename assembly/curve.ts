// A curve: pieces in y = scale * x, straight or of degree 2, shared by all rows under one rule.
import {
  COLUMN_CURVE_FIRST_PIECE,
  COLUMN_CURVE_FORM,
  COLUMN_CURVE_PIECES,
  COLUMN_CURVE_ROWS,
  COLUMN_PIECE_CAP,
  COLUMN_PIECE_DEDUCTION,
  COLUMN_PIECE_RATE,
  COLUMN_PIECE_SQUARE,
  COLUMN_SIZE_CLASS_FREE_CURVE,
  COORDINATE_RECIPROCAL,
  COORDINATES,
  CURVE_CHARGED,
  CURVE_SQUARES,
  NONE,
  NO_PIECES,
  SIZE_CLASSES,
} from "./layout";
import { curveCapacity, f64At, i32At, pieceCapacity, setF64, setI32 } from "./columns";

let curves: i32 = 0;
let pieces: i32 = 0;

/** The smallest size class whose span holds so many pieces, of which there is at least one. */
@inline
function sizeClassOf(pieceCount: i32): i32 {
  return 32 - clz(pieceCount - 1);
}

/**
 * A new curve of 1 to CURVE_PIECES_MAX pieces, which setPiece fills in. Returns NONE when the capacity of curves is used up,
 * NO_PIECES when that of pieces is.
 */
export function addCurve(form: i32, pieceCount: i32): i32 {
  const sizeClass = sizeClassOf(pieceCount);
  if (curves == 0) emptyFreeLists();
  let curve = i32At(COLUMN_SIZE_CLASS_FREE_CURVE, sizeClass);
  if (curve != NONE) {
    setI32(COLUMN_SIZE_CLASS_FREE_CURVE, sizeClass, i32At(COLUMN_CURVE_FORM, curve));
  } else {
    if (curves == curveCapacity) return NONE;
    if (pieces + (1 << sizeClass) > pieceCapacity) return NO_PIECES;
    curve = curves++;
    setI32(COLUMN_CURVE_FIRST_PIECE, curve, pieces);
    pieces += 1 << sizeClass;
  }
  setI32(COLUMN_CURVE_PIECES, curve, pieceCount);
  setI32(COLUMN_CURVE_FORM, curve, form);
  setI32(COLUMN_CURVE_ROWS, curve, 0);
  return curve;
}

function emptyFreeLists(): void {
  for (let sizeClass = 0; sizeClass < SIZE_CLASSES; sizeClass++) {
    setI32(COLUMN_SIZE_CLASS_FREE_CURVE, sizeClass, NONE);
  }
}

/** Sets the piece at that place of the curve, from 0, in ascending order of cap. */
export function setPiece(curve: i32, at: i32, cap: f64, rate: f64, deduction: f64, square: f64): void {
  const piece = i32At(COLUMN_CURVE_FIRST_PIECE, curve) + at;
  setF64(COLUMN_PIECE_CAP, piece, cap);
  setF64(COLUMN_PIECE_RATE, piece, rate);
  setF64(COLUMN_PIECE_DEDUCTION, piece, deduction);
  setF64(COLUMN_PIECE_SQUARE, piece, square);
}

/** Frees a curve that no row uses. Returns the rows that use it: 0 if it is freed, NONE if it was free. */
export function freeCurve(curve: i32): i32 {
  const rows = i32At(COLUMN_CURVE_ROWS, curve);
  if (rows != 0) return rows;
  const sizeClass = sizeClassOf(i32At(COLUMN_CURVE_PIECES, curve));
  setI32(COLUMN_CURVE_ROWS, curve, NONE);
  setI32(COLUMN_CURVE_FORM, curve, i32At(COLUMN_SIZE_CLASS_FREE_CURVE, sizeClass));
  setI32(COLUMN_SIZE_CLASS_FREE_CURVE, sizeClass, curve);
  return 0;
}

/** Counts a row that starts (1) or ends (-1) to use the curve. */
@inline
export function countRow(curve: i32, change: i32): void {
  setI32(COLUMN_CURVE_ROWS, curve, i32At(COLUMN_CURVE_ROWS, curve) + change);
}

@inline
export function formOf(curve: i32): i32 {
  return i32At(COLUMN_CURVE_FORM, curve);
}

/** Of a straight curve the coordinate is the form. */
@inline
export function coordinateOf(form: i32): i32 {
  return form & (COORDINATES - 1);
}

/** x of a mark. */
@inline
export function markX(coordinate: i32, mark: f64): f64 {
  return (coordinate & COORDINATE_RECIPROCAL) != 0 ? 1.0 / mark : mark;
}

@inline
export function hasSquares(form: i32): bool {
  return (form & CURVE_SQUARES) != 0;
}

@inline
export function isCharged(form: i32): bool {
  return (form & CURVE_CHARGED) != 0;
}

/** What the square of a piece adds to the maintenance of each unit of y. */
@inline
export function squareRate(piece: i32, y: f64): f64 {
  return f64At(COLUMN_PIECE_SQUARE, piece) * y;
}

/** The piece that holds y; beyond the last cap the last piece continues. */
@inline
export function pieceAt(curve: i32, y: f64): i32 {
  let piece = i32At(COLUMN_CURVE_FIRST_PIECE, curve);
  const last = piece + i32At(COLUMN_CURVE_PIECES, curve) - 1;
  while (piece < last && y > f64At(COLUMN_PIECE_CAP, piece)) piece++;
  return piece;
}

/** Relative fall of x at which y leaves the piece downwards. */
@inline
export function fallToPieceEnd(curve: i32, piece: i32, y: f64): f64 {
  if (piece == i32At(COLUMN_CURVE_FIRST_PIECE, curve)) return Infinity;
  return (y - f64At(COLUMN_PIECE_CAP, piece - 1)) / y;
}

/** Relative rise of x at which y leaves the piece upwards. */
@inline
export function riseToPieceEnd(curve: i32, piece: i32, y: f64): f64 {
  const last = i32At(COLUMN_CURVE_FIRST_PIECE, curve) + i32At(COLUMN_CURVE_PIECES, curve) - 1;
  if (piece == last) return Infinity;
  return (f64At(COLUMN_PIECE_CAP, piece) - y) / y;
}
