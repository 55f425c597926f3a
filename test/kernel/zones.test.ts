import { describe, expect, it } from 'vitest'
import * as layout from '../../assembly/layout.ts'
import {
  COORDINATE_PRICE,
  KERNEL_VARIANTS,
  type Kernel,
  RECHECKED_MAX,
  ratioLevels,
} from '../../src/kernel/index.ts'
import { TypescriptKernel } from '../../src/kernel/typescript.ts'
import { WasmKernel } from '../../src/kernel/wasm.ts'
import { instantiate } from '../../src/kernel/wasm-module.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { between } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_128)
const STEPS = 3_000
const INSTRUMENTS = 3
/** Several groups of 64 blocks of 64 rows for the first instrument. */
const ROWS_MIN = 9_000

/** The columns that make up zones, as they lie in the kernel's memory now. */
interface ZoneColumns {
  readonly rowLow: ArrayLike<number>
  readonly rowHigh: ArrayLike<number>
  readonly blockZoneLow: ArrayLike<number>
  readonly blockZoneHigh: ArrayLike<number>
  readonly blockZoneBlock: ArrayLike<number>
  readonly groupLow: ArrayLike<number>
  readonly groupHigh: ArrayLike<number>
  readonly groupCount: ArrayLike<number>
}

function open(variant: (typeof KERNEL_VARIANTS)[number]): { kernel: Kernel; columns: () => ZoneColumns } {
  if (variant === 'typescript') {
    const kernel = new TypescriptKernel()
    return { kernel, columns: () => kernel.columns }
  }
  const wasm = instantiate(variant)
  const f64 = (column: number) => new Float64Array(wasm.memory.buffer, wasm.columnPointer(column))
  const i32 = (column: number) => new Int32Array(wasm.memory.buffer, wasm.columnPointer(column))
  const columns = () => ({
    rowLow: f64(layout.COLUMN_ROW_LOW),
    rowHigh: f64(layout.COLUMN_ROW_HIGH),
    blockZoneLow: f64(layout.COLUMN_BLOCK_ZONE_LOW),
    blockZoneHigh: f64(layout.COLUMN_BLOCK_ZONE_HIGH),
    blockZoneBlock: i32(layout.COLUMN_BLOCK_ZONE_BLOCK),
    groupLow: f64(layout.COLUMN_GROUP_LOW),
    groupHigh: f64(layout.COLUMN_GROUP_HIGH),
    groupCount: i32(layout.COLUMN_GROUP_COUNT),
  })
  return { kernel: new WasmKernel(wasm, variant), columns }
}

/** How many zones are not those that their rows have. */
function differentZones(columns: ZoneColumns): number {
  let different = 0
  const compare = (low: number, high: number, highestLow: number, lowestHigh: number) => {
    if (low !== highestLow || high !== lowestHigh) different++
  }
  for (let group = 0; columns.groupCount[group]! > 0; group++) {
    let [groupLow, groupHigh] = [-Infinity, Infinity]
    for (let at = 0; at < columns.groupCount[group]!; at++) {
      const zone = group * layout.GROUP_BLOCKS + at
      let [low, high] = [-Infinity, Infinity]
      const first = columns.blockZoneBlock[zone]! * layout.BLOCK_ROWS
      for (let row = first; row < first + layout.BLOCK_ROWS; row++) {
        low = Math.max(low, columns.rowLow[row]!)
        high = Math.min(high, columns.rowHigh[row]!)
      }
      compare(columns.blockZoneLow[zone]!, columns.blockZoneHigh[zone]!, low, high)
      groupLow = Math.max(groupLow, low)
      groupHigh = Math.min(groupHigh, high)
    }
    compare(columns.groupLow[group]!, columns.groupHigh[group]!, groupLow, groupHigh)
  }
  return different
}

describe.each(KERNEL_VARIANTS)(`zones of kernel %s (seed ${SEED})`, (variant) => {
  it('equal, after a refresh, zones that are computed from all rows', () => {
    const random = seededRandom(SEED)
    const { kernel, columns } = open(variant)
    kernel.setReleaseFactor(1.01)
    kernel.setRule(0, ratioLevels([0.5, 0.9, 1]))
    for (let i = 0; i < INSTRUMENTS; i++) kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, [
      { cap: 120, rate: 0.01, deduction: 0 },
      { cap: 1e15, rate: 0.02, deduction: 1.2 },
    ])
    const accounts: number[] = []
    const addRows = (account: number) => {
      for (let i = between(random, 1, 3); i > 0; i--) {
        const side = random() < 0.5 ? 1 : -1
        // Most rows are of the first instrument, so that it has several groups.
        const instrument = random() < 0.7 ? 0 : between(random, 1, INSTRUMENTS - 1)
        kernel.addRow(account, instrument, curve, -100 * side, side, 1, 0)
      }
    }
    const add = () => {
      const account = kernel.addAccount(1 + 60 * random(), 0)
      accounts.push(account)
      addRows(account)
    }
    const anyIndex = () => between(random, 0, accounts.length - 1)
    const marks = [100, 100, 100]
    const tick = () => {
      kernel.beginInstant()
      for (let i = 0; i < INSTRUMENTS; i++) {
        if (random() < 0.4) continue
        marks[i] = Math.min(160, Math.max(60, marks[i]! * (1 + 0.02 * (random() - 0.5))))
        kernel.setMark(i, marks[i]!)
      }
      const nominated = kernel.nominate()
      for (let from = 0; from < nominated; from += RECHECKED_MAX) {
        const suspects = kernel.recheckNominated(from, Math.min(from + RECHECKED_MAX, nominated))
        kernel.takeProven(0, suspects)
      }
    }
    const steps = [
      add,
      () => kernel.removeAccount(accounts.splice(anyIndex(), 1)[0]!),
      () => {
        const account = accounts[anyIndex()]!
        kernel.removeRows(account)
        addRows(account)
      },
      () => kernel.recheckAccount(accounts[anyIndex()]!),
      tick,
    ]
    while (accounts.length < ROWS_MIN / 1.4) add()
    for (let i = 0; i < INSTRUMENTS; i++) {
      kernel.beginInstant()
      kernel.setMark(i, 100)
      kernel.refreshZones()
    }
    for (const account of accounts) kernel.recheckAccount(account)
    let different = 0
    for (let step = 0; step < STEPS; step++) {
      steps[between(random, 0, steps.length - 1)]!()
      if (step % 10 !== 0) continue
      different += differentZones(columns())
      kernel.refreshZones()
      expect(differentZones(columns())).toBe(0)
    }
    // Zones wait for a refresh often enough, or the comparison would show nothing.
    expect(different).toBeGreaterThan(STEPS / 10)
    expect(columns().groupCount[1]).toBeGreaterThan(0)
  }, 60_000)
})
