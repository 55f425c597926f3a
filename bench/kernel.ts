import {
  COORDINATE_FALLS,
  COORDINATE_PRICE,
  type Kernel,
  type KernelVariant,
  kernelLevelsOf,
  openKernel,
  RECHECKED_MAX,
} from '../src/kernel/index.ts'
import { levelRule } from '../src/margin/index.ts'
import { seededRandom } from '../src/system/index.ts'
import { type Effort, hashOf, type Measured, measure } from './harness.ts'

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

/** Distances of the default warning levels of the worker and of liquidation, and its default hysteresis. */
const DISTANCES = [0.1, 0.05, 0.02, 0]
const LEVELS = kernelLevelsOf(levelRule(['10%', '5%', '2%']))
const RELEASE_FACTOR = 1.01

/** Accounts as objects in a map by id, with their positions in an array, as most programs hold them. */
interface AccountObject {
  readonly id: string
  readonly row: number
  readonly level: number
  readonly positions: readonly PositionObject[]
}

interface PositionObject {
  readonly symbol: string
  readonly size: number
  readonly entryPrice: number
  readonly isolatedMargin: number
}

export interface KernelBench {
  readonly hash: string
  readonly changes: number
  /** Memory of the SIMD kernel with this book, a position. */
  readonly bytesPerPosition: number
  readonly results: readonly Measured[]
}

/**
 * One tick of a quiet market over `rows` isolated positions on one instrument, in every variant, and then one
 * crash tick after which the same accounts must have left their level in all. Throws when two variants disagree.
 */
export function benchKernel(rows: number, seed: number, effort: Effort): KernelBench {
  const accounts = makeAccounts(rows, seed)
  const results: Measured[] = []
  const hashes = new Map<string, string>()

  const naive = (mark: number) => naiveScan(accounts, mark)
  let turn = 0
  results.push(measure('naive-objects', rows, effort, () => naive(quietMark(turn++)).length))
  const expected = naive(CRASH_MARK)
  hashes.set('naive-objects', hashOf(expected))

  let bytesPerPosition = 0
  for (const [variant, kernelVariant, walk] of VARIANTS) {
    const kernel = loadKernel(openKernel(kernelVariant), accounts)
    instant(kernel, START_MARK, 'nominate')
    results.push(measure(variant, rows, effort, () => instant(kernel, quietMark(turn++), walk)))
    const found: number[] = []
    instant(kernel, CRASH_MARK, walk, found)
    hashes.set(variant, hashOf(found.sort((a, b) => a - b)))
    if (kernelVariant === 'wasm-simd') bytesPerPosition = kernel.byteLength / rows
  }
  const distinct = new Set(hashes.values())
  if (distinct.size !== 1) throw new Error(`variants disagree on the crash tick: ${[...hashes].join(' ')}`)
  return { hash: [...distinct][0]!, changes: expected.length, bytesPerPosition, results }
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

function makeAccounts(rows: number, seed: number): Map<string, AccountObject> {
  const random = seededRandom(seed)
  const accounts = new Map<string, AccountObject>()
  for (let row = 0; row < rows; row++) {
    const sign = random() < 0.6 ? 1 : -1
    const entryPrice = START_MARK * (0.97 + 0.06 * random())
    // Log-normal notional with a median of 2,000.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const size = (sign * 2_000 * Math.exp(1.6 * normal)) / entryPrice
    // Margin of 15 % to 59 % of the entry value: nothing is near a level at the start.
    const isolatedMargin = Math.abs(size) * entryPrice * (0.15 + 0.44 * random() ** 2)
    const id = `account-${row}`
    accounts.set(id, {
      id,
      row,
      level: 0,
      positions: [{ symbol: 'BTCUSDT', size, entryPrice, isolatedMargin }],
    })
  }
  return accounts
}

/** Rows of the accounts that have left their level. */
function naiveScan(accounts: ReadonlyMap<string, AccountObject>, mark: number): number[] {
  const changed: number[] = []
  for (const account of accounts.values()) {
    const { level } = account
    const rises = level < DISTANCES.length && naiveSlack(account, mark, DISTANCES[level]!, 1) <= 0
    const falls = level > 0 && naiveSlack(account, mark, DISTANCES[level - 1]!, RELEASE_FACTOR) >= 0
    if (rises || falls) changed.push(account.row)
  }
  return changed
}

/** Margin balance less the weighted maintenance margin at the mark moved against each position by the distance. */
function naiveSlack({ positions }: AccountObject, mark: number, distance: number, weight: number): number {
  let slack = 0
  for (const { size, entryPrice, isolatedMargin } of positions) {
    const moved = mark * (size > 0 ? 1 - distance : 1 + distance)
    const notional = Math.abs(size) * moved
    const tier = TIERS.find(({ cap }) => notional <= cap) ?? TIERS.at(-1)!
    slack += isolatedMargin + size * (moved - entryPrice)
    slack -= weight * (notional * tier.maintenanceMarginRate - tier.maintenanceDeduction)
  }
  return slack
}

function loadKernel(kernel: Kernel, accounts: ReadonlyMap<string, AccountObject>): Kernel {
  kernel.setReleaseFactor(RELEASE_FACTOR)
  kernel.setRule(0, LEVELS)
  kernel.reserve({ rows: accounts.size, accounts: accounts.size })
  const instrument = kernel.addInstrument()
  const pieces = TIERS.map((tier) => ({
    cap: tier.cap,
    rate: tier.maintenanceMarginRate,
    deduction: tier.maintenanceDeduction,
  }))
  const longCurve = kernel.addCurve(COORDINATE_PRICE + COORDINATE_FALLS, pieces)
  const shortCurve = kernel.addCurve(COORDINATE_PRICE, pieces)
  for (const { positions } of accounts.values()) {
    const { size, entryPrice, isolatedMargin } = positions[0]!
    const account = kernel.addAccount(isolatedMargin, 0)
    const curve = size > 0 ? longCurve : shortCurve
    kernel.addRow(account, instrument, curve, -size * entryPrice, size, Math.abs(size), 0)
  }
  return kernel
}

/** One whole tick as in the worker: mark, nominations, re-checks, zones. Returns the number of suspects. */
function instant(kernel: Kernel, mark: number, walk: 'nominate' | 'scan', found?: number[]): number {
  kernel.beginInstant()
  kernel.setMark(0, mark)
  const nominated = walk === 'scan' ? kernel.scan() : kernel.nominate()
  let all = 0
  for (let from = 0; from < nominated; from += RECHECKED_MAX) {
    const suspects = kernel.recheckNominated(from, Math.min(from + RECHECKED_MAX, nominated))
    for (let at = 0; at < suspects; at++) found?.push(kernel.suspectAccount(at))
    all += suspects
  }
  kernel.refreshZones()
  return all
}
