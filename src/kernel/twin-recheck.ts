import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_SHIFT,
  COORDINATE_PRICE,
  COORDINATE_RECIPROCAL,
  INPUT_ERROR_ULPS,
  LEVEL_NONE,
  NONE,
} from '../../assembly/layout.ts'
import { assertLevels } from './limits.ts'
import { TwinAccounts } from './twin-account.ts'

// The same constants as in assembly/recheck.ts, where the bounds are derived.
const ERROR_UNIT = 2 ** -52
const ERROR_TERMS = 4 * INPUT_ERROR_ULPS + 24
const TRIGGER_GUARD = 2 ** -47
const SLOPE_GUARD = 2 ** -46
const BUDGET_UNIT = 2 ** -50

/** The re-check of an account (assembly/recheck.ts), operation by operation. */
export abstract class TwinRecheck extends TwinAccounts {
  protected readonly levelValue: number[] = [0]
  protected levels = 0
  protected release = 1
  measuredLevel: number = LEVEL_NONE
  measuredMarginBalance = Number.NaN
  measuredMaintenanceMargin = Number.NaN
  protected spareUp = 0
  protected spareDown = 0

  setLevels(values: readonly number[], releaseFactor: number): void {
    assertLevels(values, releaseFactor)
    values.forEach((value, index) => {
      this.levelValue[index + 1] = value
    })
    this.levels = Math.max(this.levels, values.length)
    this.release = releaseFactor
  }

  recheckAccount(account: number): number {
    const answer = this.measureAccount(account)
    this.setUnknown(account, answer === ANSWER_UNKNOWN || this.accountLevels[account]! < 0 ? 1 : 0)
    if (answer === ANSWER_SAFE) this.arm(account)
    else this.disarm(account)
    return answer
  }

  measureAccount(account: number): number {
    const rows = this.accountRows[account]!
    let balance = this.accountConstant[account]!
    let maintenance = 0
    const uncertainty = this.accountUncertainty[account]!
    let magnitude = Math.abs(balance) + uncertainty
    for (let row = this.accountHead[account]!; row !== NONE; row = this.rowNext[row]!) {
      const mark = this.instrumentMark[this.blockInstrument[row >> BLOCK_SHIFT]!]!
      if (mark === 0) return this.measureNothing()
      const curve = this.rowCurve[row]!
      const x = this.coordinate(curve, mark)
      const y = this.rowScale[row]! * x
      const piece = this.pieceAt(curve, y)
      const intercept = this.rowIntercept[row]!
      const moving = this.rowSlope[row]! * x
      const deduction = this.pieceDeduction[piece]!
      const constant = this.rowConstant[row]!
      balance += intercept + moving
      maintenance += this.pieceRate[piece]! * y - deduction + constant
      magnitude += Math.abs(intercept) + Math.abs(moving) + y + Math.abs(deduction) + Math.abs(constant)
    }
    this.measuredMarginBalance = balance
    this.measuredMaintenanceMargin = maintenance
    const error = (rows + ERROR_TERMS) * ERROR_UNIT * magnitude + 2 * uncertainty
    return this.answerFor(this.accountLevels[account]!, error)
  }

  protected answerFor(own: number, error: number): number {
    if (own < 0) {
      this.measuredLevel = this.provenLevel(-1 - own, error)
      return this.measuredLevel === LEVEL_NONE ? ANSWER_CLOSE : ANSWER_ACROSS
    }
    const slackUp = own < this.levels ? this.slackOver(own + 1) : Infinity
    const slackDown = own > 0 ? this.slackToLeave(own) : Infinity
    if (slackUp < -error || slackDown < -error) {
      this.measuredLevel = this.provenLevel(own, error)
      return ANSWER_ACROSS
    }
    if (!(slackUp > error && slackDown > error)) {
      this.measuredLevel = LEVEL_NONE
      return ANSWER_CLOSE
    }
    this.measuredLevel = own
    this.spareUp = slackUp - error
    this.spareDown = slackDown - error
    return ANSWER_SAFE
  }

  protected measureNothing(): number {
    this.measuredLevel = LEVEL_NONE
    this.measuredMarginBalance = Number.NaN
    this.measuredMaintenanceMargin = Number.NaN
    return ANSWER_UNKNOWN
  }

  protected slackOver(level: number): number {
    return this.levelValue[level]! * this.measuredMarginBalance - this.measuredMaintenanceMargin
  }

  protected slackToLeave(level: number): number {
    return (
      this.release * this.measuredMaintenanceMargin - this.levelValue[level]! * this.measuredMarginBalance
    )
  }

  protected provenLevel(current: number, error: number): number {
    let reached = this.levels
    for (; reached > 0; reached--) {
      const slack = this.slackOver(reached)
      if (slack < -error) break
      if (!(slack > error)) return LEVEL_NONE
    }
    for (let held = current; held > reached; held--) {
      const slack = this.slackToLeave(held)
      if (slack > error) return held
      if (!(slack < -error)) return LEVEL_NONE
    }
    return reached
  }

  protected disarm(account: number): void {
    for (let row = this.accountHead[account]!; row !== NONE; row = this.rowNext[row]!) {
      this.setTriggers(row, Infinity, -Infinity)
    }
  }

  protected arm(account: number): void {
    const level = this.measuredLevel
    const nextLevel = level < this.levels ? this.levelValue[level + 1]! : 0
    const ownLevel = level > 0 ? this.levelValue[level]! : 0
    let exposureUp = 0
    let exposureDown = 0
    for (let row = this.accountHead[account]!; row !== NONE; row = this.rowNext[row]!) {
      const curve = this.rowCurve[row]!
      const x = this.coordinate(curve, this.instrumentMark[this.blockInstrument[row >> BLOCK_SHIFT]!]!)
      const scale = this.rowScale[row]!
      const slope = this.rowSlope[row]!
      const rate = this.pieceRate[this.pieceAt(curve, scale * x)]!
      const guard = SLOPE_GUARD * (Math.abs(slope) + scale)
      exposureUp += (Math.abs(nextLevel * slope - rate * scale) + guard) * x
      exposureDown += (Math.abs(this.release * rate * scale - ownLevel * slope) + guard) * x
    }
    const shrink = 1 - (this.accountRows[account]! + ERROR_TERMS) * BUDGET_UNIT
    const moveUp = (this.spareUp / exposureUp) * shrink
    const moveDown = (this.spareDown / exposureDown) * shrink
    for (let row = this.accountHead[account]!; row !== NONE; row = this.rowNext[row]!) {
      this.armRow(row, nextLevel, moveUp, ownLevel, moveDown)
    }
  }

  protected armRow(row: number, nextLevel: number, moveUp: number, ownLevel: number, moveDown: number): void {
    const curve = this.rowCurve[row]!
    const mark = this.instrumentMark[this.blockInstrument[row >> BLOCK_SHIFT]!]!
    const scale = this.rowScale[row]!
    const slope = this.rowSlope[row]!
    const y = scale * this.coordinate(curve, mark)
    const piece = this.pieceAt(curve, y)
    const rate = this.pieceRate[piece]!
    const guard = SLOPE_GUARD * (Math.abs(slope) + scale)
    const up = nextLevel * slope - rate * scale
    const down = this.release * rate * scale - ownLevel * slope
    const first = this.curveFirst[curve]!
    const last = first + this.curvePieces[curve]! - 1
    let fall = piece === first ? Infinity : (y - this.pieceCap[piece - 1]!) / y
    let rise = piece === last ? Infinity : (this.pieceCap[piece]! - y) / y
    if (up > -guard) fall = Math.min(fall, moveUp)
    if (up < guard) rise = Math.min(rise, moveUp)
    if (down > -guard) fall = Math.min(fall, moveDown)
    if (down < guard) rise = Math.min(rise, moveDown)
    if (this.curveCoordinate[curve] === COORDINATE_PRICE) {
      this.setTriggers(row, mark * (1 - fall + TRIGGER_GUARD), mark * (1 + rise) * (1 - TRIGGER_GUARD))
    } else {
      const left = 1 - fall + TRIGGER_GUARD
      const low = (mark / (1 + rise)) * (1 + TRIGGER_GUARD)
      this.setTriggers(row, low, left > 0 ? (mark / left) * (1 - TRIGGER_GUARD) : Infinity)
    }
  }

  protected coordinate(curve: number, mark: number): number {
    return this.curveCoordinate[curve] === COORDINATE_RECIPROCAL ? 1 / mark : mark
  }

  protected pieceAt(curve: number, y: number): number {
    let piece = this.curveFirst[curve]!
    const last = piece + this.curvePieces[curve]! - 1
    while (piece < last && y > this.pieceCap[piece]!) piece++
    return piece
  }
}
