import { NONE } from '../../assembly/layout.ts'
import type { CurvePiece } from './kernel.ts'
import { assertFinite, assertUncertainty, nextCapacity } from './limits.ts'
import { TwinZones } from './twin-zones.ts'

/** Curves and accounts (assembly/curve.ts and assembly/account.ts). */
export abstract class TwinAccounts extends TwinZones {
  protected readonly curveFirst: number[] = []
  protected readonly curvePieces: number[] = []
  protected readonly curveCoordinate: number[] = []
  protected readonly pieceCap: number[] = []
  protected readonly pieceRate: number[] = []
  protected readonly pieceDeduction: number[] = []
  protected accounts = 0
  protected freeAccount: number = NONE
  protected unknowns = 0

  get unknownAccounts(): number {
    return this.unknowns
  }

  addCurve(coordinate: number, pieces: readonly CurvePiece[]): number {
    this.curveFirst.push(this.pieceCap.length)
    this.curvePieces.push(pieces.length)
    for (const piece of pieces) {
      this.pieceCap.push(piece.cap)
      this.pieceRate.push(piece.rate)
      this.pieceDeduction.push(piece.deduction)
    }
    return this.curveCoordinate.push(coordinate) - 1
  }

  addAccount(constant: number, level: number, uncertainty = 0): number {
    assertFinite(constant)
    assertUncertainty(uncertainty)
    let account = this.freeAccount
    if (account !== NONE) this.freeAccount = this.accountHead[account]!
    else {
      if (this.accounts === this.accountHead.length)
        this.reserve({ accounts: nextCapacity('accounts', this.accounts) })
      account = this.accounts++
    }
    this.accountConstant[account] = constant
    this.accountUncertainty[account] = uncertainty
    this.accountHead[account] = NONE
    this.accountRows[account] = 0
    this.accountLevels[account] = level
    this.accountStamp[account] = 0
    this.accountUnknown[account] = 0
    return account
  }

  addRow(
    account: number,
    instrument: number,
    curve: number,
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
    this.rowCurve[row] = curve
    this.rowNext[row] = this.accountHead[account]!
    this.accountHead[account] = row
    this.accountRows[account]!++
    this.setTriggers(row, Infinity, -Infinity)
  }

  setConstant(account: number, constant: number, uncertainty: number): void {
    assertFinite(constant)
    assertUncertainty(uncertainty)
    this.accountConstant[account] = constant
    this.accountUncertainty[account] = uncertainty
  }

  removeRows(account: number): void {
    for (let row = this.accountHead[account]!; row !== NONE; ) {
      const next = this.rowNext[row]!
      this.freeRow(row)
      row = next
    }
    this.accountHead[account] = NONE
    this.accountRows[account] = 0
    this.setUnknown(account, 0)
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

  isAccountUnknown(account: number): boolean {
    return this.accountUnknown[account] === 1
  }

  protected setUnknown(account: number, unknown: 0 | 1): void {
    this.unknowns += unknown - this.accountUnknown[account]!
    this.accountUnknown[account] = unknown
  }
}
