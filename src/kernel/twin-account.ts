import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_SHIFT,
  COORDINATE_PRICE,
  COORDINATE_RECIPROCAL,
  LEVEL_NONE,
  NONE,
} from '../../assembly/layout.ts'
import type { CurvePiece } from './kernel.ts'
import { assertFinite, assertLevels, nextCapacity } from './limits.ts'
import { TwinZones } from './twin-zones.ts'

// The same constants as in assembly/account.ts, where the bounds are derived.
const ERROR_UNIT = 2 ** -52
const ERROR_TERMS = 32
const GUARD = 2 ** -48
const BUDGET_UNIT = 2 ** -50

/** Curves, accounts and their re-check (assembly/curve.ts and assembly/account.ts), operation by operation. */
export abstract class TwinAccounts extends TwinZones {
  protected readonly tableFirst: number[] = []
  protected readonly tablePieces: number[] = []
  protected readonly tableCoordinate: number[] = []
  protected readonly pieceCap: number[] = []
  protected readonly pieceRate: number[] = []
  protected readonly pieceDeduction: number[] = []
  protected readonly levelValue: number[] = [0]
  protected levels = 0
  protected release = 1
  protected accounts = 0
  protected freeAccount: number = NONE

  setLevels(values: readonly number[], releaseFactor: number): void {
    assertLevels(values, releaseFactor)
    values.forEach((value, index) => {
      this.levelValue[index + 1] = value
    })
    this.levels = Math.max(this.levels, values.length)
    this.release = releaseFactor
  }

  addTable(coordinate: number, pieces: readonly CurvePiece[]): number {
    this.tableFirst.push(this.pieceCap.length)
    this.tablePieces.push(pieces.length)
    for (const piece of pieces) {
      this.pieceCap.push(piece.cap)
      this.pieceRate.push(piece.rate)
      this.pieceDeduction.push(piece.deduction)
    }
    return this.tableCoordinate.push(coordinate) - 1
  }

  addAccount(constant: number, level: number): number {
    assertFinite(constant)
    let account = this.freeAccount
    if (account !== NONE) this.freeAccount = this.accountHead[account]!
    else {
      if (this.accounts === this.accountHead.length)
        this.reserve({ accounts: nextCapacity('accounts', this.accounts) })
      account = this.accounts++
    }
    this.accountConstant[account] = constant
    this.accountHead[account] = NONE
    this.accountRows[account] = 0
    this.accountLevels[account] = level
    this.accountStamp[account] = 0
    return account
  }

  addRow(
    account: number,
    instrument: number,
    table: number,
    intercept: number,
    slope: number,
    scale: number,
    constant: number,
  ): void {
    assertFinite(intercept + slope + scale + constant)
    const row = this.takeRow(instrument)
    this.rowIntercept[row] = intercept
    this.rowSlope[row] = slope
    this.rowScale[row] = scale
    this.rowConstant[row] = constant
    this.rowAccount[row] = account
    this.rowTable[row] = table
    this.rowNext[row] = this.accountHead[account]!
    this.accountHead[account] = row
    this.accountRows[account]!++
    this.setTriggers(row, Infinity, -Infinity)
  }

  setConstant(account: number, constant: number): void {
    assertFinite(constant)
    this.accountConstant[account] = constant
  }

  removeRows(account: number): void {
    for (let row = this.accountHead[account]!; row !== NONE; ) {
      const next = this.rowNext[row]!
      this.freeRow(row)
      row = next
    }
    this.accountHead[account] = NONE
    this.accountRows[account] = 0
  }

  removeAccount(account: number): void {
    this.removeRows(account)
    this.accountHead[account] = this.freeAccount
    this.freeAccount = account
  }

  setAccountLevel(account: number, level: number): void {
    this.accountLevels[account] = level
  }

  accountLevel(account: number): number {
    return this.accountLevels[account]!
  }

  recheckAccount(account: number): number {
    const rows = this.accountRows[account]!
    let marginBalance = this.accountConstant[account]!
    let maintenance = 0
    let magnitude = Math.abs(marginBalance)
    for (let row = this.accountHead[account]!; row !== NONE; row = this.rowNext[row]!) {
      const mark = this.instrumentMark[this.blockInstrument[row >> BLOCK_SHIFT]!]!
      if (mark === 0) return this.disarm(account, ANSWER_UNKNOWN)
      const table = this.rowTable[row]!
      const x = this.coordinate(table, mark)
      const y = this.rowScale[row]! * x
      const piece = this.pieceAt(table, y)
      const intercept = this.rowIntercept[row]!
      const moving = this.rowSlope[row]! * x
      const deduction = this.pieceDeduction[piece]!
      const constant = this.rowConstant[row]!
      marginBalance += intercept + moving
      maintenance += this.pieceRate[piece]! * y - deduction + constant
      magnitude += Math.abs(intercept) + Math.abs(moving) + y + Math.abs(deduction) + Math.abs(constant)
    }
    const error = (rows + ERROR_TERMS) * ERROR_UNIT * magnitude
    const level = this.accountLevels[account]!
    if (level === LEVEL_NONE) return this.disarm(account, ANSWER_ACROSS)

    const nextLevel = level < this.levels ? this.levelValue[level + 1]! : 0
    const ownLevel = level > 0 ? this.levelValue[level]! : 0
    const slackUp = level < this.levels ? nextLevel * marginBalance - maintenance : Infinity
    const slackDown = level > 0 ? this.release * maintenance - ownLevel * marginBalance : Infinity
    if (slackUp < -error || slackDown < -error) return this.disarm(account, ANSWER_ACROSS)
    if (!(slackUp > error && slackDown > error)) return this.disarm(account, ANSWER_CLOSE)
    this.arm(account, rows, nextLevel, slackUp - error, ownLevel, slackDown - error)
    return ANSWER_SAFE
  }

  protected disarm(account: number, answer: number): number {
    for (let row = this.accountHead[account]!; row !== NONE; row = this.rowNext[row]!) {
      this.setTriggers(row, Infinity, -Infinity)
    }
    return answer
  }

  protected arm(
    account: number,
    rows: number,
    nextLevel: number,
    slackUp: number,
    ownLevel: number,
    slackDown: number,
  ): void {
    let exposureUp = 0
    let exposureDown = 0
    for (let row = this.accountHead[account]!; row !== NONE; row = this.rowNext[row]!) {
      const table = this.rowTable[row]!
      const x = this.coordinate(table, this.instrumentMark[this.blockInstrument[row >> BLOCK_SHIFT]!]!)
      const scale = this.rowScale[row]!
      const slope = this.rowSlope[row]!
      const rate = this.pieceRate[this.pieceAt(table, scale * x)]!
      const guard = GUARD * (Math.abs(slope) + scale)
      exposureUp += (Math.abs(nextLevel * slope - rate * scale) + guard) * x
      exposureDown += (Math.abs(this.release * rate * scale - ownLevel * slope) + guard) * x
    }
    const shrink = 1 - (rows + ERROR_TERMS) * BUDGET_UNIT
    const moveUp = (slackUp / exposureUp) * shrink
    const moveDown = (slackDown / exposureDown) * shrink
    for (let row = this.accountHead[account]!; row !== NONE; row = this.rowNext[row]!) {
      this.armRow(row, nextLevel, moveUp, ownLevel, moveDown)
    }
  }

  protected armRow(row: number, nextLevel: number, moveUp: number, ownLevel: number, moveDown: number): void {
    const table = this.rowTable[row]!
    const mark = this.instrumentMark[this.blockInstrument[row >> BLOCK_SHIFT]!]!
    const scale = this.rowScale[row]!
    const slope = this.rowSlope[row]!
    const y = scale * this.coordinate(table, mark)
    const piece = this.pieceAt(table, y)
    const rate = this.pieceRate[piece]!
    const guard = GUARD * (Math.abs(slope) + scale)
    const up = nextLevel * slope - rate * scale
    const down = this.release * rate * scale - ownLevel * slope
    const first = this.tableFirst[table]!
    const last = first + this.tablePieces[table]! - 1
    let fall = piece === first ? Infinity : (y - this.pieceCap[piece - 1]!) / y
    let rise = piece === last ? Infinity : (this.pieceCap[piece]! - y) / y
    if (up > -guard) fall = Math.min(fall, moveUp)
    if (up < guard) rise = Math.min(rise, moveUp)
    if (down > -guard) fall = Math.min(fall, moveDown)
    if (down < guard) rise = Math.min(rise, moveDown)
    if (this.tableCoordinate[table] === COORDINATE_PRICE) {
      this.setTriggers(row, mark * (1 - fall + GUARD), mark * (1 + rise) * (1 - GUARD))
    } else {
      const left = 1 - fall + GUARD
      const low = (mark / (1 + rise)) * (1 + GUARD)
      this.setTriggers(row, low, left > 0 ? (mark / left) * (1 - GUARD) : Infinity)
    }
  }

  protected coordinate(table: number, mark: number): number {
    return this.tableCoordinate[table] === COORDINATE_RECIPROCAL ? 1 / mark : mark
  }

  protected pieceAt(table: number, y: number): number {
    let piece = this.tableFirst[table]!
    const last = piece + this.tablePieces[table]! - 1
    while (piece < last && y > this.pieceCap[piece]!) piece++
    return piece
  }
}
