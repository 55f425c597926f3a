import { describe, expect, it } from 'vitest'
import {
  COORDINATE_PRICE,
  COORDINATE_RECIPROCAL,
  type CurvePiece,
  KERNEL_VARIANTS,
  openKernel,
  ratioLevels,
} from '../../src/kernel/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { between } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_128)
const STEPS = 20_000
const LIVE_MAX = 60
const CURVE_PIECES_MAX = 256

/** What the test knows of a live curve: its pieces, and an account with one row on it. */
interface Known {
  readonly coordinate: number
  readonly pieces: readonly CurvePiece[]
  account: number | undefined
}

function drawPieces(random: () => number): CurvePiece[] {
  const count = random() < 0.05 ? between(random, 1, CURVE_PIECES_MAX) : between(random, 1, 12)
  let cap = 0
  return Array.from({ length: count }, () => {
    cap += between(random, 1, 100)
    return { cap, rate: random(), deduction: between(random, 0, 1_000) }
  })
}

function maintenanceAt({ coordinate, pieces }: Known, mark: number): number {
  const y = coordinate === COORDINATE_PRICE ? mark : 1 / mark
  const { rate, deduction } = pieces.find(({ cap }) => y <= cap) ?? pieces.at(-1)!
  return rate * y - deduction
}

/** The smallest power of two that holds them. */
const spanOf = (count: number) => 2 ** Math.ceil(Math.log2(count))

describe.each(KERNEL_VARIANTS)(`curves of kernel %s (seed ${SEED})`, (variant) => {
  it('keep their pieces while others are added, freed and added again, in places that are used again', () => {
    const random = seededRandom(SEED)
    const kernel = openKernel(variant)
    kernel.setReleaseFactor(1)
    kernel.setRule(0, ratioLevels([1]))
    const instrument = kernel.addInstrument()
    const known = new Map<number, Known>()
    const lived = new Map<number, number>()
    const most = new Map<number, number>()
    let places = 0
    const add = () => {
      const coordinate = random() < 0.5 ? COORDINATE_PRICE : COORDINATE_RECIPROCAL
      const pieces = drawPieces(random)
      const curve = kernel.addCurve(coordinate, pieces)
      expect(known.has(curve)).toBe(false)
      known.set(curve, { coordinate, pieces, account: undefined })
      count(pieces.length, 1)
    }
    const count = (pieces: number, change: number) => {
      const span = spanOf(pieces)
      const now = (lived.get(span) ?? 0) + change
      lived.set(span, now)
      if (now > (most.get(span) ?? 0)) {
        most.set(span, now)
        places++
      }
    }
    const anyCurve = () => [...known.keys()][between(random, 0, known.size - 1)]!
    const use = (curve: number) => {
      const of = known.get(curve)!
      if (of.account === undefined) {
        of.account = kernel.addAccount(0, 0)
        kernel.addRow(of.account, instrument, curve, 0, 0, 1, 0)
      } else {
        kernel.removeAccount(of.account)
        of.account = undefined
      }
    }
    const free = (curve: number) => {
      const { account, pieces } = known.get(curve)!
      if (account !== undefined) {
        expect(() => kernel.freeCurve(curve)).toThrow(`curve ${curve} is freed while 1 rows use it`)
        kernel.removeRows(account)
        kernel.removeAccount(account)
      }
      kernel.freeCurve(curve)
      known.delete(curve)
      count(pieces.length, -1)
      expect(() => kernel.freeCurve(curve)).toThrow(`curve ${curve} is freed twice`)
    }
    for (let step = 0; step < STEPS; step++) {
      const draw = random()
      if (known.size === 0 || (known.size < LIVE_MAX && draw < 0.4)) add()
      else if (draw < 0.7) use(anyCurve())
      else free(anyCurve())
      if (step % 10 !== 0) continue
      kernel.beginInstant()
      const mark = random() < 0.5 ? 1 / (600 * random()) : 600 * random()
      kernel.setMark(instrument, mark)
      for (const of of known.values()) {
        if (of.account === undefined) continue
        kernel.measureAccount(of.account)
        expect(kernel.measuredMaintenanceMargin).toBe(maintenanceAt(of, mark))
      }
    }
    // A number is new only where more curves of a size live than ever before.
    expect(Math.max(...known.keys())).toBeLessThan(places)
    expect(places).toBeLessThan(STEPS / 20)
  })

  it('do not use up the kernel in a year of rule changes', () => {
    const kernel = openKernel(variant)
    kernel.setReleaseFactor(1)
    kernel.setRule(0, ratioLevels([1]))
    const pieces = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ cap: at + 1, rate: 0.01, deduction: 0 }))
    const live = Array.from({ length: 500 }, (_, at) =>
      kernel.addCurve(COORDINATE_PRICE, pieces(1 + (at % 12))),
    )
    const bytes = kernel.byteLength
    for (let change = 0; change < 70_000; change++) {
      const at = change % live.length
      kernel.freeCurve(live[at]!)
      live[at] = kernel.addCurve(COORDINATE_PRICE, pieces(1 + (at % 12)))
    }
    expect(kernel.byteLength).toBe(bytes)
    expect(Math.max(...live)).toBeLessThan(500)
  })

  it('hold 1 to 256 pieces, and no row once they are free', () => {
    const kernel = openKernel(variant)
    const piece = { cap: 1, rate: 0.01, deduction: 0 }
    expect(() => kernel.addCurve(COORDINATE_PRICE, [])).toThrow('a curve of 0 pieces')
    const many = Array.from({ length: CURVE_PIECES_MAX + 1 }, () => piece)
    expect(() => kernel.addCurve(COORDINATE_PRICE, many)).toThrow('a curve of 257 pieces; the limit is 256')
    const curve = kernel.addCurve(COORDINATE_PRICE, [piece])
    const account = kernel.addAccount(0, 0)
    const instrument = kernel.addInstrument()
    kernel.freeCurve(curve)
    expect(() => kernel.addRow(account, instrument, curve, 0, 1, 1, 0)).toThrow('which is free')
    expect(() => kernel.addRow(account, instrument, 60_000, 0, 1, 1, 0)).toThrow('which is free')
  })
})
