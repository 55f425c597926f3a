import { BLOCK_SHIFT, LAYOUT_VERSION, LEVEL_PLACES, NO_PIECES, NONE } from '../../assembly/layout.ts'
import { assert, PlimsollError } from '../errors.ts'
import type { CurvePiece, Kernel, KernelTotals } from './kernel.ts'
import type { KernelLevel } from './levels.ts'
import {
  assertFinite,
  assertFreed,
  assertLevels,
  assertLive,
  assertRechecked,
  assertReleaseFactor,
  assertUncertainty,
  CAPACITY_FIRST,
  capacitiesFor,
  capacityFault,
  formOf,
  nextCapacity,
} from './limits.ts'
import { instantiate, type KernelExports, type WasmVariant } from './wasm-module.ts'
import { WasmViews } from './wasm-views.ts'

/** The host of one WebAssembly instance: owns its memory and every view of it. */
export class WasmKernel implements Kernel {
  readonly variant: WasmVariant
  readonly #wasm: KernelExports
  readonly #capacity = { rows: 0, accounts: 0, instruments: 0, curves: 0, pieces: 0 }
  /** Every growth of the memory detaches the old views. */
  #views: WasmViews

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
    this.#views = new WasmViews(wasm, this.#capacity)
    this.reserve(CAPACITY_FIRST)
  }

  get byteLength(): number {
    return this.#wasm.memory.buffer.byteLength
  }

  reserve(totals: KernelTotals): void {
    const capacity = this.#capacity
    const wanted = capacitiesFor(totals, capacity)
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
    this.#views = new WasmViews(this.#wasm, capacity)
  }

  setReleaseFactor(factor: number): void {
    assertReleaseFactor(factor)
    this.#wasm.setReleaseFactor(factor)
  }

  setRule(rule: number, levels: readonly KernelLevel[]): void {
    assertLevels(rule, levels)
    levels.forEach(({ ratio, factors }, index) => {
      const place = rule * LEVEL_PLACES + index + 1
      this.#wasm.setLevelRatio(place, ratio)
      factors.forEach((factor, coordinate) => {
        this.#wasm.setLevelFactor(place, coordinate, factor)
      })
    })
    this.#wasm.setRuleLevels(rule, levels.length)
  }

  setAccountRule(account: number, rule: number, isNested: boolean): void {
    this.#wasm.setAccountRule(account, rule, isNested ? 1 : 0)
  }

  setAccountAlways(account: number, isAlways: boolean): void {
    this.#wasm.setAccountAlways(account, isAlways ? 1 : 0)
  }

  addInstrument(): number {
    return this.#withRoom('instruments', () => this.#wasm.addInstrument())
  }

  addCurve(coordinate: number, pieces: readonly CurvePiece[]): number {
    const form = formOf(coordinate, pieces)
    let curve = this.#wasm.addCurve(form, pieces.length)
    while (curve < 0) {
      this.#grow(curve === NO_PIECES ? 'pieces' : 'curves')
      curve = this.#wasm.addCurve(form, pieces.length)
    }
    for (const [at, { cap, rate, deduction, square = 0 }] of pieces.entries()) {
      this.#wasm.setPiece(curve, at, cap, rate, deduction, square)
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
    assertLive(curve, this.#views.curveRows[curve])
    const wasm = this.#wasm
    // Without a closure, because a book of millions of positions is loaded through here.
    while (wasm.addRow(account, instrument, curve, intercept, slope, scale, constant) === NONE)
      this.#grow('rows')
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

  isUndecidable(account: number): boolean {
    return this.#views.isAlways(account)
  }

  armWithin(account: number, share: number): void {
    this.#wasm.armWithin(account, share)
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

  setCharge(instrument: number, charge: number): number {
    assertFinite(charge)
    return this.#wasm.setCharge(instrument, charge)
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
    return this.#views.nominatedAccounts[index]!
  }

  suspectAccount(index: number): number {
    return this.#views.suspectAccounts[index]!
  }

  suspectAnswer(index: number): number {
    return this.#views.suspectAnswers[index]!
  }

  suspectLevel(index: number): number {
    return this.#views.suspectLevels[index]!
  }

  suspectMarginBalance(index: number): number {
    return this.#views.suspectMarginBalances[index]!
  }

  suspectMaintenanceMargin(index: number): number {
    return this.#views.suspectMaintenanceMargins[index]!
  }

  refreshZones(): void {
    this.#wasm.refreshZones()
  }

  mark(instrument: number): number {
    return this.#views.instrumentMarks[instrument]!
  }

  firstRow(account: number): number {
    return this.#views.accountHeads[account]!
  }

  nextRow(row: number): number {
    return this.#views.rowNext[row]!
  }

  rowsOn(curve: number): number {
    return this.#views.curveRows[curve]!
  }

  instrumentOf(row: number): number {
    return this.#views.blockInstruments[row >> BLOCK_SHIFT]!
  }

  accountLevel(account: number): number {
    return this.#views.accountLevels[account]!
  }

  get unknownAccounts(): number {
    return this.#wasm.unknownAccounts()
  }

  isAccountUnknown(account: number): boolean {
    return this.#views.accountUnknown[account] === 1
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
}

/** Throws what the engine throws when it has no SIMD. */
export function openWasmKernel(variant: WasmVariant): WasmKernel {
  return new WasmKernel(instantiate(variant), variant)
}
