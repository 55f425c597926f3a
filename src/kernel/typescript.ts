import { BLOCK_SHIFT } from '../../assembly/layout.ts'
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
  formOf,
} from './limits.ts'
import { TwinAccounts } from './twin-account.ts'
import { TwinTriggers } from './twin-arm.ts'
import { TwinColumns } from './twin-columns.ts'
import { TwinCurves } from './twin-curve.ts'
import { TwinLevels } from './twin-levels.ts'
import { TwinRecheck } from './twin-recheck.ts'
import { TwinTick } from './twin-tick.ts'
import { TwinZones } from './twin-zones.ts'

/**
 * The kernel in TypeScript over typed arrays: the same algorithm in the same order of operations, so that
 * nominations and answers are equal to the last bit. The opponent in benchmarks, a twin in tests, and the
 * fallback when WebAssembly is not available. Each twin-*.ts is the twin of the file of that name in assembly/.
 */
export class TypescriptKernel implements Kernel {
  readonly variant = 'typescript' as const
  /** Read by tests. */
  readonly columns = new TwinColumns()
  readonly #curves = new TwinCurves(this.columns)
  readonly #zones = new TwinZones(this.columns)
  readonly #accounts = new TwinAccounts(this.columns, this.#curves, this.#zones)
  readonly #levels = new TwinLevels(this.columns, this.#curves)
  readonly #triggers = new TwinTriggers(this.columns, this.#curves, this.#levels, this.#zones)
  readonly #recheck = new TwinRecheck(this.columns, this.#levels, this.#accounts, this.#triggers)
  readonly #tick = new TwinTick(this.columns, this.#curves, this.#zones, this.#accounts, this.#recheck)

  constructor() {
    this.reserve(CAPACITY_FIRST)
  }

  get byteLength(): number {
    return this.columns.byteLength
  }

  reserve(totals: KernelTotals): void {
    this.columns.reserve(totals)
  }

  setReleaseFactor(factor: number): void {
    assertReleaseFactor(factor)
    this.#levels.setReleaseFactor(factor)
  }

  setRule(rule: number, levels: readonly KernelLevel[]): void {
    assertLevels(rule, levels)
    this.#levels.setRule(rule, levels)
  }

  setAccountRule(account: number, rule: number, isNested: boolean): void {
    this.#accounts.setRule(account, rule, isNested)
  }

  setAccountAlways(account: number, isAlways: boolean): void {
    this.#accounts.setAlways(account, isAlways)
  }

  addInstrument(): number {
    return this.#zones.addInstrument()
  }

  addCurve(coordinate: number, pieces: readonly CurvePiece[]): number {
    return this.#curves.add(formOf(coordinate, pieces), pieces)
  }

  freeCurve(curve: number): void {
    assertFreed(curve, this.#curves.free(curve))
  }

  addAccount(constant: number, level: number, uncertainty = 0): number {
    assertFinite(constant)
    assertUncertainty(uncertainty)
    return this.#accounts.add(constant, level, uncertainty)
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
    assertLive(curve, this.columns.curveRows[curve])
    this.#accounts.addRow(account, instrument, curve, intercept, slope, scale, constant)
  }

  setConstant(account: number, constant: number, uncertainty: number): void {
    assertFinite(constant)
    assertUncertainty(uncertainty)
    this.#accounts.setConstant(account, constant, uncertainty)
  }

  removeRows(account: number): void {
    this.#accounts.removeRows(account)
  }

  removeAccount(account: number): void {
    this.#accounts.remove(account)
  }

  setAccountLevel(account: number, level: number): void {
    this.#accounts.setLevel(account, level)
  }

  isUndecidable(account: number): boolean {
    return this.#accounts.isAlways(account)
  }

  armWithin(account: number, share: number): void {
    this.#triggers.armWithin(account, share)
  }

  recheckAccount(account: number): number {
    return this.#recheck.recheck(account)
  }

  measureAccount(account: number): number {
    return this.#recheck.measure(account)
  }

  get measuredLevel(): number {
    return this.#recheck.measuredLevel
  }

  get measuredMarginBalance(): number {
    return this.#recheck.measuredMarginBalance
  }

  get measuredMaintenanceMargin(): number {
    return this.#recheck.measuredMaintenanceMargin
  }

  beginInstant(): void {
    this.#tick.beginInstant()
  }

  setMark(instrument: number, mark: number): boolean {
    assertFinite(mark)
    return this.#tick.setMark(instrument, mark)
  }

  setCharge(instrument: number, charge: number): number {
    assertFinite(charge)
    return this.#tick.setCharge(instrument, charge)
  }

  nominate(): number {
    return this.#tick.nominate()
  }

  scan(): number {
    return this.#tick.scan()
  }

  nominateAll(instrument: number): number {
    return this.#tick.nominateAll(instrument)
  }

  recheckNominated(from: number, to: number): number {
    assertRechecked(from, to)
    return this.#tick.recheckNominated(from, to)
  }

  takeProven(from: number, to: number): number {
    return this.#tick.takeProven(from, to)
  }

  nominatedAccount(index: number): number {
    return this.columns.nominatedAccount[index]!
  }

  suspectAccount(index: number): number {
    return this.columns.suspectAccount[index]!
  }

  suspectAnswer(index: number): number {
    return this.columns.suspectAnswer[index]!
  }

  suspectLevel(index: number): number {
    return this.columns.suspectLevel[index]!
  }

  suspectMarginBalance(index: number): number {
    return this.columns.suspectMarginBalance[index]!
  }

  suspectMaintenanceMargin(index: number): number {
    return this.columns.suspectMaintenanceMargin[index]!
  }

  refreshZones(): void {
    this.#zones.refreshZones()
  }

  mark(instrument: number): number {
    return this.columns.instrumentMark[instrument]!
  }

  firstRow(account: number): number {
    return this.columns.accountHead[account]!
  }

  nextRow(row: number): number {
    return this.columns.rowNext[row]!
  }

  rowsOn(curve: number): number {
    return this.columns.curveRows[curve]!
  }

  instrumentOf(row: number): number {
    return this.columns.blockInstrument[row >> BLOCK_SHIFT]!
  }

  accountLevel(account: number): number {
    return this.columns.accountLevel[account]!
  }

  get unknownAccounts(): number {
    return this.#accounts.unknownAccounts
  }

  isAccountUnknown(account: number): boolean {
    return this.columns.accountUnknown[account] === 1
  }

  setStamp(stamp: number): void {
    this.#tick.setStamp(stamp)
  }
}
