import {
  BLOCK_SHIFT,
  COORDINATE_RECIPROCAL,
  COORDINATES,
  INPUT_ERROR_ULPS,
  LEVEL_PLACES,
  NONE,
} from '../../assembly/layout.ts'
import type { KernelLevel } from './levels.ts'
import type { TwinColumns } from './twin-columns.ts'
import type { TwinCurves } from './twin-curve.ts'

// The same constants as in assembly/levels.ts, where the bound is derived.
const ERROR_UNIT = 2 ** -52
export const ERROR_TERMS = 4 * INPUT_ERROR_ULPS + 28

/**
 * The lists of levels, and the sums of an account at the prices of a level, operation by operation as their twin
 * assembly/levels.ts.
 */
export class TwinLevels {
  // The sums that were made last, and the bound of the error of any slack that is made of them.
  marginBalance = Number.NaN
  maintenanceMargin = Number.NaN
  error = 0
  release = 1
  readonly #columns: TwinColumns
  readonly #curves: TwinCurves
  // The columns that it reads, so that no access goes through a second object.
  #accountHead!: Int32Array
  #accountRows!: Int32Array
  #accountConstant!: Float64Array
  #accountUncertainty!: Float64Array
  #rowNext!: Int32Array
  #rowCurve!: Int32Array
  #rowIntercept!: Float64Array
  #rowSlope!: Float64Array
  #rowScale!: Float64Array
  #rowConstant!: Float64Array
  #blockInstrument!: Int32Array
  #instrumentMark!: Float64Array
  #instrumentCharge!: Float64Array
  #pieceRate!: Float64Array
  #pieceDeduction!: Float64Array
  #levelRatio!: Float64Array
  #levelFactor!: Float64Array

  constructor(columns: TwinColumns, curves: TwinCurves) {
    this.#columns = columns
    this.#curves = curves
    columns.bind(() => {
      this.#accountHead = columns.accountHead
      this.#accountRows = columns.accountRows
      this.#accountConstant = columns.accountConstant
      this.#accountUncertainty = columns.accountUncertainty
      this.#rowNext = columns.rowNext
      this.#rowCurve = columns.rowCurve
      this.#rowIntercept = columns.rowIntercept
      this.#rowSlope = columns.rowSlope
      this.#rowScale = columns.rowScale
      this.#rowConstant = columns.rowConstant
      this.#blockInstrument = columns.blockInstrument
      this.#instrumentMark = columns.instrumentMark
      this.#instrumentCharge = columns.instrumentCharge
      this.#pieceRate = columns.pieceRate
      this.#pieceDeduction = columns.pieceDeduction
      this.#levelRatio = columns.levelRatio
      this.#levelFactor = columns.levelFactor
    })
  }

  setReleaseFactor(factor: number): void {
    this.release = factor
  }

  setRule(rule: number, levels: readonly KernelLevel[]): void {
    for (const [index, { ratio, factors }] of levels.entries()) {
      const place = rule * LEVEL_PLACES + index + 1
      this.#levelRatio[place] = ratio
      for (const [coordinate, factor] of factors.entries())
        this.#levelFactor[place * COORDINATES + coordinate] = factor
    }
    this.#columns.ruleLevels[rule] = levels.length
  }

  ratioAt(place: number): number {
    return this.#levelRatio[place]!
  }

  /** x of a mark for curves of that form, at the prices of a level. */
  xAt(form: number, mark: number, place: number): number {
    const factor = this.#levelFactor[place * COORDINATES + (form & (COORDINATES - 1))]!
    return this.#curves.coordinate(form, mark) * factor
  }

  /** Stands for the prices of a level: the factor of one coordinate is different for every distance. */
  pricesAt(place: number): number {
    return this.#levelFactor[place * COORDINATES]!
  }

  /** Sums an account up at the prices of a level. False when a mark is missing. */
  sumUp(account: number, place: number): boolean {
    const curves = this.#curves
    const rows = this.#accountRows[account]!
    let balance = this.#accountConstant[account]!
    let maintenance = 0
    const uncertainty = this.#accountUncertainty[account]!
    let magnitude = Math.abs(balance) + uncertainty
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      const instrument = this.#blockInstrument[row >> BLOCK_SHIFT]!
      const mark = this.#instrumentMark[instrument]!
      if (mark === 0) return false
      const curve = this.#rowCurve[row]!
      const form = curves.formOf(curve)
      const x = this.xAt(form, mark, place)
      const y = this.#rowScale[row]! * x
      const piece = curves.pieceAt(curve, y)
      const intercept = this.#rowIntercept[row]!
      const slope = this.#rowSlope[row]!
      const moving = slope * x
      const deduction = this.#pieceDeduction[piece]!
      const constant = this.#rowConstant[row]!
      let asked = this.#pieceRate[piece]! * y - deduction + constant
      let terms = Math.abs(intercept) + Math.abs(moving) + y + Math.abs(deduction) + Math.abs(constant)
      if (curves.hasSquares(form)) {
        const squared = curves.squareRate(piece, y) * y
        asked += squared
        terms += squared
      }
      if (curves.isCharged(form)) {
        const charge = this.#chargeOf(instrument, form, slope) * Math.abs(intercept)
        asked += charge
        terms += charge
      }
      balance += intercept + moving
      maintenance += asked
      magnitude += terms
    }
    this.marginBalance = balance
    this.maintenanceMargin = maintenance
    this.error = (rows + ERROR_TERMS) * ERROR_UNIT * magnitude + 2 * uncertainty
    return true
  }

  /** NaN where it is not known; not below 0. */
  #chargeOf(instrument: number, form: number, slope: number): number {
    const charge = this.#instrumentCharge[instrument]!
    const gains = slope > 0 !== ((form & COORDINATE_RECIPROCAL) !== 0)
    return Math.max(0, gains ? charge : -charge)
  }
}
