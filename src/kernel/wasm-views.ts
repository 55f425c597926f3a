import {
  ACCOUNT_ALWAYS,
  COLUMN_ACCOUNT_FORM,
  COLUMN_ACCOUNT_HEAD,
  COLUMN_ACCOUNT_LEVEL,
  COLUMN_ACCOUNT_UNKNOWN,
  COLUMN_BLOCK_INSTRUMENT,
  COLUMN_CURVE_ROWS,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_NOMINATED_ACCOUNT,
  COLUMN_ROW_NEXT,
  COLUMN_SUSPECT_ACCOUNT,
  COLUMN_SUSPECT_ANSWER,
  COLUMN_SUSPECT_LEVEL,
  COLUMN_SUSPECT_MAINTENANCE_MARGIN,
  COLUMN_SUSPECT_MARGIN_BALANCE,
} from '../../assembly/layout.ts'
import { assert } from '../errors.ts'
import type { KernelTotals } from './kernel.ts'
import { elementsPer, sectionOf } from './sections.ts'
import type { KernelExports } from './wasm-module.ts'

/** What the host reads in the memory of one instance. Made again after every growth, which detaches older views. */
export class WasmViews {
  readonly nominatedAccounts: Int32Array
  readonly suspectAccounts: Int32Array
  readonly suspectAnswers: Int32Array
  readonly suspectLevels: Int32Array
  readonly suspectMarginBalances: Float64Array
  readonly suspectMaintenanceMargins: Float64Array
  readonly accountForms: Int32Array
  readonly accountUnknown: Int32Array
  readonly accountLevels: Int32Array
  readonly instrumentMarks: Float64Array
  readonly accountHeads: Int32Array
  readonly rowNext: Int32Array
  readonly blockInstruments: Int32Array
  readonly curveRows: Int32Array

  constructor(wasm: KernelExports, capacity: Required<KernelTotals>) {
    this.nominatedAccounts = i32View(wasm, capacity, COLUMN_NOMINATED_ACCOUNT)
    this.suspectAccounts = i32View(wasm, capacity, COLUMN_SUSPECT_ACCOUNT)
    this.suspectAnswers = i32View(wasm, capacity, COLUMN_SUSPECT_ANSWER)
    this.suspectLevels = i32View(wasm, capacity, COLUMN_SUSPECT_LEVEL)
    this.suspectMarginBalances = f64View(wasm, capacity, COLUMN_SUSPECT_MARGIN_BALANCE)
    this.suspectMaintenanceMargins = f64View(wasm, capacity, COLUMN_SUSPECT_MAINTENANCE_MARGIN)
    this.accountForms = i32View(wasm, capacity, COLUMN_ACCOUNT_FORM)
    this.accountUnknown = i32View(wasm, capacity, COLUMN_ACCOUNT_UNKNOWN)
    this.accountLevels = i32View(wasm, capacity, COLUMN_ACCOUNT_LEVEL)
    this.instrumentMarks = f64View(wasm, capacity, COLUMN_INSTRUMENT_MARK)
    this.accountHeads = i32View(wasm, capacity, COLUMN_ACCOUNT_HEAD)
    this.rowNext = i32View(wasm, capacity, COLUMN_ROW_NEXT)
    this.blockInstruments = i32View(wasm, capacity, COLUMN_BLOCK_INSTRUMENT)
    this.curveRows = i32View(wasm, capacity, COLUMN_CURVE_ROWS)
  }

  isAlways(account: number): boolean {
    return (this.accountForms[account]! & ACCOUNT_ALWAYS) !== 0
  }
}

function f64View(wasm: KernelExports, capacity: Required<KernelTotals>, column: number): Float64Array {
  const { bytes, per } = sectionOf(column)
  assert(bytes === 8, `column ${column} holds no f64`)
  return new Float64Array(wasm.memory.buffer, addressOf(wasm, column), elementsPer(per, capacity))
}

function i32View(wasm: KernelExports, capacity: Required<KernelTotals>, column: number): Int32Array {
  const { bytes, per } = sectionOf(column)
  assert(bytes === 4, `column ${column} holds no i32`)
  return new Int32Array(wasm.memory.buffer, addressOf(wasm, column), elementsPer(per, capacity))
}

/** WebAssembly hands addresses above 2 GiB over as negative numbers. */
function addressOf(wasm: KernelExports, column: number): number {
  return wasm.columnPointer(column) >>> 0
}
