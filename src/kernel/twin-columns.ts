import { BLOCK_ROWS, BLOCK_SHIFT, GROUP_SHIFT, RECHECKED_MAX } from '../../assembly/layout.ts'
import type { KernelTotals } from './kernel.ts'
import { checkTotals } from './limits.ts'

/** The columns of the TypeScript twin (assembly/columns.ts): one typed array each, grown in steps. */
export abstract class TwinColumns {
  protected rowLow = new Float64Array()
  protected rowHigh = new Float64Array()
  protected rowIntercept = new Float64Array()
  protected rowSlope = new Float64Array()
  protected rowScale = new Float64Array()
  protected rowConstant = new Float64Array()
  protected rowAccount = new Int32Array()
  protected rowCurve = new Int32Array()
  protected rowNext = new Int32Array()
  protected blockZone = new Int32Array()
  protected blockInstrument = new Int32Array()
  protected blockDirty = new Uint8Array()
  protected dirtyBlock = new Int32Array()
  protected blockZoneLow = new Float64Array()
  protected blockZoneHigh = new Float64Array()
  protected blockZoneBlock = new Int32Array()
  protected groupLow = new Float64Array()
  protected groupHigh = new Float64Array()
  protected groupNext = new Int32Array()
  protected groupCount = new Int32Array()
  protected accountConstant = new Float64Array()
  protected accountUncertainty = new Float64Array()
  protected accountHead = new Int32Array()
  protected accountRows = new Int32Array()
  protected accountLevels = new Int32Array()
  protected accountStamp = new Int32Array()
  protected accountUnknown = new Int32Array()
  protected nominated = new Int32Array()
  protected readonly suspect = new Int32Array(RECHECKED_MAX)
  protected readonly answer = new Int32Array(RECHECKED_MAX)
  protected readonly provenLevels = new Int32Array(RECHECKED_MAX)
  protected readonly suspectBalance = new Float64Array(RECHECKED_MAX)
  protected readonly suspectMaintenance = new Float64Array(RECHECKED_MAX)
  protected instrumentMark = new Float64Array()
  protected instrumentGroupHead = new Int32Array()
  protected instrumentGroupTail = new Int32Array()
  protected instrumentFreeRow = new Int32Array()
  protected instrumentStamp = new Int32Array()
  protected movedInstrument = new Int32Array()

  get byteLength(): number {
    const columns = [this.rowLow, this.rowHigh, this.rowIntercept, this.rowSlope, this.rowScale]
    const rows = columns.reduce((bytes, column) => bytes + column.byteLength, this.rowConstant.byteLength)
    return (
      rows + 3 * this.rowAccount.byteLength + 60 * this.accountHead.length + 20 * this.blockZoneBlock.length
    )
  }

  reserve(totals: KernelTotals): void {
    const rows = Math.max(this.rowLow.length, Math.ceil((totals.rows ?? 0) / BLOCK_ROWS) * BLOCK_ROWS)
    const accounts = Math.max(this.accountHead.length, totals.accounts ?? 0)
    const instruments = Math.max(this.instrumentMark.length, totals.instruments ?? 0)
    checkTotals(totals)
    this.reserveRows(rows)
    this.reserveGroups((rows >> (BLOCK_SHIFT + GROUP_SHIFT)) + instruments)
    this.reserveAccounts(accounts)
    this.instrumentMark = grownF64(this.instrumentMark, instruments)
    this.instrumentGroupHead = grownI32(this.instrumentGroupHead, instruments)
    this.instrumentGroupTail = grownI32(this.instrumentGroupTail, instruments)
    this.instrumentFreeRow = grownI32(this.instrumentFreeRow, instruments)
    this.instrumentStamp = grownI32(this.instrumentStamp, instruments)
    this.movedInstrument = grownI32(this.movedInstrument, instruments)
  }

  protected reserveRows(rows: number): void {
    this.rowLow = grownF64(this.rowLow, rows)
    this.rowHigh = grownF64(this.rowHigh, rows)
    this.rowIntercept = grownF64(this.rowIntercept, rows)
    this.rowSlope = grownF64(this.rowSlope, rows)
    this.rowScale = grownF64(this.rowScale, rows)
    this.rowConstant = grownF64(this.rowConstant, rows)
    this.rowAccount = grownI32(this.rowAccount, rows)
    this.rowCurve = grownI32(this.rowCurve, rows)
    this.rowNext = grownI32(this.rowNext, rows)
    const blocks = rows >> BLOCK_SHIFT
    this.blockZone = grownI32(this.blockZone, blocks)
    this.blockInstrument = grownI32(this.blockInstrument, blocks)
    this.dirtyBlock = grownI32(this.dirtyBlock, blocks)
    if (blocks > this.blockDirty.length) {
      const dirty = new Uint8Array(blocks)
      dirty.set(this.blockDirty)
      this.blockDirty = dirty
    }
  }

  protected reserveGroups(groups: number): void {
    this.groupLow = grownF64(this.groupLow, groups)
    this.groupHigh = grownF64(this.groupHigh, groups)
    this.groupNext = grownI32(this.groupNext, groups)
    this.groupCount = grownI32(this.groupCount, groups)
    this.blockZoneLow = grownF64(this.blockZoneLow, groups << GROUP_SHIFT)
    this.blockZoneHigh = grownF64(this.blockZoneHigh, groups << GROUP_SHIFT)
    this.blockZoneBlock = grownI32(this.blockZoneBlock, groups << GROUP_SHIFT)
  }

  protected reserveAccounts(accounts: number): void {
    this.accountConstant = grownF64(this.accountConstant, accounts)
    this.accountUncertainty = grownF64(this.accountUncertainty, accounts)
    this.accountHead = grownI32(this.accountHead, accounts)
    this.accountRows = grownI32(this.accountRows, accounts)
    this.accountLevels = grownI32(this.accountLevels, accounts)
    this.accountStamp = grownI32(this.accountStamp, accounts)
    this.accountUnknown = grownI32(this.accountUnknown, accounts)
    this.nominated = grownI32(this.nominated, accounts)
  }
}

function grownF64(column: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (length <= column.length) return column
  const grown = new Float64Array(length)
  grown.set(column)
  return grown
}

function grownI32(column: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= column.length) return column
  const grown = new Int32Array(length)
  grown.set(column)
  return grown
}
