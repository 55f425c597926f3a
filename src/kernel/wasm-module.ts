import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Kernel } from './kernel.ts'

export type WasmVariant = 'wasm-simd' | 'wasm-scalar'

/** Methods of `Kernel` that the module exports as they are; the host checks their arguments if needed. */
type SameInBoth =
  | 'addAccount'
  | 'addInstrument'
  | 'armWithin'
  | 'beginInstant'
  | 'measureAccount'
  | 'nominate'
  | 'nominateAll'
  | 'recheckAccount'
  | 'recheckNominated'
  | 'takeProven'
  | 'refreshZones'
  | 'removeAccount'
  | 'removeRows'
  | 'scan'
  | 'setAccountLevel'
  | 'setCharge'
  | 'setConstant'
  | 'setStamp'

/** What one instance of the module exports. */
export interface KernelExports extends Pick<Kernel, SameInBoth> {
  readonly memory: { readonly buffer: ArrayBuffer }
  layoutVersion(): number
  lanes(): number
  columnPointer(column: number): number
  reserve(rows: number, accounts: number, instruments: number, curves: number, pieces: number): number
  setRuleLevels(rule: number, count: number): void
  setLevelRatio(place: number, ratio: number): void
  setLevelFactor(place: number, coordinate: number, factor: number): void
  setAccountRule(account: number, rule: number, nested: number): void
  setAccountAlways(account: number, always: number): void
  setReleaseFactor(factor: number): void
  /** The curve, NONE or NO_PIECES. */
  addCurve(form: number, pieceCount: number): number
  setPiece(curve: number, at: number, cap: number, rate: number, deduction: number, square: number): void
  /** Rows that use the curve: 0 if it is freed, NONE if it was free. */
  freeCurve(curve: number): number
  /** The row, or NONE. */
  addRow(...row: Parameters<Kernel['addRow']>): number
  setMark(instrument: number, mark: number): number
  measuredLevel(): number
  measuredMarginBalance(): number
  measuredMaintenanceMargin(): number
  unknownAccounts(): number
}

/** Instantiates the binary of the variant. Throws what the engine throws when it has no SIMD. */
export function instantiate(variant: WasmVariant): KernelExports {
  const name = variant === 'wasm-simd' ? 'simd' : 'scalar'
  const path = createRequire(import.meta.url).resolve(`#wasm/${name}.wasm`)
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyEngine }
  const module = new WebAssembly.Module(readFileSync(path))
  const abort = (): never => {
    throw new Error('invariant broken: the kernel aborted')
  }
  const instance = new WebAssembly.Instance(module, { env: { abort } })
  return instance.exports as KernelExports
}

/** What is used of the engine; the compiler's library for Node does not declare it. */
interface WebAssemblyEngine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { readonly exports: unknown }
}
