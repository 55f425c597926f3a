import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_SHIFT,
  COORDINATE_PRICE,
  INPUT_ERROR_ULPS,
  LEVEL_NONE,
  NONE,
} from '../../assembly/layout.ts'
import type { TwinAccounts } from './twin-account.ts'
import type { TwinColumns } from './twin-columns.ts'
import type { TwinCurves } from './twin-curve.ts'
import type { TwinZones } from './twin-zones.ts'

// The same constants as in assembly/recheck.ts, where the bounds are derived.
const ERROR_UNIT = 2 ** -52
const ERROR_TERMS = 4 * INPUT_ERROR_ULPS + 24
const TRIGGER_GUARD = 2 ** -47
const SLOPE_GUARD = 2 ** -46
const BUDGET_UNIT = 2 ** -50

/** The re-check of one margin account, operation by operation as its twin assembly/recheck.ts. */
export class TwinRecheck {
  /** The level that the account measured last provably holds; LEVEL_NONE: not proven. */
  measuredLevel: number = LEVEL_NONE
  /** NaN when a mark is missing. */
  measuredMarginBalance = Number.NaN
  measuredMaintenanceMargin = Number.NaN
  readonly #curves: TwinCurves
  readonly #accounts: TwinAccounts
  readonly #zones: TwinZones
  // The columns that it reads, so that no access goes through a second object.
  #accountHead!: Int32Array
  #accountRows!: Int32Array
  #accountConstant!: Float64Array
  #accountUncertainty!: Float64Array
  #accountLevel!: Int32Array
  #rowNext!: Int32Array
  #rowCurve!: Int32Array
  #rowIntercept!: Float64Array
  #rowSlope!: Float64Array
  #rowScale!: Float64Array
  #rowConstant!: Float64Array
  #blockInstrument!: Int32Array
  #instrumentMark!: Float64Array
  #curveCoordinate!: Int32Array
  #pieceRate!: Float64Array
  #pieceDeduction!: Float64Array
  #levelValue!: Float64Array
  #levels = 0
  #release = 1
  // How far both slacks are beyond their error, if the answer is safe.
  #spareUp = 0
  #spareDown = 0

  constructor(columns: TwinColumns, curves: TwinCurves, accounts: TwinAccounts, zones: TwinZones) {
    this.#curves = curves
    this.#accounts = accounts
    this.#zones = zones
    columns.bind(() => {
      this.#accountHead = columns.accountHead
      this.#accountRows = columns.accountRows
      this.#accountConstant = columns.accountConstant
      this.#accountUncertainty = columns.accountUncertainty
      this.#accountLevel = columns.accountLevel
      this.#rowNext = columns.rowNext
      this.#rowCurve = columns.rowCurve
      this.#rowIntercept = columns.rowIntercept
      this.#rowSlope = columns.rowSlope
      this.#rowScale = columns.rowScale
      this.#rowConstant = columns.rowConstant
      this.#blockInstrument = columns.blockInstrument
      this.#instrumentMark = columns.instrumentMark
      this.#curveCoordinate = columns.curveCoordinate
      this.#pieceRate = columns.pieceRate
      this.#pieceDeduction = columns.pieceDeduction
      this.#levelValue = columns.levelValue
    })
  }

  setLevels(values: readonly number[], releaseFactor: number): void {
    for (const [index, value] of values.entries()) this.#levelValue[index + 1] = value
    this.#levels = Math.max(this.#levels, values.length)
    this.#release = releaseFactor
  }

  /** Computes the account from scratch at the present marks, answers, and sets its triggers accordingly. */
  recheck(account: number): number {
    const answer = this.measure(account)
    const isUnknown = answer === ANSWER_UNKNOWN || this.#accountLevel[account]! < 0
    this.#accounts.setUnknown(account, isUnknown ? 1 : 0)
    if (answer === ANSWER_SAFE) this.#arm(account)
    else this.#disarm(account)
    return answer
  }

  /** The answer and the measured values of a re-check; triggers and the count of unknown accounts stay. */
  measure(account: number): number {
    const rows = this.#accountRows[account]!
    let balance = this.#accountConstant[account]!
    let maintenance = 0
    const uncertainty = this.#accountUncertainty[account]!
    let magnitude = Math.abs(balance) + uncertainty
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
      if (mark === 0) return this.#measureNothing()
      const curve = this.#rowCurve[row]!
      const x = this.#curves.coordinate(curve, mark)
      const y = this.#rowScale[row]! * x
      const piece = this.#curves.pieceAt(curve, y)
      const intercept = this.#rowIntercept[row]!
      const moving = this.#rowSlope[row]! * x
      const deduction = this.#pieceDeduction[piece]!
      const constant = this.#rowConstant[row]!
      balance += intercept + moving
      maintenance += this.#pieceRate[piece]! * y - deduction + constant
      magnitude += Math.abs(intercept) + Math.abs(moving) + y + Math.abs(deduction) + Math.abs(constant)
    }
    this.measuredMarginBalance = balance
    this.measuredMaintenanceMargin = maintenance
    const error = (rows + ERROR_TERMS) * ERROR_UNIT * magnitude + 2 * uncertainty
    return this.#answer(this.#accountLevel[account]!, error)
  }

  #measureNothing(): number {
    this.measuredLevel = LEVEL_NONE
    this.measuredMarginBalance = Number.NaN
    this.measuredMaintenanceMargin = Number.NaN
    return ANSWER_UNKNOWN
  }

  #answer(own: number, error: number): number {
    if (own < 0) {
      this.measuredLevel = this.#provenLevel(-1 - own, error)
      return this.measuredLevel === LEVEL_NONE ? ANSWER_CLOSE : ANSWER_ACROSS
    }
    const slackUp = own < this.#levels ? this.#slackOver(own + 1) : Infinity
    const slackDown = own > 0 ? this.#slackToLeave(own) : Infinity
    if (slackUp < -error || slackDown < -error) {
      this.measuredLevel = this.#provenLevel(own, error)
      return ANSWER_ACROSS
    }
    if (!(slackUp > error && slackDown > error)) {
      this.measuredLevel = LEVEL_NONE
      return ANSWER_CLOSE
    }
    this.measuredLevel = own
    this.#spareUp = slackUp - error
    this.#spareDown = slackDown - error
    return ANSWER_SAFE
  }

  /** Below 0: the level is reached. */
  #slackOver(level: number): number {
    return this.#levelValue[level]! * this.measuredMarginBalance - this.measuredMaintenanceMargin
  }

  /** Above 0: the level is not left yet. */
  #slackToLeave(level: number): number {
    return (
      this.#release * this.measuredMaintenanceMargin - this.#levelValue[level]! * this.measuredMarginBalance
    )
  }

  /** The level that the measured account holds, coming from `current`; LEVEL_NONE when f64 does not decide it. */
  #provenLevel(current: number, error: number): number {
    let reached = this.#levels
    for (; reached > 0; reached--) {
      const slack = this.#slackOver(reached)
      if (slack < -error) break
      if (!(slack > error)) return LEVEL_NONE
    }
    for (let held = current; held > reached; held--) {
      const slack = this.#slackToLeave(held)
      if (slack > error) return held
      if (!(slack < -error)) return LEVEL_NONE
    }
    return reached
  }

  /** Every tick of its instruments nominates the account again. */
  #disarm(account: number): void {
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      this.#zones.setTriggers(row, Infinity, -Infinity)
    }
  }

  #arm(account: number): void {
    const level = this.measuredLevel
    const nextLevel = level < this.#levels ? this.#levelValue[level + 1]! : 0
    const ownLevel = level > 0 ? this.#levelValue[level]! : 0
    let exposureUp = 0
    let exposureDown = 0
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      const curve = this.#rowCurve[row]!
      const x = this.#curves.coordinate(
        curve,
        this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!,
      )
      const scale = this.#rowScale[row]!
      const slope = this.#rowSlope[row]!
      const rate = this.#pieceRate[this.#curves.pieceAt(curve, scale * x)]!
      const guard = SLOPE_GUARD * (Math.abs(slope) + scale)
      exposureUp += (Math.abs(nextLevel * slope - rate * scale) + guard) * x
      exposureDown += (Math.abs(this.#release * rate * scale - ownLevel * slope) + guard) * x
    }
    const shrink = 1 - (this.#accountRows[account]! + ERROR_TERMS) * BUDGET_UNIT
    const moveUp = (this.#spareUp / exposureUp) * shrink
    const moveDown = (this.#spareDown / exposureDown) * shrink
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      this.#armRow(row, nextLevel, moveUp, ownLevel, moveDown)
    }
  }

  #armRow(row: number, nextLevel: number, moveUp: number, ownLevel: number, moveDown: number): void {
    const curve = this.#rowCurve[row]!
    const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
    const scale = this.#rowScale[row]!
    const slope = this.#rowSlope[row]!
    const y = scale * this.#curves.coordinate(curve, mark)
    const piece = this.#curves.pieceAt(curve, y)
    const rate = this.#pieceRate[piece]!
    const guard = SLOPE_GUARD * (Math.abs(slope) + scale)
    const up = nextLevel * slope - rate * scale
    const down = this.#release * rate * scale - ownLevel * slope
    let fall = this.#curves.fallToPieceEnd(curve, piece, y)
    let rise = this.#curves.riseToPieceEnd(curve, piece, y)
    if (up > -guard) fall = Math.min(fall, moveUp)
    if (up < guard) rise = Math.min(rise, moveUp)
    if (down > -guard) fall = Math.min(fall, moveDown)
    if (down < guard) rise = Math.min(rise, moveDown)
    if (this.#curveCoordinate[curve] === COORDINATE_PRICE) {
      const low = mark * (1 - fall + TRIGGER_GUARD)
      this.#zones.setTriggers(row, low, mark * (1 + rise) * (1 - TRIGGER_GUARD))
    } else {
      const left = 1 - fall + TRIGGER_GUARD
      const low = (mark / (1 + rise)) * (1 + TRIGGER_GUARD)
      this.#zones.setTriggers(row, low, left > 0 ? (mark / left) * (1 - TRIGGER_GUARD) : Infinity)
    }
  }
}
