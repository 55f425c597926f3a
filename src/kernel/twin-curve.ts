import { COORDINATE_RECIPROCAL } from '../../assembly/layout.ts'
import type { CurvePiece } from './kernel.ts'
import type { TwinColumns } from './twin-columns.ts'

/** Curves: pieces in y = scale · x, shared by all rows under one rule. The twin of assembly/curve.ts. */
export class TwinCurves {
  readonly #columns: TwinColumns
  #curves = 0
  #pieces = 0

  constructor(columns: TwinColumns) {
    this.#columns = columns
  }

  add(coordinate: number, pieces: readonly CurvePiece[]): number {
    const columns = this.#columns
    if (this.#curves === columns.curvePieces.length) columns.grow('curves')
    while (this.#pieces + pieces.length > columns.pieceCap.length) columns.grow('pieces')
    const curve = this.#curves++
    const { curveFirstPiece, curvePieces, curveCoordinate, pieceCap, pieceRate, pieceDeduction } = columns
    curveFirstPiece[curve] = this.#pieces
    curvePieces[curve] = pieces.length
    curveCoordinate[curve] = coordinate
    for (const piece of pieces) {
      pieceCap[this.#pieces] = piece.cap
      pieceRate[this.#pieces] = piece.rate
      pieceDeduction[this.#pieces++] = piece.deduction
    }
    return curve
  }

  coordinate(curve: number, mark: number): number {
    return this.#columns.curveCoordinate[curve] === COORDINATE_RECIPROCAL ? 1 / mark : mark
  }

  /** The piece that holds y; beyond the last cap the last piece continues. */
  pieceAt(curve: number, y: number): number {
    const { curveFirstPiece, curvePieces, pieceCap } = this.#columns
    let piece = curveFirstPiece[curve]!
    const last = piece + curvePieces[curve]! - 1
    while (piece < last && y > pieceCap[piece]!) piece++
    return piece
  }

  /** Relative fall of x at which y leaves the piece downwards. */
  fallToPieceEnd(curve: number, piece: number, y: number): number {
    if (piece === this.#columns.curveFirstPiece[curve]) return Infinity
    return (y - this.#columns.pieceCap[piece - 1]!) / y
  }

  /** Relative rise of x at which y leaves the piece upwards. */
  riseToPieceEnd(curve: number, piece: number, y: number): number {
    const { curveFirstPiece, curvePieces, pieceCap } = this.#columns
    if (piece === curveFirstPiece[curve]! + curvePieces[curve]! - 1) return Infinity
    return (pieceCap[piece]! - y) / y
  }
}
