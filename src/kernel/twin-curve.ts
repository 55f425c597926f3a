import { COORDINATE_RECIPROCAL, NONE, SIZE_CLASSES } from '../../assembly/layout.ts'
import type { CurvePiece } from './kernel.ts'
import type { TwinColumns } from './twin-columns.ts'

/** Curves: pieces in y = scale · x, shared by all rows under one rule. The twin of assembly/curve.ts. */
export class TwinCurves {
  readonly #columns: TwinColumns
  #curves = 0
  #pieces = 0

  // What a re-check reads.
  #firstPiece!: Int32Array
  #pieceCount!: Int32Array
  #coordinate!: Int32Array
  #cap!: Float64Array

  constructor(columns: TwinColumns) {
    this.#columns = columns
    columns.bind(() => {
      this.#firstPiece = columns.curveFirstPiece
      this.#pieceCount = columns.curvePieces
      this.#coordinate = columns.curveCoordinate
      this.#cap = columns.pieceCap
    })
  }

  /** A new curve, of 1 to CURVE_PIECES_MAX pieces. */
  add(coordinate: number, pieces: readonly CurvePiece[]): number {
    if (this.#curves === 0) this.#columns.sizeClassFreeCurve.fill(NONE, 0, SIZE_CLASSES)
    const curve = this.#take(sizeClassOf(pieces.length))
    const { curveFirstPiece, curvePieces, curveCoordinate, curveRows } = this.#columns
    curvePieces[curve] = pieces.length
    curveCoordinate[curve] = coordinate
    curveRows[curve] = 0
    for (const [at, piece] of pieces.entries()) this.#setPiece(curveFirstPiece[curve]! + at, piece)
    return curve
  }

  /** Frees a curve that no row uses. Returns the rows that use it: 0 if it is freed, NONE if it was free. */
  free(curve: number): number {
    const { curvePieces, curveCoordinate, curveRows, sizeClassFreeCurve } = this.#columns
    const rows = curveRows[curve]!
    if (rows !== 0) return rows
    const sizeClass = sizeClassOf(curvePieces[curve]!)
    curveRows[curve] = NONE
    curveCoordinate[curve] = sizeClassFreeCurve[sizeClass]!
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
      columns.sizeClassFreeCurve[sizeClass] = columns.curveCoordinate[free]!
      return free
    }
    const span = 1 << sizeClass
    if (this.#curves === columns.curvePieces.length) columns.grow('curves')
    if (this.#pieces + span > columns.pieceCap.length) columns.grow('pieces')
    columns.curveFirstPiece[this.#curves] = this.#pieces
    this.#pieces += span
    return this.#curves++
  }

  #setPiece(piece: number, { cap, rate, deduction }: CurvePiece): void {
    this.#columns.pieceCap[piece] = cap
    this.#columns.pieceRate[piece] = rate
    this.#columns.pieceDeduction[piece] = deduction
  }

  coordinate(curve: number, mark: number): number {
    return (this.#coordinate[curve]! & COORDINATE_RECIPROCAL) !== 0 ? 1 / mark : mark
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
