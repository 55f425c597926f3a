import { ACCOUNT_ALWAYS, ACCOUNT_NESTED, BLOCK_SHIFT, COORDINATES, NONE } from '../../assembly/layout.ts'
import type { TwinColumns } from './twin-columns.ts'
import type { TwinCurves } from './twin-curve.ts'
import type { TwinZones } from './twin-zones.ts'

/** Margin accounts and their rows: what the host changes between instants. The twin of assembly/account.ts. */
export class TwinAccounts {
  readonly #columns: TwinColumns
  readonly #curves: TwinCurves
  readonly #zones: TwinZones
  #accounts = 0
  #freeAccount: number = NONE
  #unknowns = 0

  constructor(columns: TwinColumns, curves: TwinCurves, zones: TwinZones) {
    this.#columns = columns
    this.#curves = curves
    this.#zones = zones
  }

  /** Accounts that their last re-check left without a verdict. */
  get unknownAccounts(): number {
    return this.#unknowns
  }

  /** A new account of rule 0 without rows. */
  add(constant: number, level: number, uncertainty: number): number {
    const columns = this.#columns
    let account = this.#freeAccount
    if (account !== NONE) this.#freeAccount = columns.accountHead[account]!
    else {
      if (this.#accounts === columns.accountHead.length) columns.grow('accounts')
      account = this.#accounts++
    }
    this.setConstant(account, constant, uncertainty)
    columns.accountHead[account] = NONE
    columns.accountRows[account] = 0
    columns.accountLevel[account] = level
    columns.accountStamp[account] = 0
    columns.accountUnknown[account] = 0
    columns.accountForm[account] = 0
    this.setRule(account, 0, true)
    return account
  }

  /** Frees the account's rows; the account stays, and is not unknown until it is re-checked. */
  removeRows(account: number): void {
    const { accountForm, accountHead, accountRows, rowCurve, rowNext } = this.#columns
    const { blockInstrument, instrumentChargedRows } = this.#columns
    for (let row = accountHead[account]!; row !== NONE; ) {
      const next = rowNext[row]!
      const curve = rowCurve[row]!
      this.#curves.countRow(curve, -1)
      if (this.#curves.isCharged(this.#curves.formOf(curve)))
        instrumentChargedRows[blockInstrument[row >> BLOCK_SHIFT]!]!--
      this.#zones.freeRow(row)
      row = next
    }
    accountHead[account] = NONE
    accountRows[account] = 0
    accountForm[account]! &= ACCOUNT_NESTED | ACCOUNT_ALWAYS
    this.setUnknown(account, 0)
  }

  remove(account: number): void {
    this.removeRows(account)
    this.#columns.accountHead[account] = this.#freeAccount
    this.#freeAccount = account
  }

  /** 1: the re-check left the account without a verdict, because a mark is missing or its level is undecided. */
  setUnknown(account: number, unknown: 0 | 1): void {
    const { accountUnknown } = this.#columns
    this.#unknowns += unknown - accountUnknown[account]!
    accountUnknown[account] = unknown
  }

  setConstant(account: number, constant: number, uncertainty: number): void {
    this.#columns.accountConstant[account] = constant
    this.#columns.accountUncertainty[account] = uncertainty
  }

  setLevel(account: number, level: number): void {
    this.#columns.accountLevel[account] = level
  }

  setRule(account: number, rule: number, isNested: boolean): void {
    this.#columns.accountRule[account] = rule
    const forms = this.#columns.accountForm[account]! & ~ACCOUNT_NESTED
    this.#columns.accountForm[account] = forms | (isNested ? ACCOUNT_NESTED : 0)
  }

  isAlways(account: number): boolean {
    return (this.#columns.accountForm[account]! & ACCOUNT_ALWAYS) !== 0
  }

  setAlways(account: number, isAlways: boolean): void {
    const forms = this.#columns.accountForm[account]! & ~ACCOUNT_ALWAYS
    this.#columns.accountForm[account] = forms | (isAlways ? ACCOUNT_ALWAYS : 0)
  }

  /** A new row that fires on every tick until its account is re-checked. */
  addRow(
    account: number,
    instrument: number,
    curve: number,
    intercept: number,
    slope: number,
    scale: number,
    constant: number,
  ): void {
    const row = this.#zones.takeRow(instrument)
    const columns = this.#columns
    columns.rowIntercept[row] = intercept
    columns.rowSlope[row] = slope
    columns.rowScale[row] = scale
    columns.rowConstant[row] = constant
    columns.rowAccount[row] = account
    columns.rowCurve[row] = curve
    this.#curves.countRow(curve, 1)
    const form = this.#curves.formOf(curve)
    if (this.#curves.isCharged(form)) columns.instrumentChargedRows[instrument]!++
    columns.accountForm[account]! |= form & ~(COORDINATES - 1)
    columns.rowNext[row] = columns.accountHead[account]!
    columns.accountHead[account] = row
    columns.accountRows[account]!++
    this.#zones.setTriggers(row, Infinity, -Infinity)
  }
}
