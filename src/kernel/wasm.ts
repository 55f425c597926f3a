import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  COLUMN_ACCOUNT_LEVEL,
  COLUMN_FIRED_ACCOUNT,
  COLUMN_FIRST_I32,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_SUSPECT_ACCOUNT,
  COLUMN_SUSPECT_ANSWER,
  LAYOUT_VERSION,
  NONE,
} from '../../assembly/layout.ts'
import { assert, PlimsollError } from '../errors.ts'
import type { CurvePiece, Kernel, KernelTotals } from './kernel.ts'
import {
  assertFinite,
  assertLevels,
  CAPACITY_FIRST,
  capacityFault,
  checkTotals,
  nextCapacity,
} from './limits.ts'

/** Methods of `Kernel` that the module exports as they are; the host checks what goes in where it must. */
type SameInBoth =
  | 'addAccount'
  | 'addInstrument'
  | 'beginInstant'
  | 'nominate'
  | 'nominateAll'
  | 'recheckAccount'
  | 'recheckFired'
  | 'refreshZones'
  | 'removeAccount'
  | 'removeRows'
  | 'scan'
  | 'setAccountLevel'
  | 'setConstant'
  | 'setStamp'

interface KernelExports extends Pick<Kernel, SameInBoth> {
  readonly memory: { readonly buffer: ArrayBuffer }
  layoutVersion(): number
  lanes(): number
  columnPointer(column: number): number
  reserve(rows: number, accounts: number, instruments: number, tables: number, pieces: number): number
  setLevel(level: number, value: number): void
  setReleaseFactor(factor: number): void
  addTable(coordinate: number): number
  addPiece(cap: number, rate: number, deduction: number): number
  /** The row, or NONE. */
  addRow(...row: Parameters<Kernel['addRow']>): number
  setMark(instrument: number, mark: number): number
}

/** The host of one WebAssembly instance: owns its memory and every view of it. */
export class WasmKernel implements Kernel {
  readonly variant: 'wasm-simd' | 'wasm-scalar'
  readonly #wasm: KernelExports
  readonly #capacity = { rows: 0, accounts: 0, instruments: 0, tables: 0, pieces: 0 }
  #fired = new Int32Array()
  #suspects = new Int32Array()
  #answers = new Int32Array()
  #levels = new Int32Array()
  #marks = new Float64Array()

  constructor(wasm: KernelExports, variant: 'wasm-simd' | 'wasm-scalar') {
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
      rows: Math.max(capacity.rows, totals.rows ?? 0),
      accounts: Math.max(capacity.accounts, totals.accounts ?? 0),
      instruments: Math.max(capacity.instruments, totals.instruments ?? 0),
      tables: Math.max(capacity.tables, totals.tables ?? 0),
      pieces: Math.max(capacity.pieces, totals.pieces ?? 0),
    }
    checkTotals(wanted)
    const done = this.#wasm.reserve(
      wanted.rows,
      wanted.accounts,
      wanted.instruments,
      wanted.tables,
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

  addTable(coordinate: number, pieces: readonly CurvePiece[]): number {
    const table = this.#withRoom('tables', () => this.#wasm.addTable(coordinate))
    for (const piece of pieces) {
      this.#withRoom('pieces', () => this.#wasm.addPiece(piece.cap, piece.rate, piece.deduction))
    }
    return table
  }

  addAccount(constant: number, level: number): number {
    assertFinite(constant)
    return this.#withRoom('accounts', () => this.#wasm.addAccount(constant, level))
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
    this.#withRoom('rows', () =>
      this.#wasm.addRow(account, instrument, table, intercept, slope, scale, constant),
    )
  }

  setConstant(account: number, constant: number): void {
    assertFinite(constant)
    this.#wasm.setConstant(account, constant)
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

  recheckFired(from: number, to: number): number {
    return this.#wasm.recheckFired(from, to)
  }

  firedAccount(index: number): number {
    return this.#fired[index]!
  }

  suspectAccount(index: number): number {
    return this.#suspects[index]!
  }

  suspectAnswer(index: number): number {
    return this.#answers[index]!
  }

  refreshZones(): void {
    this.#wasm.refreshZones()
  }

  mark(instrument: number): number {
    return this.#marks[instrument]!
  }

  accountLevel(account: number): number {
    return this.#levels[account]!
  }

  setStamp(stamp: number): void {
    this.#wasm.setStamp(stamp)
  }

  /** Calls `take`; while it answers NONE, grows that capacity by a step. Never used inside an instant. */
  #withRoom(kind: keyof KernelTotals, take: () => number): number {
    let taken = take()
    while (taken === NONE) {
      this.reserve({ [kind]: nextCapacity(kind, this.#capacity[kind]) })
      taken = take()
    }
    return taken
  }

  /** The one place where views are made: every growth of the memory detaches the old ones. */
  #rebuildViews(): void {
    const { accounts, instruments } = this.#capacity
    this.#fired = this.#view(COLUMN_FIRED_ACCOUNT, accounts) as Int32Array<ArrayBuffer>
    this.#suspects = this.#view(COLUMN_SUSPECT_ACCOUNT, accounts) as Int32Array<ArrayBuffer>
    this.#answers = this.#view(COLUMN_SUSPECT_ANSWER, accounts) as Int32Array<ArrayBuffer>
    this.#levels = this.#view(COLUMN_ACCOUNT_LEVEL, accounts) as Int32Array<ArrayBuffer>
    this.#marks = this.#view(COLUMN_INSTRUMENT_MARK, instruments) as Float64Array<ArrayBuffer>
  }

  #view(column: number, length: number): Int32Array | Float64Array {
    const address = this.#wasm.columnPointer(column) >>> 0
    const buffer = this.#wasm.memory.buffer
    return column < COLUMN_FIRST_I32
      ? new Float64Array(buffer, address, length)
      : new Int32Array(buffer, address, length)
  }
}

/** Instantiates the binary of the variant. Throws what the engine throws when it has no SIMD. */
export function openWasmKernel(variant: 'wasm-simd' | 'wasm-scalar'): WasmKernel {
  const name = variant === 'wasm-simd' ? 'simd' : 'scalar'
  const path = createRequire(import.meta.url).resolve(`#wasm/${name}.wasm`)
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyEngine }
  const module = new WebAssembly.Module(readFileSync(path))
  const abort = (): never => {
    throw new Error('invariant broken: the kernel aborted')
  }
  const instance = new WebAssembly.Instance(module, { env: { abort } })
  return new WasmKernel(instance.exports as KernelExports, variant)
}

/** What is used of the engine; the compiler's library for Node does not declare it. */
interface WebAssemblyEngine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { readonly exports: unknown }
}
