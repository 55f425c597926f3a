import {
  BLOCK_SHIFT,
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
  LAYOUT_VERSION,
  NO_PIECES,
  NONE,
} from '../../assembly/layout.ts'
import { assert, PlimsollError } from '../errors.ts'
import type { CurvePiece, Kernel, KernelTotals } from './kernel.ts'
import {
  assertFinite,
  assertFreed,
  assertLevels,
  assertLive,
  assertPieces,
  assertRechecked,
  assertUncertainty,
  CAPACITY_FIRST,
  capacityFault,
  checkTotals,
  nextCapacity,
  wholeBlocks,
} from './limits.ts'
import { elementsPer, sectionOf } from './sections.ts'
import { instantiate, type KernelExports, type WasmVariant } from './wasm-module.ts'

/** The host of one WebAssembly instance: owns its memory and every view of it. */
export class WasmKernel implements Kernel {
  readonly variant: WasmVariant
  readonly #wasm: KernelExports
  readonly #capacity = { rows: 0, accounts: 0, instruments: 0, curves: 0, pieces: 0 }
  #nominated = new Int32Array()
  #suspects = new Int32Array()
  #answers = new Int32Array()
  #provenLevels = new Int32Array()
  #marginBalances = new Float64Array()
  #maintenanceMargins = new Float64Array()
  #unknown = new Int32Array()
  #levels = new Int32Array()
  #marks = new Float64Array()
  #heads = new Int32Array()
  #nextRows = new Int32Array()
  #blockInstruments = new Int32Array()
  #curveRows = new Int32Array()

  constructor(wasm: KernelExports, variant: WasmVariant) {
    if (wasm.layoutVersion() !== LAYOUT_VERSION) {
      throw new PlimsollError(
        'KERNEL_LAYOUT',
        `the kernel binary has layout version ${wasm.layoutVersion()}, this host expects ${LAYOUT_VERSION}; run the build`,
      )
    }
    assert(wasm.lanes() === (variant === 'wasm-simd' ? 2 : 1), `${variant} binary has ${wasm.lanes()} lanes`)
    this.#wasm = wasm
    this.variant = variant
    this.reserve(CAPACITY_FIRST)
  }

  get byteLength(): number {
    return this.#wasm.memory.buffer.byteLength
  }

  reserve(totals: KernelTotals): void {
    const capacity = this.#capacity
    const wanted = {
      rows: Math.max(capacity.rows, wholeBlocks(totals.rows ?? 0)),
      accounts: Math.max(capacity.accounts, totals.accounts ?? 0),
      instruments: Math.max(capacity.instruments, totals.instruments ?? 0),
      curves: Math.max(capacity.curves, totals.curves ?? 0),
      pieces: Math.max(capacity.pieces, totals.pieces ?? 0),
    }
    checkTotals(wanted)
    const done = this.#wasm.reserve(
      wanted.rows,
      wanted.accounts,
      wanted.instruments,
      wanted.curves,
      wanted.pieces,
    )
    if (done === 0)
      throw capacityFault(
        `${wanted.rows} rows and ${wanted.accounts} accounts in its memory`,
        '4 GiB of WebAssembly memory, or what the system gives',
      )
    Object.assign(capacity, wanted)
    this.#rebuildViews()
  }

  setLevels(values: readonly number[], releaseFactor: number): void {
    assertLevels(values, releaseFactor)
    values.forEach((value, index) => {
      this.#wasm.setLevel(index + 1, value)
    })
    this.#wasm.setReleaseFactor(releaseFactor)
  }

  addInstrument(): number {
    return this.#withRoom('instruments', () => this.#wasm.addInstrument())
  }

  addCurve(coordinate: number, pieces: readonly CurvePiece[]): number {
    assertPieces(pieces.length)
    let curve = this.#wasm.addCurve(coordinate, pieces.length)
    while (curve < 0) {
      this.#grow(curve === NO_PIECES ? 'pieces' : 'curves')
      curve = this.#wasm.addCurve(coordinate, pieces.length)
    }
    for (const [at, piece] of pieces.entries()) {
      this.#wasm.setPiece(curve, at, piece.cap, piece.rate, piece.deduction)
    }
    return curve
  }

  freeCurve(curve: number): void {
    assertFreed(curve, this.#wasm.freeCurve(curve))
  }

  addAccount(constant: number, level: number, uncertainty = 0): number {
    assertFinite(constant)
    assertUncertainty(uncertainty)
    return this.#withRoom('accounts', () => this.#wasm.addAccount(constant, level, uncertainty))
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
    assertLive(curve, this.#curveRows[curve])
    this.#withRoom('rows', () =>
      this.#wasm.addRow(account, instrument, curve, intercept, slope, scale, constant),
    )
  }

  setConstant(account: number, constant: number, uncertainty: number): void {
    assertFinite(constant)
    assertUncertainty(uncertainty)
    this.#wasm.setConstant(account, constant, uncertainty)
  }

  removeRows(account: number): void {
    this.#wasm.removeRows(account)
  }

  removeAccount(account: number): void {
    this.#wasm.removeAccount(account)
  }

  setAccountLevel(account: number, level: number): void {
    this.#wasm.setAccountLevel(account, level)
  }

  recheckAccount(account: number): number {
    return this.#wasm.recheckAccount(account)
  }

  measureAccount(account: number): number {
    return this.#wasm.measureAccount(account)
  }

  get measuredLevel(): number {
    return this.#wasm.measuredLevel()
  }

  get measuredMarginBalance(): number {
    return this.#wasm.measuredMarginBalance()
  }

  get measuredMaintenanceMargin(): number {
    return this.#wasm.measuredMaintenanceMargin()
  }

  beginInstant(): void {
    this.#wasm.beginInstant()
  }

  setMark(instrument: number, mark: number): boolean {
    assertFinite(mark)
    return this.#wasm.setMark(instrument, mark) !== 0
  }

  nominate(): number {
    return this.#wasm.nominate()
  }

  scan(): number {
    return this.#wasm.scan()
  }

  nominateAll(instrument: number): number {
    return this.#wasm.nominateAll(instrument)
  }

  recheckNominated(from: number, to: number): number {
    assertRechecked(from, to)
    return this.#wasm.recheckNominated(from, to)
  }

  takeProven(from: number, to: number): number {
    return this.#wasm.takeProven(from, to)
  }

  nominatedAccount(index: number): number {
    return this.#nominated[index]!
  }

  suspectAccount(index: number): number {
    return this.#suspects[index]!
  }

  suspectAnswer(index: number): number {
    return this.#answers[index]!
  }

  suspectLevel(index: number): number {
    return this.#provenLevels[index]!
  }

  suspectMarginBalance(index: number): number {
    return this.#marginBalances[index]!
  }

  suspectMaintenanceMargin(index: number): number {
    return this.#maintenanceMargins[index]!
  }

  refreshZones(): void {
    this.#wasm.refreshZones()
  }

  mark(instrument: number): number {
    return this.#marks[instrument]!
  }

  firstRow(account: number): number {
    return this.#heads[account]!
  }

  nextRow(row: number): number {
    return this.#nextRows[row]!
  }

  instrumentOf(row: number): number {
    return this.#blockInstruments[row >> BLOCK_SHIFT]!
  }

  accountLevel(account: number): number {
    return this.#levels[account]!
  }

  get unknownAccounts(): number {
    return this.#wasm.unknownAccounts()
  }

  isAccountUnknown(account: number): boolean {
    return this.#unknown[account] === 1
  }

  setStamp(stamp: number): void {
    this.#wasm.setStamp(stamp)
  }

  /** Calls `take`; while it answers NONE, grows that capacity by a step. Never used inside an instant. */
  #withRoom(kind: keyof KernelTotals, take: () => number): number {
    let taken = take()
    while (taken === NONE) {
      this.#grow(kind)
      taken = take()
    }
    return taken
  }

  #grow(kind: keyof KernelTotals): void {
    this.reserve({ [kind]: nextCapacity(kind, this.#capacity[kind]) })
  }

  /** The one place where views are made: every growth of the memory detaches the old ones. */
  #rebuildViews(): void {
    this.#nominated = this.#i32View(COLUMN_NOMINATED_ACCOUNT)
    this.#suspects = this.#i32View(COLUMN_SUSPECT_ACCOUNT)
    this.#answers = this.#i32View(COLUMN_SUSPECT_ANSWER)
    this.#provenLevels = this.#i32View(COLUMN_SUSPECT_LEVEL)
    this.#marginBalances = this.#f64View(COLUMN_SUSPECT_MARGIN_BALANCE)
    this.#maintenanceMargins = this.#f64View(COLUMN_SUSPECT_MAINTENANCE_MARGIN)
    this.#levels = this.#i32View(COLUMN_ACCOUNT_LEVEL)
    this.#unknown = this.#i32View(COLUMN_ACCOUNT_UNKNOWN)
    this.#marks = this.#f64View(COLUMN_INSTRUMENT_MARK)
    this.#heads = this.#i32View(COLUMN_ACCOUNT_HEAD)
    this.#nextRows = this.#i32View(COLUMN_ROW_NEXT)
    this.#blockInstruments = this.#i32View(COLUMN_BLOCK_INSTRUMENT)
    this.#curveRows = this.#i32View(COLUMN_CURVE_ROWS)
  }

  #f64View(column: number): Float64Array<ArrayBuffer> {
    const { bytes, per } = sectionOf(column)
    assert(bytes === 8, `column ${column} holds no f64`)
    return new Float64Array(
      this.#wasm.memory.buffer,
      this.#addressOf(column),
      elementsPer(per, this.#capacity),
    )
  }

  #i32View(column: number): Int32Array<ArrayBuffer> {
    const { bytes, per } = sectionOf(column)
    assert(bytes === 4, `column ${column} holds no i32`)
    return new Int32Array(this.#wasm.memory.buffer, this.#addressOf(column), elementsPer(per, this.#capacity))
  }

  #addressOf(column: number): number {
    return this.#wasm.columnPointer(column) >>> 0
  }
}

/** Throws what the engine throws when it has no SIMD. */
export function openWasmKernel(variant: WasmVariant): WasmKernel {
  return new WasmKernel(instantiate(variant), variant)
}
