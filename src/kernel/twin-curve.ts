import {
  COORDINATE_RECIPROCAL,
  CURVE_CHARGED,
  CURVE_SQUARES,
  NONE,
  SIZE_CLASSES,
} from '../../assembly/layout.ts'
import type { CurvePiece } from './kernel.ts'
import type { TwinColumns } from './twin-columns.ts'

/** Curves: pieces in y = scale · x, straight or of degree 2, shared by all rows under one rule. The twin of assembly/curve.ts. */
export class TwinCurves {
  readonly #columns: TwinColumns
  #curves = 0
  #pieces = 0

  // What a re-check reads.
  #firstPiece!: Int32Array
  #pieceCount!: Int32Array
  #form!: Int32Array
  #cap!: Float64Array
  #square!: Float64Array

  constructor(columns: TwinColumns) {
    this.#columns = columns
    columns.bind(() => {
      this.#firstPiece = columns.curveFirstPiece
      this.#pieceCount = columns.curvePieces
      this.#form = columns.curveForm
      this.#cap = columns.pieceCap
      this.#square = columns.pieceSquare
    })
  }

  /** A new curve, of 1 to CURVE_PIECES_MAX pieces. */
  add(form: number, pieces: readonly CurvePiece[]): number {
    if (this.#curves === 0) this.#columns.sizeClassFreeCurve.fill(NONE, 0, SIZE_CLASSES)
    const curve = this.#take(sizeClassOf(pieces.length))
    const { curveFirstPiece, curvePieces, curveForm, curveRows } = this.#columns
    curvePieces[curve] = pieces.length
    curveForm[curve] = form
    curveRows[curve] = 0
    for (const [at, piece] of pieces.entries()) this.#setPiece(curveFirstPiece[curve]! + at, piece)
    return curve
  }

  /** Frees a curve that no row uses. Returns the rows that use it: 0 if it is freed, NONE if it was free. */
  free(curve: number): number {
    const { curvePieces, curveForm, curveRows, sizeClassFreeCurve } = this.#columns
    const rows = curveRows[curve]!
    if (rows !== 0) return rows
    const sizeClass = sizeClassOf(curvePieces[curve]!)
    curveRows[curve] = NONE
    curveForm[curve] = sizeClassFreeCurve[sizeClass]!
    sizeClassFreeCurve[sizeClass] = curve
    return 0
  }

  /** Counts a row that starts (1) or ends (-1) to use the curve. */
  countRow(curve: number, change: 1 | -1): void {
    this.#columns.curveRows[curve]! += change
  }

  #take(sizeClass: number): number {
    const columns = this.#columns
    const free = columns.sizeClassFreeCurve[sizeClass]!
    if (free !== NONE) {
      columns.sizeClassFreeCurve[sizeClass] = columns.curveForm[free]!
      return free
    }
    const span = 1 << sizeClass
    if (this.#curves === columns.curvePieces.length) columns.grow('curves')
    if (this.#pieces + span > columns.pieceCap.length) columns.grow('pieces')
    columns.curveFirstPiece[this.#curves] = this.#pieces
    this.#pieces += span
    return this.#curves++
  }

  #setPiece(piece: number, { cap, rate, deduction, square = 0 }: CurvePiece): void {
    this.#columns.pieceCap[piece] = cap
    this.#columns.pieceRate[piece] = rate
    this.#columns.pieceDeduction[piece] = deduction
    this.#columns.pieceSquare[piece] = square
  }

  formOf(curve: number): number {
    return this.#form[curve]!
  }

  coordinate(form: number, mark: number): number {
    return (form & COORDINATE_RECIPROCAL) !== 0 ? 1 / mark : mark
  }

  hasSquares(form: number): boolean {
    return (form & CURVE_SQUARES) !== 0
  }

  isCharged(form: number): boolean {
    return (form & CURVE_CHARGED) !== 0
  }

  /** What the square of a piece adds to the maintenance of each unit of y. */
  squareRate(piece: number, y: number): number {
    return this.#square[piece]! * y
  }

  /** The piece that holds y; beyond the last cap the last piece continues. */
  pieceAt(curve: number, y: number): number {
    const cap = this.#cap
    let piece = this.#firstPiece[curve]!
    const last = piece + this.#pieceCount[curve]! - 1
    while (piece < last && y > cap[piece]!) piece++
    return piece
  }

  /** Relative fall of x at which y leaves the piece downwards. */
  fallToPieceEnd(curve: number, piece: number, y: number): number {
    if (piece === this.#firstPiece[curve]) return Infinity
    return (y - this.#cap[piece - 1]!) / y
  }

  /** Relative rise of x at which y leaves the piece upwards. */
  riseToPieceEnd(curve: number, piece: number, y: number): number {
    if (piece === this.#firstPiece[curve]! + this.#pieceCount[curve]! - 1) return Infinity
    return (this.#cap[piece]! - y) / y
  }
}

/** The smallest size class whose span holds so many pieces, of which there is at least one. */
function sizeClassOf(pieceCount: number): number {
  return 32 - Math.clz32(pieceCount - 1)
}
