import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_SHIFT,
  COORDINATE_RECIPROCAL,
  LEVEL_NONE,
  LEVEL_PLACES,
  NONE,
} from '../../assembly/layout.ts'
import type { TwinAccounts } from './twin-account.ts'
import type { TwinColumns } from './twin-columns.ts'
import type { TwinCurves } from './twin-curve.ts'
import { ERROR_TERMS, type TwinLevels } from './twin-levels.ts'
import type { TwinZones } from './twin-zones.ts'

// The same constants as in assembly/recheck.ts, where the bounds are derived.
const TRIGGER_GUARD = 2 ** -47
const SLOPE_GUARD = 2 ** -46
const BUDGET_UNIT = 2 ** -50

/** The re-check of one margin account, operation by operation as its twin assembly/recheck.ts. */
export class TwinRecheck {
  /** The level that the account measured last provably holds; LEVEL_NONE: not proven. */
  measuredLevel: number = LEVEL_NONE
  readonly #curves: TwinCurves
  readonly #levels: TwinLevels
  readonly #accounts: TwinAccounts
  readonly #zones: TwinZones
  // The columns that it reads, so that no access goes through a second object.
  #accountHead!: Int32Array
  #accountRows!: Int32Array
  #accountLevel!: Int32Array
  #accountRule!: Int32Array
  #accountNested!: Int32Array
  #rowNext!: Int32Array
  #rowCurve!: Int32Array
  #rowSlope!: Float64Array
  #rowScale!: Float64Array
  #blockInstrument!: Int32Array
  #instrumentMark!: Float64Array
  #curveCoordinate!: Int32Array
  #pieceRate!: Float64Array
  #ruleLevels!: Int32Array
  #measured: number = NONE
  // How far both slacks are beyond their error, if the answer is safe.
  #spareUp = 0
  #spareDown = 0
  // Of the account that is measured: the place of level 0 of its rule, and how many levels follow.
  #places = 0
  #count = 0
  /** `pricesAt` of the sums that were made last; 0: of none. */
  #summedAt = 0

  constructor(
    columns: TwinColumns,
    curves: TwinCurves,
    levels: TwinLevels,
    accounts: TwinAccounts,
    zones: TwinZones,
  ) {
    this.#curves = curves
    this.#levels = levels
    this.#accounts = accounts
    this.#zones = zones
    columns.bind(() => {
      this.#accountHead = columns.accountHead
      this.#accountRows = columns.accountRows
      this.#accountLevel = columns.accountLevel
      this.#accountRule = columns.accountRule
      this.#accountNested = columns.accountNested
      this.#rowNext = columns.rowNext
      this.#rowCurve = columns.rowCurve
      this.#rowSlope = columns.rowSlope
      this.#rowScale = columns.rowScale
      this.#blockInstrument = columns.blockInstrument
      this.#instrumentMark = columns.instrumentMark
      this.#curveCoordinate = columns.curveCoordinate
      this.#pieceRate = columns.pieceRate
      this.#ruleLevels = columns.ruleLevels
    })
  }

  /** At the present prices; NaN when a mark is missing. */
  get measuredMarginBalance(): number {
    return this.#isSummedAt(this.#places + this.#count) ? this.#levels.marginBalance : Number.NaN
  }

  /** The same of the maintenance margin. */
  get measuredMaintenanceMargin(): number {
    return this.#isSummedAt(this.#places + this.#count) ? this.#levels.maintenanceMargin : Number.NaN
  }

  /** Computes the account from scratch at the present marks, answers, and sets its triggers accordingly. */
  recheck(account: number): number {
    const answer = this.measure(account)
    const isUnknown = answer === ANSWER_UNKNOWN || this.#accountLevel[account]! < 0
    this.#accounts.setUnknown(account, isUnknown ? 1 : 0)
    if (answer === ANSWER_SAFE && this.#accountNested[account] !== 0) this.#arm(account)
    else this.#disarm(account)
    return answer
  }

  /** The answer and the measured values of a re-check; triggers and the count of unknown accounts stay. */
  measure(account: number): number {
    const rule = this.#accountRule[account]!
    this.#measured = account
    this.#places = rule * LEVEL_PLACES
    this.#count = this.#ruleLevels[rule]!
    this.#summedAt = 0
    const own = this.#accountLevel[account]!
    const isNested = this.#accountNested[account] !== 0
    // The first level that is looked at, so that its sums serve the answer.
    const first = own < 0 || own === this.#count || !isNested ? this.#count : own + 1
    if (!this.#isSummedAt(this.#places + first)) {
      this.measuredLevel = LEVEL_NONE
      return ANSWER_UNKNOWN
    }
    if (own < 0) {
      this.measuredLevel = this.#provenLevel(-1 - own)
      return this.measuredLevel === LEVEL_NONE ? ANSWER_CLOSE : ANSWER_ACROSS
    }
    return isNested ? this.#answerNested(own) : this.#answerByAll(own)
  }

  #answerByAll(own: number): number {
    this.measuredLevel = this.#provenLevel(own)
    if (this.measuredLevel === LEVEL_NONE) return ANSWER_CLOSE
    return this.measuredLevel === own ? ANSWER_SAFE : ANSWER_ACROSS
  }

  #answerNested(own: number): number {
    let up = Infinity
    let upError = 0
    if (own < this.#count) {
      up = this.#slackOver(own + 1)
      upError = this.#levels.error
    }
    let down = Infinity
    let downError = 0
    if (own > 0) {
      down = this.#slackToLeave(own)
      downError = this.#levels.error
    }
    if (up < -upError || down < -downError) {
      this.measuredLevel = this.#provenLevel(own)
      return ANSWER_ACROSS
    }
    if (!(up > upError && down > downError)) {
      this.measuredLevel = LEVEL_NONE
      return ANSWER_CLOSE
    }
    this.measuredLevel = own
    this.#spareUp = up - upError
    this.#spareDown = down - downError
    return ANSWER_SAFE
  }

  /** Makes the sums those of the measured account at the prices of that level. False when a mark is missing. */
  #isSummedAt(place: number): boolean {
    const levels = this.#levels
    if (levels.pricesAt(place) === this.#summedAt) return true
    if (this.#measured === NONE || !levels.sumUp(this.#measured, place)) return false
    this.#summedAt = levels.pricesAt(place)
    return true
  }

  /** Below 0: the level is reached. */
  #slackOver(level: number): number {
    const levels = this.#levels
    this.#isSummedAt(this.#places + level)
    return levels.ratioAt(this.#places + level) * levels.marginBalance - levels.maintenanceMargin
  }

  /** Above 0: the level is not left yet. */
  #slackToLeave(level: number): number {
    const levels = this.#levels
    this.#isSummedAt(this.#places + level)
    const ratio = levels.ratioAt(this.#places + level)
    return levels.release * levels.maintenanceMargin - ratio * levels.marginBalance
  }

  /** The level that the measured account holds, coming from `current`; LEVEL_NONE when f64 does not decide it. */
  #provenLevel(current: number): number {
    const levels = this.#levels
    let reached = this.#count
    for (; reached > 0; reached--) {
      const slack = this.#slackOver(reached)
      if (slack < -levels.error) break
      if (!(slack > levels.error)) return LEVEL_NONE
    }
    for (let held = current; held > reached; held--) {
      const slack = this.#slackToLeave(held)
      if (slack > levels.error) return held
      if (!(slack < -levels.error)) return LEVEL_NONE
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
    const levels = this.#levels
    const level = this.measuredLevel
    const next = level < this.#count ? this.#places + level + 1 : NONE
    const own = level > 0 ? this.#places + level : NONE
    const nextRatio = next === NONE ? 0 : levels.ratioAt(next)
    const ownRatio = own === NONE ? 0 : levels.ratioAt(own)
    let exposureUp = 0
    let exposureDown = 0
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      const curve = this.#rowCurve[row]!
      const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
      const scale = this.#rowScale[row]!
      const slope = this.#rowSlope[row]!
      const guard = SLOPE_GUARD * (Math.abs(slope) + scale)
      if (next !== NONE) {
        const x = levels.xAt(curve, mark, next)
        const rate = this.#pieceRate[this.#curves.pieceAt(curve, scale * x)]!
        exposureUp += (Math.abs(nextRatio * slope - rate * scale) + guard) * x
      }
      if (own !== NONE) {
        const x = levels.xAt(curve, mark, own)
        const rate = this.#pieceRate[this.#curves.pieceAt(curve, scale * x)]!
        exposureDown += (Math.abs(levels.release * rate * scale - ownRatio * slope) + guard) * x
      }
    }
    const shrink = 1 - (this.#accountRows[account]! + ERROR_TERMS) * BUDGET_UNIT
    const moveUp = (this.#spareUp / exposureUp) * shrink
    const moveDown = (this.#spareDown / exposureDown) * shrink
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      this.#armRow(row, next, nextRatio, moveUp, own, ownRatio, moveDown)
    }
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
    const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
    const scale = this.#rowScale[row]!
    const slope = this.#rowSlope[row]!
    const guard = SLOPE_GUARD * (Math.abs(slope) + scale)
    let fall = Infinity
    let rise = Infinity
    if (next !== NONE) {
      const y = scale * levels.xAt(curve, mark, next)
      const piece = curves.pieceAt(curve, y)
      const up = nextRatio * slope - this.#pieceRate[piece]! * scale
      fall = curves.fallToPieceEnd(curve, piece, y)
      rise = curves.riseToPieceEnd(curve, piece, y)
      if (up > -guard) fall = Math.min(fall, moveUp)
      if (up < guard) rise = Math.min(rise, moveUp)
    }
    if (own !== NONE) {
      const y = scale * levels.xAt(curve, mark, own)
      const piece = curves.pieceAt(curve, y)
      const down = levels.release * this.#pieceRate[piece]! * scale - ownRatio * slope
      fall = Math.min(fall, curves.fallToPieceEnd(curve, piece, y))
      rise = Math.min(rise, curves.riseToPieceEnd(curve, piece, y))
      if (down > -guard) fall = Math.min(fall, moveDown)
      if (down < guard) rise = Math.min(rise, moveDown)
    }
    if ((this.#curveCoordinate[curve]! & COORDINATE_RECIPROCAL) === 0) {
      const low = mark * (1 - fall + TRIGGER_GUARD)
      this.#zones.setTriggers(row, low, mark * (1 + rise) * (1 - TRIGGER_GUARD))
    } else {
      const left = 1 - fall + TRIGGER_GUARD
      const low = (mark / (1 + rise)) * (1 + TRIGGER_GUARD)
      this.#zones.setTriggers(row, low, left > 0 ? (mark / left) * (1 - TRIGGER_GUARD) : Infinity)
    }
  }
}
