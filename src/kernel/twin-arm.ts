import { BLOCK_SHIFT, COORDINATE_RECIPROCAL, NONE } from '../../assembly/layout.ts'
import type { TwinColumns } from './twin-columns.ts'
import type { TwinCurves } from './twin-curve.ts'
import { ERROR_TERMS, type TwinLevels } from './twin-levels.ts'
import type { TwinZones } from './twin-zones.ts'

// The same constants as in assembly/arm.ts, where the bounds are derived.
const TRIGGER_GUARD = 2 ** -47
const SLOPE_GUARD = 2 ** -46
const BUDGET_UNIT = 2 ** -50

/** Sets the triggers of an account whose level is proven, operation by operation as its twin assembly/arm.ts. */
export class TwinTriggers {
  readonly #curves: TwinCurves
  readonly #levels: TwinLevels
  readonly #zones: TwinZones
  // The columns that it reads, so that no access goes through a second object.
  #accountHead!: Int32Array
  #accountRows!: Int32Array
  #rowNext!: Int32Array
  #rowCurve!: Int32Array
  #rowSlope!: Float64Array
  #rowScale!: Float64Array
  #blockInstrument!: Int32Array
  #instrumentMark!: Float64Array
  #pieceRate!: Float64Array

  constructor(columns: TwinColumns, curves: TwinCurves, levels: TwinLevels, zones: TwinZones) {
    this.#curves = curves
    this.#levels = levels
    this.#zones = zones
    columns.bind(() => {
      this.#accountHead = columns.accountHead
      this.#accountRows = columns.accountRows
      this.#rowNext = columns.rowNext
      this.#rowCurve = columns.rowCurve
      this.#rowSlope = columns.rowSlope
      this.#rowScale = columns.rowScale
      this.#blockInstrument = columns.blockInstrument
      this.#instrumentMark = columns.instrumentMark
      this.#pieceRate = columns.pieceRate
    })
  }

  /** Every tick of its instruments nominates the account again. */
  disarm(account: number): void {
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      this.#zones.setTriggers(row, Infinity, -Infinity)
    }
  }

  /** What the host has proven of an account that f64 does not decide: each mark may move by less than this share. */
  armWithin(account: number, share: number): void {
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
      const high = mark * (1 + share) * (1 - TRIGGER_GUARD)
      this.#zones.setTriggers(row, mark * (1 - share + TRIGGER_GUARD), high)
    }
  }

  /** `next` and `own` are places, or NONE; the spares say how far both slacks are beyond their error. */
  arm(account: number, next: number, own: number, spareUp: number, spareDown: number): void {
    const levels = this.#levels
    const nextRatio = next === NONE ? 0 : levels.ratioAt(next)
    const ownRatio = own === NONE ? 0 : levels.ratioAt(own)
    let exposureUp = 0
    let exposureDown = 0
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      const curve = this.#rowCurve[row]!
      const form = this.#curves.formOf(curve)
      const isBent = this.#curves.hasSquares(form)
      const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
      const scale = this.#rowScale[row]!
      const slope = this.#rowSlope[row]!
      const straightGuard = SLOPE_GUARD * (Math.abs(slope) + scale)
      if (next !== NONE) {
        const x = levels.xAt(form, mark, next)
        const y = scale * x
        const piece = this.#curves.pieceAt(curve, y)
        const up = nextRatio * slope - this.#rateAt(isBent, piece, y) * scale
        exposureUp += (Math.abs(up) + this.#guardAt(isBent, piece, y, scale, straightGuard)) * x
      }
      if (own !== NONE) {
        const x = levels.xAt(form, mark, own)
        const y = scale * x
        const piece = this.#curves.pieceAt(curve, y)
        const down = levels.release * this.#rateAt(isBent, piece, y) * scale - ownRatio * slope
        exposureDown += (Math.abs(down) + this.#guardAt(isBent, piece, y, scale, straightGuard)) * x
      }
    }
    const shrink = 1 - (this.#accountRows[account]! + ERROR_TERMS) * BUDGET_UNIT
    const moveUp = (spareUp / exposureUp) * shrink
    const moveDown = (spareDown / exposureDown) * shrink
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      this.#armRow(row, next, nextRatio, moveUp, own, ownRatio, moveDown)
    }
  }

  /** The rate at which maintenance rises at y. */
  #rateAt(isBent: boolean, piece: number, y: number): number {
    const rate = this.#pieceRate[piece]!
    return isBent ? rate + 2 * this.#curves.squareRate(piece, y) : rate
  }

  /** What a derivative must exceed to have a certain sign. */
  #guardAt(isBent: boolean, piece: number, y: number, scale: number, straight: number): number {
    return isBent ? straight + 2 * this.#curves.squareRate(piece, y) * scale : straight
  }

  #armRow(
    row: number,
    next: number,
    nextRatio: number,
    moveUp: number,
    own: number,
    ownRatio: number,
    moveDown: number,
  ): void {
    const levels = this.#levels
    const curves = this.#curves
    const curve = this.#rowCurve[row]!
    const form = curves.formOf(curve)
    const isBent = curves.hasSquares(form)
    const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
    const scale = this.#rowScale[row]!
    const slope = this.#rowSlope[row]!
    const straightGuard = SLOPE_GUARD * (Math.abs(slope) + scale)
    let fall = Infinity
    let rise = isBent ? 1 : Infinity
    if (next !== NONE) {
      const y = scale * levels.xAt(form, mark, next)
      const piece = curves.pieceAt(curve, y)
      const up = nextRatio * slope - this.#rateAt(isBent, piece, y) * scale
      const guard = this.#guardAt(isBent, piece, y, scale, straightGuard)
      fall = curves.fallToPieceEnd(curve, piece, y)
      rise = Math.min(rise, curves.riseToPieceEnd(curve, piece, y))
      if (up > -guard) fall = Math.min(fall, moveUp)
      if (up < guard) rise = Math.min(rise, moveUp)
    }
    if (own !== NONE) {
      const y = scale * levels.xAt(form, mark, own)
      const piece = curves.pieceAt(curve, y)
      const down = levels.release * this.#rateAt(isBent, piece, y) * scale - ownRatio * slope
      const guard = this.#guardAt(isBent, piece, y, scale, straightGuard)
      fall = Math.min(fall, curves.fallToPieceEnd(curve, piece, y))
      rise = Math.min(rise, curves.riseToPieceEnd(curve, piece, y))
      if (down > -guard) fall = Math.min(fall, moveDown)
      if (down < guard) rise = Math.min(rise, moveDown)
    }
    if ((form & COORDINATE_RECIPROCAL) === 0) {
      const low = mark * (1 - fall + TRIGGER_GUARD)
      this.#zones.setTriggers(row, low, mark * (1 + rise) * (1 - TRIGGER_GUARD))
    } else {
      const left = 1 - fall + TRIGGER_GUARD
      const low = (mark / (1 + rise)) * (1 + TRIGGER_GUARD)
      this.#zones.setTriggers(row, low, left > 0 ? (mark / left) * (1 - TRIGGER_GUARD) : Infinity)
    }
  }
}
