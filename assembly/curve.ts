// A piecewise curve: one table of pieces in y = scale * x, shared by all rows of one rule.
import {
  COLUMN_PIECE_CAP,
  COLUMN_PIECE_DEDUCTION,
  COLUMN_PIECE_RATE,
  COLUMN_TABLE_COORDINATE,
  COLUMN_TABLE_FIRST_PIECE,
  COLUMN_TABLE_PIECES,
  COORDINATE_RECIPROCAL,
  NONE,
} from "./layout";
import { f64At, i32At, pieceCapacity, setF64, setI32, tableCapacity } from "./columns";

let tables: i32 = 0;
let pieces: i32 = 0;

/** A new table without pieces, or NONE when the capacity is used up. */
export function addTable(coordinate: i32): i32 {
  if (tables == tableCapacity) return NONE;
  setI32(COLUMN_TABLE_FIRST_PIECE, tables, pieces);
  setI32(COLUMN_TABLE_PIECES, tables, 0);
  setI32(COLUMN_TABLE_COORDINATE, tables, coordinate);
  return tables++;
}

/** Appends a piece to the table added last. Returns its number, or NONE when the capacity is used up. */
export function addPiece(cap: f64, rate: f64, deduction: f64): i32 {
  if (pieces == pieceCapacity) return NONE;
  const table = tables - 1;
  setF64(COLUMN_PIECE_CAP, pieces, cap);
  setF64(COLUMN_PIECE_RATE, pieces, rate);
  setF64(COLUMN_PIECE_DEDUCTION, pieces, deduction);
  setI32(COLUMN_TABLE_PIECES, table, i32At(COLUMN_TABLE_PIECES, table) + 1);
  return pieces++;
}

@inline
export function coordinate(table: i32, mark: f64): f64 {
  return i32At(COLUMN_TABLE_COORDINATE, table) == COORDINATE_RECIPROCAL ? 1.0 / mark : mark;
}

/** The piece that holds y; beyond the last cap the last piece goes on. */
@inline
export function pieceAt(table: i32, y: f64): i32 {
  let piece = i32At(COLUMN_TABLE_FIRST_PIECE, table);
  const last = piece + i32At(COLUMN_TABLE_PIECES, table) - 1;
  while (piece < last && y > f64At(COLUMN_PIECE_CAP, piece)) piece++;
  return piece;
}

/** Relative fall of x at which y leaves the piece downwards. */
@inline
export function fallToPieceEnd(table: i32, piece: i32, y: f64): f64 {
  if (piece == i32At(COLUMN_TABLE_FIRST_PIECE, table)) return Infinity;
  return (y - f64At(COLUMN_PIECE_CAP, piece - 1)) / y;
}

/** Relative rise of x at which y leaves the piece upwards. */
@inline
export function riseToPieceEnd(table: i32, piece: i32, y: f64): f64 {
  const last = i32At(COLUMN_TABLE_FIRST_PIECE, table) + i32At(COLUMN_TABLE_PIECES, table) - 1;
  if (piece == last) return Infinity;
  return (f64At(COLUMN_PIECE_CAP, piece) - y) / y;
}
