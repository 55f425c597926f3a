import { COORDINATE_PRICE, type Kernel, type KernelVariant, openKernel } from '../src/kernel/index.ts'
import { type Effort, hashOf, type Measured, measure, seededRandom } from './harness.ts'

export const DEFAULT_ROWS = [10_000, 100_000, 1_000_000]
export const DEFAULT_SEED = 20_261_122

const START_MARK = 60_000
const CRASH_MARK = 52_000
/** The first tiers of Bybit BTCUSDT (riskLimitValue, MMR, mmDeduction; copy of 2026-08-05). */
const TIERS = [
  { cap: 2_000_000, maintenanceMarginRate: 0.005, maintenanceDeduction: 0 },
  { cap: 2_600_000, maintenanceMarginRate: 0.0056, maintenanceDeduction: 1_200 },
  { cap: 3_200_000, maintenanceMarginRate: 0.0063, maintenanceDeduction: 3_020 },
  { cap: 3_800_000, maintenanceMarginRate: 0.0067, maintenanceDeduction: 4_300 },
]

/** A position as most programs hold it: one object each, in a map by its id. */
interface PositionObject {
  readonly id: number
  readonly size: number
  readonly entryPrice: number
  readonly isolatedMargin: number
  readonly tiers: typeof TIERS
}

export interface KernelBench {
  readonly hash: string
  readonly breaches: number
  readonly results: readonly Measured[]
}

/**
 * One tick of a quiet market over `rows` isolated positions on one instrument, in every variant, and then one
 * crash tick whose breaches must be the same for all. Throws when two variants disagree.
 */
export function benchKernel(rows: number, seed: number, effort: Effort): KernelBench {
  const positions = makePositions(rows, seed)
  const results: Measured[] = []
  const hashes = new Map<string, string>()
  let breaches = 0

  const naive = (mark: number) => naiveScan(positions, mark)
  let sink = 0
  let turn = 0
  results.push(measure('naive-objects', rows, effort, () => void (sink += naive(quietMark(turn++)).length)))
  const expected = naive(CRASH_MARK)
  breaches = expected.length
  hashes.set('naive-objects', hashOf(expected))

  for (const [variant, kernelVariant, walk] of VARIANTS) {
    const kernel = loadKernel(openKernel(kernelVariant), positions)
    instant(kernel, START_MARK, 'nominate')
    results.push(
      measure(variant, rows, effort, () => void (sink += instant(kernel, quietMark(turn++), walk))),
    )
    const suspects = instant(kernel, CRASH_MARK, walk)
    const found = Array.from({ length: suspects }, (_, i) => kernel.suspectAccount(i)).sort((a, b) => a - b)
    hashes.set(variant, hashOf(found))
  }
  if (sink < 0) throw new Error('unreachable; keeps the counts alive')
  const distinct = new Set(hashes.values())
  if (distinct.size !== 1) throw new Error(`variants disagree on the crash tick: ${[...hashes].join(' ')}`)
  return { hash: [...distinct][0]!, breaches, results }
}

const VARIANTS: readonly (readonly [string, KernelVariant, 'nominate' | 'scan'])[] = [
  ['ts-scan', 'typescript', 'scan'],
  ['ts-triggers', 'typescript', 'nominate'],
  ['wasm-scalar-scan', 'wasm-scalar', 'scan'],
  ['wasm-simd-scan', 'wasm-simd', 'scan'],
  ['wasm-simd-triggers', 'wasm-simd', 'nominate'],
]

/** A quiet market: one to three basis points around the start, below every trigger. */
function quietMark(turn: number): number {
  return START_MARK * (1 + ((turn % 7) - 3) * 1e-4)
}

function makePositions(rows: number, seed: number): Map<string, PositionObject> {
  const random = seededRandom(seed)
  const positions = new Map<string, PositionObject>()
  for (let id = 0; id < rows; id++) {
    const long = random() < 0.6
    const entryPrice = START_MARK * (0.97 + 0.06 * random())
    const size = (long ? 1 : -1) * (0.001 + 40 * random() ** 8)
    // Margin of 6 % to 50 % of the entry value: nothing is near its line at the start.
    const isolatedMargin = Math.abs(size) * entryPrice * (0.06 + 0.44 * random() ** 2)
    positions.set(`account-${id}`, { id, size, entryPrice, isolatedMargin, tiers: TIERS })
  }
  return positions
}

function naiveScan(positions: ReadonlyMap<string, PositionObject>, mark: number): number[] {
  const breached: number[] = []
  for (const position of positions.values()) {
    const notional = Math.abs(position.size) * mark
    const tier = position.tiers.find(({ cap }) => notional <= cap) ?? position.tiers.at(-1)!
    const unrealizedPnl = position.size * (mark - position.entryPrice)
    const marginBalance = position.isolatedMargin + unrealizedPnl
    const maintenanceMargin = notional * tier.maintenanceMarginRate - tier.maintenanceDeduction
    if (marginBalance <= maintenanceMargin) breached.push(position.id)
  }
  return breached
}

function loadKernel(kernel: Kernel, positions: ReadonlyMap<string, PositionObject>): Kernel {
  kernel.setLevels([1], 1.01)
  kernel.reserve({ rows: positions.size, accounts: positions.size })
  const instrument = kernel.addInstrument()
  const pieces = TIERS.map((tier) => ({
    cap: tier.cap,
    rate: tier.maintenanceMarginRate,
    deduction: tier.maintenanceDeduction,
  }))
  const tierTable = kernel.addTable(COORDINATE_PRICE, pieces)
  for (const { size, entryPrice, isolatedMargin } of positions.values()) {
    const account = kernel.addAccount(isolatedMargin, 0)
    kernel.addRow(account, instrument, tierTable, -size * entryPrice, size, Math.abs(size), 0)
  }
  return kernel
}

/** One whole tick as the worker does it: mark, nominations, re-checks, zones. Returns the suspects. */
function instant(kernel: Kernel, mark: number, walk: 'nominate' | 'scan'): number {
  kernel.beginInstant()
  kernel.setMark(0, mark)
  const fired = walk === 'scan' ? kernel.scan() : kernel.nominate()
  const suspects = kernel.recheckFired(0, fired)
  kernel.refreshZones()
  return suspects
}
