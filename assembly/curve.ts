// A curve: pieces in y = scale * x, shared by all rows under one rule.
import {
  COLUMN_PIECE_CAP,
  COLUMN_PIECE_DEDUCTION,
  COLUMN_PIECE_RATE,
  COLUMN_CURVE_COORDINATE,
  COLUMN_CURVE_FIRST_PIECE,
  COLUMN_CURVE_PIECES,
  COORDINATE_RECIPROCAL,
  NONE,
} from "./layout";
import { f64At, i32At, pieceCapacity, setF64, setI32, curveCapacity } from "./columns";

let curves: i32 = 0;
let pieces: i32 = 0;

/** A new curve without pieces, or NONE when the capacity is used up. */
export function addCurve(coordinate: i32): i32 {
  if (curves == curveCapacity) return NONE;
  setI32(COLUMN_CURVE_FIRST_PIECE, curves, pieces);
  setI32(COLUMN_CURVE_PIECES, curves, 0);
  setI32(COLUMN_CURVE_COORDINATE, curves, coordinate);
  return curves++;
}

/** Appends a piece to the curve added last. Returns its number, or NONE when the capacity is used up. */
export function addPiece(cap: f64, rate: f64, deduction: f64): i32 {
  if (pieces == pieceCapacity) return NONE;
  const curve = curves - 1;
  setF64(COLUMN_PIECE_CAP, pieces, cap);
  setF64(COLUMN_PIECE_RATE, pieces, rate);
  setF64(COLUMN_PIECE_DEDUCTION, pieces, deduction);
  setI32(COLUMN_CURVE_PIECES, curve, i32At(COLUMN_CURVE_PIECES, curve) + 1);
  return pieces++;
}

@inline
export function coordinate(curve: i32, mark: f64): f64 {
  return i32At(COLUMN_CURVE_COORDINATE, curve) == COORDINATE_RECIPROCAL ? 1.0 / mark : mark;
}

/** The piece that holds y; beyond the last cap the last piece goes on. */
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
