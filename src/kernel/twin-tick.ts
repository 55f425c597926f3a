import {
  ANSWER_ACROSS,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_ROWS,
  BLOCK_SHIFT,
  GROUP_SHIFT,
  LEVEL_NONE,
  NONE,
} from '../../assembly/layout.ts'
import type { TwinAccounts } from './twin-account.ts'
import type { TwinColumns } from './twin-columns.ts'
import type { TwinCurves } from './twin-curve.ts'
import type { TwinRecheck } from './twin-recheck.ts'
import type { TwinZones } from './twin-zones.ts'

const STAMP_MAX = 2 ** 31 - 1

/** One instant in, nominated accounts out. The twin of assembly/tick.ts. */
export class TwinTick {
  readonly #columns: TwinColumns
  readonly #curves: TwinCurves
  readonly #zones: TwinZones
  readonly #accounts: TwinAccounts
  readonly #recheck: TwinRecheck
  #stamp = 0
  #moved = 0
  #nominated = 0

  constructor(
    columns: TwinColumns,
    curves: TwinCurves,
    zones: TwinZones,
    accounts: TwinAccounts,
    recheck: TwinRecheck,
  ) {
    this.#columns = columns
    this.#curves = curves
    this.#zones = zones
    this.#accounts = accounts
    this.#recheck = recheck
  }

  /** Starts an instant: no instrument has moved, no account is nominated. */
  beginInstant(): void {
    this.#zones.refreshZones()
    if (this.#stamp === STAMP_MAX) {
      // Stamps repeat: all are cleared, so that no old one passes for the current.
      this.#columns.accountStamp.fill(0)
      this.#columns.instrumentStamp.fill(0)
      this.#stamp = 0
    }
    this.#stamp++
    this.#moved = 0
    this.#nominated = 0
  }

  setStamp(stamp: number): void {
    this.#stamp = stamp
  }

  /** Sets a mark of this instant. Returns false when the instrument already has one in this instant. */
  setMark(instrument: number, mark: number): boolean {
    const { instrumentStamp, movedInstrument, instrumentMark } = this.#columns
    if (instrumentStamp[instrument] === this.#stamp) return false
    instrumentStamp[instrument] = this.#stamp
    movedInstrument[this.#moved++] = instrument
    instrumentMark[instrument] = mark
    return true
  }

  /** Walks the zones of the moved instruments. Returns the number of nominated accounts. */
  nominate(): number {
    for (let i = 0; i < this.#moved; i++) this.#walk(this.#columns.movedInstrument[i]!)
    return this.#nominated
  }

  /** The full scan: compares every row of the moved instruments. Nominates exactly what `nominate` does. */
  scan(): number {
    const { movedInstrument, instrumentMark, instrumentGroupHead, groupNext } = this.#columns
    const { groupCount, blockZoneBlock } = this.#columns
    for (let i = 0; i < this.#moved; i++) {
      const instrument = movedInstrument[i]!
      const mark = instrumentMark[instrument]!
      for (let group = instrumentGroupHead[instrument]!; group !== NONE; group = groupNext[group]!) {
        const end = (group << GROUP_SHIFT) + groupCount[group]!
        for (let zone = group << GROUP_SHIFT; zone < end; zone++) {
          this.#nominateBlock(blockZoneBlock[zone]!, mark)
        }
      }
    }
    return this.#nominated
  }

  /** Sets what the instrument charges, and nominates every account with a charged row of it. */
  setCharge(instrument: number, charge: number): number {
    this.#columns.instrumentCharge[instrument] = charge
    const charged = this.#columns.instrumentChargedRows[instrument]!
    return charged === 0 ? this.#nominated : this.#nominateRows(instrument, true)
  }

  /** Nominates every account with a row of the instrument. */
  nominateAll(instrument: number): number {
    return this.#nominateRows(instrument, false)
  }

  #nominateRows(instrument: number, onlyCharged: boolean): number {
    const { instrumentGroupHead, groupNext, groupCount, blockZoneBlock, rowAccount } = this.#columns
    for (let group = instrumentGroupHead[instrument]!; group !== NONE; group = groupNext[group]!) {
      const end = (group << GROUP_SHIFT) + groupCount[group]!
      for (let zone = group << GROUP_SHIFT; zone < end; zone++) {
        const firstRow = blockZoneBlock[zone]! << BLOCK_SHIFT
        for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
          if (rowAccount[row] === NONE) continue
          if (!onlyCharged || this.#isCharged(row)) this.#nominateRow(row)
        }
      }
    }
    return this.#nominated
  }

  #isCharged(row: number): boolean {
    return this.#curves.isCharged(this.#curves.formOf(this.#columns.rowCurve[row]!))
  }

  /** Re-checks nominated accounts [from, to). Returns the number of suspects among them. */
  recheckNominated(from: number, to: number): number {
    const columns = this.#columns
    let suspects = 0
    for (let i = from; i < to; i++) {
      const account = columns.nominatedAccount[i]!
      const answer = this.#recheck.recheck(account)
      if (answer !== ANSWER_SAFE && answer !== ANSWER_UNKNOWN) {
        columns.suspectAccount[suspects] = account
        columns.suspectAnswer[suspects] = answer
        columns.suspectLevel[suspects] = this.#recheck.measuredLevel
        columns.suspectMarginBalance[suspects] = this.#recheck.measuredMarginBalance
        columns.suspectMaintenanceMargin[suspects] = this.#recheck.measuredMaintenanceMargin
        suspects++
      }
    }
    return suspects
  }

  /** Moves suspects [from, to) to the levels that are proven. Returns how many are across a level even then: none. */
  takeProven(from: number, to: number): number {
    const { suspectAccount, suspectLevel } = this.#columns
    let across = 0
    for (let i = from; i < to; i++) {
      const level = suspectLevel[i]!
      if (level === LEVEL_NONE) continue
      const account = suspectAccount[i]!
      this.#accounts.setLevel(account, level)
      if (this.#recheck.recheck(account) === ANSWER_ACROSS) across++
    }
    return across
  }

  #nominateRow(row: number): void {
    const { rowAccount, accountStamp, nominatedAccount } = this.#columns
    const account = rowAccount[row]!
    if (accountStamp[account] === this.#stamp) return
    accountStamp[account] = this.#stamp
    nominatedAccount[this.#nominated++] = account
  }

  #walk(instrument: number): void {
    const { instrumentMark, instrumentGroupHead, groupLow, groupHigh, groupNext } = this.#columns
    const mark = instrumentMark[instrument]!
    for (let group = instrumentGroupHead[instrument]!; group !== NONE; group = groupNext[group]!) {
      if (groupLow[group]! < mark && mark < groupHigh[group]!) continue
      this.#walkGroup(group, mark)
    }
  }

  #walkGroup(group: number, mark: number): void {
    const { groupCount, blockZoneLow, blockZoneHigh, blockZoneBlock } = this.#columns
    const end = (group << GROUP_SHIFT) + groupCount[group]!
    for (let zone = group << GROUP_SHIFT; zone < end; zone++) {
      if (blockZoneLow[zone]! < mark && mark < blockZoneHigh[zone]!) continue
      this.#nominateBlock(blockZoneBlock[zone]!, mark)
    }
  }

  #nominateBlock(block: number, mark: number): void {
    const { rowLow, rowHigh } = this.#columns
    const firstRow = block << BLOCK_SHIFT
    for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
      if (rowLow[row]! < mark && mark < rowHigh[row]!) continue
      this.#nominateRow(row)
    }
  }
}
