import {
  PER_ACCOUNT,
  PER_BLOCK,
  PER_BLOCK_ZONE,
  PER_CURVE,
  PER_GROUP,
  PER_INSTRUMENT,
  PER_LEVEL,
  PER_LEVEL_FACTOR,
  PER_PIECE,
  PER_ROW,
  PER_RULE,
  PER_SIZE_CLASS,
  PER_SUSPECT,
} from '../../assembly/layout.ts'
import type { KernelTotals } from './kernel.ts'
import { capacitiesFor, nextCapacity } from './limits.ts'
import { elementsPer } from './sections.ts'

/**
 * The columns of assembly/layout.ts as typed arrays, one field each; the twin of assembly/columns.ts. Growth replaces the
 * arrays: read a field again after anything that may add.
 */
export class TwinColumns {
  rowLow = new Float64Array()
  rowHigh = new Float64Array()
  rowIntercept = new Float64Array()
  rowSlope = new Float64Array()
  rowScale = new Float64Array()
  rowConstant = new Float64Array()
  rowAccount = new Int32Array()
  rowCurve = new Int32Array()
  rowNext = new Int32Array()

  blockZone = new Int32Array()
  blockInstrument = new Int32Array()
  blockDirty = new Int32Array()
  dirtyBlock = new Int32Array()

  blockZoneLow = new Float64Array()
  blockZoneHigh = new Float64Array()
  blockZoneBlock = new Int32Array()

  groupLow = new Float64Array()
  groupHigh = new Float64Array()
  groupNext = new Int32Array()
  groupCount = new Int32Array()

  accountConstant = new Float64Array()
  accountUncertainty = new Float64Array()
  accountHead = new Int32Array()
  accountRows = new Int32Array()
  accountLevel = new Int32Array()
  accountStamp = new Int32Array()
  accountUnknown = new Int32Array()
  accountRule = new Int32Array()
  accountForm = new Int32Array()
  nominatedAccount = new Int32Array()

  suspectMarginBalance = new Float64Array()
  suspectMaintenanceMargin = new Float64Array()
  suspectAccount = new Int32Array()
  suspectAnswer = new Int32Array()
  suspectLevel = new Int32Array()

  instrumentMark = new Float64Array()
  instrumentCharge = new Float64Array()
  instrumentGroupHead = new Int32Array()
  instrumentGroupTail = new Int32Array()
  instrumentFreeRow = new Int32Array()
  instrumentStamp = new Int32Array()
  instrumentChargedRows = new Int32Array()
  movedInstrument = new Int32Array()

  curveFirstPiece = new Int32Array()
  curvePieces = new Int32Array()
  curveForm = new Int32Array()
  curveRows = new Int32Array()
  sizeClassFreeCurve = new Int32Array()

  pieceCap = new Float64Array()
  pieceRate = new Float64Array()
  pieceDeduction = new Float64Array()
  pieceSquare = new Float64Array()

  levelRatio = new Float64Array()
  levelFactor = new Float64Array()
  ruleLevels = new Int32Array()

  /** Called after every growth, so that a class may hold the arrays that it reads most. */
  readonly #bindings: (() => void)[] = []
  readonly #capacity = { rows: 0, accounts: 0, instruments: 0, curves: 0, pieces: 0 }

  get byteLength(): number {
    return Object.values(this).reduce(
      (bytes: number, column: ArrayBufferView) => bytes + column.byteLength,
      0,
    )
  }

  /** Calls `bind` now and after every growth. */
  bind(bind: () => void): void {
    this.#bindings.push(bind)
    bind()
  }

  /** Elements of the columns with one element for each of this. */
  elements(per: number): number {
    return elementsPer(per, this.#capacity)
  }

  /** Grows the capacity that is full by a step. Throws KERNEL_CAPACITY at its limit. */
  grow(kind: keyof KernelTotals): void {
    this.reserve({ [kind]: nextCapacity(kind, this.#capacity[kind]) })
  }

  reserve(totals: KernelTotals): void {
    Object.assign(this.#capacity, capacitiesFor(totals, this.#capacity))
    this.#growRows()
    this.#growZones()
    this.#growAccounts()
    this.#growInstruments()
    this.#growCurves()
    for (const bind of this.#bindings) bind()
  }

  #growRows(): void {
    const rows = this.elements(PER_ROW)
    this.rowLow = grownF64(this.rowLow, rows)
    this.rowHigh = grownF64(this.rowHigh, rows)
    this.rowIntercept = grownF64(this.rowIntercept, rows)
    this.rowSlope = grownF64(this.rowSlope, rows)
    this.rowScale = grownF64(this.rowScale, rows)
    this.rowConstant = grownF64(this.rowConstant, rows)
    this.rowAccount = grownI32(this.rowAccount, rows)
    this.rowCurve = grownI32(this.rowCurve, rows)
    this.rowNext = grownI32(this.rowNext, rows)
    const blocks = this.elements(PER_BLOCK)
    this.blockZone = grownI32(this.blockZone, blocks)
    this.blockInstrument = grownI32(this.blockInstrument, blocks)
    this.blockDirty = grownI32(this.blockDirty, blocks)
    this.dirtyBlock = grownI32(this.dirtyBlock, blocks)
  }

  #growZones(): void {
    const blockZones = this.elements(PER_BLOCK_ZONE)
    this.blockZoneLow = grownF64(this.blockZoneLow, blockZones)
    this.blockZoneHigh = grownF64(this.blockZoneHigh, blockZones)
    this.blockZoneBlock = grownI32(this.blockZoneBlock, blockZones)
    const groups = this.elements(PER_GROUP)
    this.groupLow = grownF64(this.groupLow, groups)
    this.groupHigh = grownF64(this.groupHigh, groups)
    this.groupNext = grownI32(this.groupNext, groups)
    this.groupCount = grownI32(this.groupCount, groups)
  }

  #growAccounts(): void {
    const accounts = this.elements(PER_ACCOUNT)
    this.accountConstant = grownF64(this.accountConstant, accounts)
    this.accountUncertainty = grownF64(this.accountUncertainty, accounts)
    this.accountHead = grownI32(this.accountHead, accounts)
    this.accountRows = grownI32(this.accountRows, accounts)
    this.accountLevel = grownI32(this.accountLevel, accounts)
    this.accountStamp = grownI32(this.accountStamp, accounts)
    this.accountUnknown = grownI32(this.accountUnknown, accounts)
    this.accountRule = grownI32(this.accountRule, accounts)
    this.accountForm = grownI32(this.accountForm, accounts)
    this.nominatedAccount = grownI32(this.nominatedAccount, accounts)
    const suspects = this.elements(PER_SUSPECT)
    this.suspectMarginBalance = grownF64(this.suspectMarginBalance, suspects)
    this.suspectMaintenanceMargin = grownF64(this.suspectMaintenanceMargin, suspects)
    this.suspectAccount = grownI32(this.suspectAccount, suspects)
    this.suspectAnswer = grownI32(this.suspectAnswer, suspects)
    this.suspectLevel = grownI32(this.suspectLevel, suspects)
  }

  #growInstruments(): void {
    const instruments = this.elements(PER_INSTRUMENT)
    this.instrumentMark = grownF64(this.instrumentMark, instruments)
    this.instrumentCharge = grownF64(this.instrumentCharge, instruments)
    this.instrumentGroupHead = grownI32(this.instrumentGroupHead, instruments)
    this.instrumentGroupTail = grownI32(this.instrumentGroupTail, instruments)
    this.instrumentFreeRow = grownI32(this.instrumentFreeRow, instruments)
    this.instrumentStamp = grownI32(this.instrumentStamp, instruments)
    this.instrumentChargedRows = grownI32(this.instrumentChargedRows, instruments)
    this.movedInstrument = grownI32(this.movedInstrument, instruments)
  }

  #growCurves(): void {
    const curves = this.elements(PER_CURVE)
    this.curveFirstPiece = grownI32(this.curveFirstPiece, curves)
    this.curvePieces = grownI32(this.curvePieces, curves)
    this.curveForm = grownI32(this.curveForm, curves)
    this.curveRows = grownI32(this.curveRows, curves)
    this.sizeClassFreeCurve = grownI32(this.sizeClassFreeCurve, this.elements(PER_SIZE_CLASS))
    const pieces = this.elements(PER_PIECE)
    this.pieceCap = grownF64(this.pieceCap, pieces)
    this.pieceRate = grownF64(this.pieceRate, pieces)
    this.pieceDeduction = grownF64(this.pieceDeduction, pieces)
    this.pieceSquare = grownF64(this.pieceSquare, pieces)
    this.levelRatio = grownF64(this.levelRatio, this.elements(PER_LEVEL))
    this.levelFactor = grownF64(this.levelFactor, this.elements(PER_LEVEL_FACTOR))
    this.ruleLevels = grownI32(this.ruleLevels, this.elements(PER_RULE))
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
