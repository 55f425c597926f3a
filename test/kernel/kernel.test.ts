import { describe, expect, it } from 'vitest'
import {
  ACCOUNTS_MAX,
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  COORDINATE_PRICE,
  COORDINATE_RECIPROCAL,
  CURVE_CHARGED,
  KERNEL_VARIANTS,
  type Kernel,
  LEVEL_NONE,
  openKernel,
  RECHECKED_MAX,
  ratioLevels,
  undecidedLevel,
} from '../../src/kernel/index.ts'
import { CAPACITY_MAX, nextCapacity } from '../../src/kernel/limits.ts'

describe('a step of growth', () => {
  it('adds half, ends at the limit, and is refused only there', () => {
    expect(nextCapacity('accounts', 0)).toBe(1_024)
    expect(nextCapacity('accounts', 1_025)).toBe(1_538)
    expect(nextCapacity('accounts', ACCOUNTS_MAX - 1)).toBe(ACCOUNTS_MAX)
    expect(() => nextCapacity('accounts', ACCOUNTS_MAX)).toThrow(/16777216/)
  })
})

const ONE_TIER = [{ cap: 1e15, rate: 0.005, deduction: 0 }]

function open(variant: (typeof KERNEL_VARIANTS)[number]): Kernel {
  const kernel = openKernel(variant)
  kernel.setReleaseFactor(1.01)
  kernel.setRule(0, ratioLevels([0.5, 0.7, 0.9, 1]))
  return kernel
}

/** One instant: sets the marks, nominates, re-checks, refreshes; returns what the host would look at. */
function instant(kernel: Kernel, marks: readonly (readonly [number, number])[]) {
  kernel.beginInstant()
  for (const [instrument, mark] of marks) kernel.setMark(instrument, mark)
  const nominated = kernel.nominate()
  const list: number[][] = []
  for (const suspects of recheckAll(kernel, nominated)) {
    for (let i = 0; i < suspects; i++) list.push([kernel.suspectAccount(i), kernel.suspectAnswer(i)])
  }
  kernel.refreshZones()
  return { nominated, suspects: list }
}

/** Re-checks the nominated accounts, as many in one call as it takes; the number of suspects of each call. */
function* recheckAll(kernel: Kernel, nominated: number): Generator<number> {
  for (let from = 0; from < nominated; from += RECHECKED_MAX) {
    yield kernel.recheckNominated(from, Math.min(from + RECHECKED_MAX, nominated))
  }
}

describe.each(KERNEL_VARIANTS)('kernel %s', (variant) => {
  it('nominates a long only when its mark falls to a level, and tells the level apart from rounding', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    // long 1 @ 100, margin 10: ratio 0.5 at mark m where 0.5 (10 + m - 100) = 0.005 m, m = 90.909...
    const account = kernel.addAccount(10, 0)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    expect(instant(kernel, [[instrument, 100]])).toEqual({ nominated: 1, suspects: [] })
    expect(instant(kernel, [[instrument, 91]])).toEqual({ nominated: 0, suspects: [] })
    expect(instant(kernel, [[instrument, 90.9]])).toEqual({
      nominated: 1,
      suspects: [[account, ANSWER_ACROSS]],
    })
    kernel.setAccountLevel(account, 1)
    expect(kernel.recheckAccount(account)).toBe(ANSWER_SAFE)
    kernel.refreshZones()
    // leaving level 1 needs 0.5 (10 + m - 100) >= 1.01 * 0.005 m: m = 90.918...
    expect(instant(kernel, [[instrument, 90.915]]).suspects).toEqual([])
    expect(instant(kernel, [[instrument, 90.93]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('calls a mark on the line too close for f64', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, [{ cap: 1e15, rate: 0.5, deduction: 0 }])
    // long 1 @ 100, margin 50, level 3 (0.9): breach where 50 + m - 100 = 0.5 m, m = 100 exactly.
    const account = kernel.addAccount(50, 3)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    expect(instant(kernel, [[instrument, 100]]).suspects).toEqual([[account, ANSWER_CLOSE]])
    expect(instant(kernel, [[instrument, 100 + 2 ** -46]]).suspects).toEqual([[account, ANSWER_CLOSE]])
    expect(instant(kernel, [[instrument, 99.99]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('proves nothing within the uncertainty of an account, which setConstant replaces', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, [{ cap: 1e15, rate: 0.5, deduction: 0 }])
    // long 1 @ 100, margin 50: liquidated at 100; at 99.5 by 0.25, at 100.5 not by 0.25
    const account = kernel.addAccount(50, 3, 0.2)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    expect(instant(kernel, [[instrument, 99.5]]).suspects).toEqual([[account, ANSWER_CLOSE]])
    expect(instant(kernel, [[instrument, 100.5]]).suspects).toEqual([[account, ANSWER_CLOSE]])
    kernel.setConstant(account, 50, 0.1)
    expect(instant(kernel, [[instrument, 99.5]]).suspects).toEqual([[account, ANSWER_ACROSS]])
    kernel.removeAccount(account)
    const next = kernel.addAccount(50, 3)
    kernel.addRow(next, instrument, curve, -100, 1, 1, 0)
    expect(instant(kernel, [[instrument, 99.5]]).suspects).toEqual([[next, ANSWER_ACROSS]])
    expect(() => kernel.addAccount(50, 3, -1)).toThrow('uncertainty -1')
    expect(() => kernel.setConstant(next, 50, Number.NaN)).toThrow('uncertainty NaN')
    expect(() => kernel.setConstant(next, 50, Number.POSITIVE_INFINITY)).toThrow('uncertainty Infinity')
  })

  it('fires rows of 1/mark at the mark at which the curve crosses', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_RECIPROCAL, ONE_TIER)
    // inverse long N = 10,000 @ 8,000: contribution 10,000 (1/8,000 - x), margin 0.125
    const account = kernel.addAccount(0.125, 3)
    kernel.addRow(account, instrument, curve, 1.25, -10_000, 10_000, 0)
    instant(kernel, [[instrument, 7_900]])
    kernel.setAccountLevel(account, 3)
    // 0.9 (1.375 - 10,000 x) = 50 x at m = 7,313.13...; breach 10,050 / 1.375 = 7,309.0909
    instant(kernel, [[instrument, 7_312]])
    expect(instant(kernel, [[instrument, 7_309.091]]).suspects).toEqual([])
    expect(instant(kernel, [[instrument, 7_309.0909]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('asks for the square of a value, and fires before a rise of x that the square turns', () => {
    const kernel = openKernel(variant)
    kernel.setReleaseFactor(1)
    kernel.setRule(0, ratioLevels([1]))
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_RECIPROCAL, [
      { cap: 1_000, rate: 0, deduction: 0, square: 0.001 },
    ])
    // 101 - x - x² / 1,000 is 0 where x is 92.5; a straight line from x = 1 meets 0 behind it
    const account = kernel.addAccount(100, 0)
    kernel.addRow(account, instrument, curve, 1, -1, 1, 0)
    expect(instant(kernel, [[instrument, 1]])).toEqual({ nominated: 1, suspects: [] })
    expect(kernel.measuredMaintenanceMargin).toBe(0.001)
    expect(instant(kernel, [[instrument, 1 / 1.9]])).toEqual({ nominated: 0, suspects: [] })
    expect(instant(kernel, [[instrument, 1 / 93]])).toEqual({
      nominated: 1,
      suspects: [[account, ANSWER_ACROSS]],
    })
  })

  it('proves nothing of a value in a piece whose square is not known', () => {
    const kernel = openKernel(variant)
    kernel.setReleaseFactor(1)
    kernel.setRule(0, ratioLevels([0.5, 1]))
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_RECIPROCAL, [
      { cap: 10, rate: 0.01, deduction: 0, square: 0.001 },
      { cap: 20, rate: 0.01, deduction: 0, square: Number.POSITIVE_INFINITY },
    ])
    const account = kernel.addAccount(100, 0)
    kernel.addRow(account, instrument, curve, 1, -1, 1, 0)
    expect(instant(kernel, [[instrument, 0.2]]).suspects).toEqual([])
    expect(instant(kernel, [[instrument, 0.09]]).suspects).toEqual([[account, ANSWER_CLOSE]])
    expect(kernel.measuredLevel).toBe(LEVEL_NONE)
    expect(instant(kernel, [[instrument, 0.04]]).suspects).toEqual([[account, ANSWER_CLOSE]])
    expect(instant(kernel, [[instrument, 0.2]])).toEqual({ nominated: 1, suspects: [] })
    kernel.setAccountLevel(account, 1)
    expect(instant(kernel, [[instrument, 0.05]]).suspects).toEqual([[account, ANSWER_CLOSE]])
  })

  it('charges rows by the side on which they gain, and nominates them when the charge changes', () => {
    const kernel = openKernel(variant)
    kernel.setReleaseFactor(1)
    kernel.setRule(0, ratioLevels([1]))
    const instrument = kernel.addInstrument()
    const pieces = [{ cap: 1_000, rate: 0, deduction: 0 }]
    const open = (coordinate: number, slope: number) => {
      const account = kernel.addAccount(10, 0)
      kernel.addRow(account, instrument, kernel.addCurve(coordinate, pieces), -100 * slope, slope, 1, 0)
      return account
    }
    const long = open(COORDINATE_PRICE + CURVE_CHARGED, 1)
    const short = open(COORDINATE_PRICE + CURVE_CHARGED, -1)
    const free = open(COORDINATE_PRICE, 1)
    const charge = (rate: number) => {
      kernel.beginInstant()
      const nominated = kernel.setCharge(instrument, rate)
      const suspects = kernel.recheckNominated(0, nominated)
      kernel.refreshZones()
      return Array.from({ length: suspects }, (_, at) => kernel.suspectAccount(at))
    }
    expect(instant(kernel, [[instrument, 100]]).suspects).toEqual([
      [long, ANSWER_CLOSE],
      [short, ANSWER_CLOSE],
    ])
    expect(charge(0.05)).toEqual([])
    expect(instant(kernel, [[instrument, 100.5]])).toEqual({ nominated: 0, suspects: [] })
    expect(charge(0.2)).toEqual([long])
    kernel.measureAccount(long)
    expect(kernel.measuredMaintenanceMargin).toBe(20)
    expect(charge(-0.2)).toEqual([short])
    kernel.removeAccount(long)
    kernel.removeAccount(short)
    kernel.beginInstant()
    expect(kernel.setCharge(instrument, 0.3)).toBe(0)
    expect(() => kernel.setCharge(instrument, Number.NaN)).toThrow('the kernel was given NaN')
    kernel.measureAccount(free)
    expect(kernel.measuredMaintenanceMargin).toBe(0)
  })

  it('takes squares on curves of reciprocals, on all pieces of one or on none', () => {
    const kernel = openKernel(variant)
    const piece = { cap: 1, rate: 0.01, deduction: 0 }
    expect(() => kernel.addCurve(COORDINATE_PRICE, [{ ...piece, square: 0.1 }])).toThrow('reciprocals')
    const some = [{ ...piece, square: 0.1 }, piece]
    expect(() => kernel.addCurve(COORDINATE_RECIPROCAL, some)).toThrow('squares 0.1, 0 of one curve')
  })

  it('re-checks a row that leaves its curve piece and uses the next one', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, [
      { cap: 1_000, rate: 0.01, deduction: 0 },
      { cap: 1e15, rate: 0.5, deduction: 490 },
    ])
    // short 10 @ 90, margin 200: at 100 notional 1,000, balance 100, maintenance 10
    const account = kernel.addAccount(200, 0)
    kernel.addRow(account, instrument, curve, 900, -10, 10, 0)
    expect(instant(kernel, [[instrument, 99]])).toEqual({ nominated: 1, suspects: [] })
    expect(instant(kernel, [[instrument, 99.9]]).nominated).toBe(0)
    // past the cap the account is re-checked although its level has not changed
    expect(instant(kernel, [[instrument, 100.5]])).toEqual({ nominated: 1, suspects: [] })
    // 0.5 (1,100 - 10 m) = 5 m - 490, m = 104
    expect(instant(kernel, [[instrument, 103.9]]).suspects).toEqual([])
    expect(instant(kernel, [[instrument, 104.1]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('divides the slack of a cross account among its rows, so that no row can hide a joint fall', () => {
    const kernel = open(variant)
    const [a, b] = [kernel.addInstrument(), kernel.addInstrument()]
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(20, 3)
    kernel.addRow(account, a, curve, -100, 1, 1, 0)
    kernel.addRow(account, b, curve, -100, 1, 1, 0)
    expect(instant(kernel, [[a, 100]])).toEqual({ nominated: 1, suspects: [] })
    instant(kernel, [[b, 100]])
    kernel.setAccountLevel(account, 0)
    expect(kernel.recheckAccount(account)).toBe(ANSWER_SAFE)
    kernel.refreshZones()
    // alone, 88 leaves ratio 0.94 / 8 < 0.5; a second fall to 92 gives 0.9 / 0 and must be seen
    expect(instant(kernel, [[a, 88]]).suspects).toEqual([])
    expect(instant(kernel, [[b, 92]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('gives no verdict while a mark is missing and nominates until all are there', () => {
    const kernel = open(variant)
    const [a, b] = [kernel.addInstrument(), kernel.addInstrument()]
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(1, 0)
    kernel.addRow(account, a, curve, -100, 1, 1, 0)
    kernel.addRow(account, b, curve, -100, 1, 1, 0)
    expect(kernel.recheckAccount(account)).toBe(ANSWER_UNKNOWN)
    kernel.refreshZones()
    expect(instant(kernel, [[a, 50]])).toEqual({ nominated: 1, suspects: [] })
    expect(instant(kernel, [[a, 50]])).toEqual({ nominated: 1, suspects: [] })
    expect(instant(kernel, [[b, 100]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('says which level it proves and by which figures: over several levels, with hysteresis, nothing on a line', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, [{ cap: 1e15, rate: 0.1, deduction: 0 }])
    // long 1 @ 100, margin 20: balance m - 80, maintenance m / 10; levels at 100, 93.33, 90, 88.89
    const account = kernel.addAccount(20, 0)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    const found = (mark: number, level: number) => {
      kernel.setAccountLevel(account, level)
      kernel.beginInstant()
      kernel.setMark(instrument, mark)
      const measured = [kernel.measureAccount(account), kernel.measuredLevel]
      if (kernel.recheckNominated(0, kernel.nominateAll(instrument)) === 1) {
        expect(kernel.suspectAccount(0)).toBe(account)
        expect(kernel.suspectAnswer(0)).toBe(measured[0])
        expect(kernel.suspectLevel(0)).toBe(measured[1])
        expect(kernel.suspectMarginBalance(0)).toBe(20 + (mark - 100))
        expect(kernel.suspectMaintenanceMargin(0)).toBe(0.1 * mark)
      } else expect(measured[0]).toBe(ANSWER_SAFE)
      expect(kernel.measuredLevel).toBe(measured[1])
      expect(kernel.measuredMarginBalance).toBe(20 + (mark - 100))
      expect(kernel.measuredMaintenanceMargin).toBe(0.1 * mark)
      return measured
    }
    expect(found(110, 0)).toEqual([ANSWER_SAFE, 0])
    expect(found(92, 0)).toEqual([ANSWER_ACROSS, 2])
    expect(found(80, 0)).toEqual([ANSWER_ACROSS, 4])
    expect(found(70, 2)).toEqual([ANSWER_ACROSS, 4])
    expect(found(110, 4)).toEqual([ANSWER_ACROSS, 0])
    // liquidation is left where m - 80 >= 1.01 m / 10, at 88.988
    expect(found(88.95, 4)).toEqual([ANSWER_SAFE, 4])
    expect(found(89, 4)).toEqual([ANSWER_ACROSS, 3])
    expect(found(100, 0)).toEqual([ANSWER_CLOSE, LEVEL_NONE])
    expect(found(100, 4)).toEqual([ANSWER_ACROSS, LEVEL_NONE])
  })

  it('takes suspects to the levels that it proves, armed as by a level and a re-check of each', () => {
    const [taking, single] = [open(variant), open(variant)]
    for (const kernel of [taking, single]) {
      const instrument = kernel.addInstrument()
      const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
      for (let i = 0; i < 2_000; i++) {
        // Every 50th is exactly on its line at mark 95: nothing is proven of it.
        const margin = i % 50 === 0 ? 5.475 : 2 + (i % 97) / 10
        kernel.addRow(kernel.addAccount(margin, 0), instrument, curve, -100, 1, 1, 0)
      }
    }
    let taken = 0
    let close = 0
    for (const mark of [100, 95, 93, 97, 91, 104, 80, 95, 100]) {
      const [nominated] = [taking, single].map((kernel) => {
        kernel.beginInstant()
        kernel.setMark(0, mark)
        return kernel.nominate()
      })
      const singles = recheckAll(single, nominated!)
      for (const suspects of recheckAll(taking, nominated!)) {
        expect(singles.next().value).toBe(suspects)
        const half = suspects >> 1
        expect(taking.takeProven(0, half) + taking.takeProven(half, suspects)).toBe(0)
        for (let at = 0; at < suspects; at++) {
          const account = single.suspectAccount(at)
          const level = single.suspectLevel(at)
          if (level === LEVEL_NONE) close++
          else {
            taken++
            single.setAccountLevel(account, level)
            expect(single.recheckAccount(account)).not.toBe(ANSWER_ACROSS)
          }
          expect(taking.accountLevel(account)).toBe(single.accountLevel(account))
        }
      }
      for (const kernel of [taking, single]) kernel.refreshZones()
    }
    expect(taken).toBeGreaterThan(3_000)
    expect(close).toBeGreaterThan(0)
  })

  it('hands the next verdict to the host if it must be published, even if the level is the same', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, [{ cap: 1e15, rate: 0.1, deduction: 0 }])
    const account = kernel.addAccount(20, undecidedLevel(4))
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    const at = (mark: number) => {
      const { suspects } = instant(kernel, [[instrument, mark]])
      expect(suspects).toHaveLength(1)
      return [suspects[0]![1], kernel.suspectLevel(0)]
    }
    // with the hysteresis of the level that it comes from
    expect(at(88.95)).toEqual([ANSWER_ACROSS, 4])
    expect(at(89)).toEqual([ANSWER_ACROSS, 3])
    expect(at(88.95)).toEqual([ANSWER_ACROSS, 4])
    kernel.setAccountLevel(account, undecidedLevel(0))
    expect(undecidedLevel(0)).toBe(LEVEL_NONE)
    expect(at(88.95)).toEqual([ANSWER_ACROSS, 3])
    expect(at(100)).toEqual([ANSWER_CLOSE, LEVEL_NONE])
    expect(at(101)).toEqual([ANSWER_ACROSS, 0])
  })

  it('measures nothing when a mark is missing', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(20, 0)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    instant(kernel, [[instrument, 100]])
    expect(kernel.measuredMarginBalance).toBe(20)
    instant(kernel, [[instrument, 0]])
    expect(kernel.measureAccount(account)).toBe(ANSWER_UNKNOWN)
    expect(kernel.measuredLevel).toBe(LEVEL_NONE)
    expect(kernel.measuredMarginBalance).toBeNaN()
    expect(kernel.measuredMaintenanceMargin).toBeNaN()
  })

  it('hands an account without a level to the host as soon as its marks are known', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(1_000, LEVEL_NONE)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    expect(instant(kernel, [[instrument, 100]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('applies all marks of an instant before it judges', () => {
    const kernel = open(variant)
    const [a, b] = [kernel.addInstrument(), kernel.addInstrument()]
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(5, 0)
    kernel.addRow(account, a, curve, -100, 1, 1, 0)
    kernel.addRow(account, b, curve, 100, -1, 1, 0)
    instant(kernel, [
      [a, 100],
      [b, 100],
    ])
    expect(
      instant(kernel, [
        [a, 80],
        [b, 80],
      ]).suspects,
    ).toEqual([])
    expect(instant(kernel, [[a, 70]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('refuses a second mark of one instrument in one instant', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    kernel.beginInstant()
    expect(kernel.setMark(instrument, 100)).toBe(true)
    expect(kernel.setMark(instrument, 101)).toBe(false)
    expect(kernel.mark(instrument)).toBe(100)
  })

  it('forgets removed rows, and takes their places again', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const accounts = Array.from({ length: 200 }, () => {
      const account = kernel.addAccount(10, 0)
      kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
      return account
    })
    instant(kernel, [[instrument, 100]])
    const bytes = kernel.byteLength
    for (let round = 0; round < 50; round++) {
      for (const account of accounts.splice(0)) kernel.removeAccount(account)
      kernel.refreshZones()
      expect(instant(kernel, [[instrument, 1]]).nominated).toBe(0)
      for (let i = 0; i < 200; i++) {
        accounts.push(kernel.addAccount(10, 0))
        kernel.addRow(accounts[i]!, instrument, curve, -100, 1, 1, 0)
      }
    }
    expect(instant(kernel, [[instrument, 1]]).suspects).toHaveLength(200)
    expect(kernel.byteLength).toBe(bytes)
  })

  it('keeps every row and trigger through growth of all capacities', () => {
    const kernel = open(variant)
    const instruments = Array.from({ length: 300 }, () => kernel.addInstrument())
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const expected: number[][] = instruments.map(() => [])
    for (let i = 0; i < 20_000; i++) {
      const instrument = i % 300
      const account = kernel.addAccount(10, 0)
      kernel.addRow(account, instruments[instrument]!, curve, -100, 1, 1, 0)
      expected[instrument]!.push(account)
      if (i % 4_999 === 0)
        instant(
          kernel,
          instruments.map((number) => [number, 100] as const),
        )
    }
    instant(
      kernel,
      instruments.map((number) => [number, 100] as const),
    )
    for (const instrument of [0, 17, 299]) {
      const { suspects } = instant(kernel, [[instruments[instrument]!, 90]])
      expect(suspects.map(([account]) => account).sort((p, q) => p! - q!)).toEqual(expected[instrument])
    }
  })

  it('names the rows of an account and their instruments up to the last block of a capacity in part of a block', () => {
    const kernel = open(variant)
    kernel.reserve({ rows: 4_161, accounts: 4_224 })
    const [a, b] = [kernel.addInstrument(), kernel.addInstrument()]
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    for (let i = 0; i < 4_159; i++) kernel.addRow(kernel.addAccount(10, 0), a, curve, -100, 1, 1, 0)
    const account = kernel.addAccount(10, 0)
    kernel.addRow(account, a, curve, -100, 1, 1, 0)
    kernel.addRow(account, b, curve, -100, 1, 1, 0)
    const last = kernel.firstRow(account)
    const before = kernel.nextRow(last)
    expect([kernel.instrumentOf(last), kernel.instrumentOf(before)]).toEqual([b, a])
    expect(kernel.nextRow(before)).toBe(-1)
  })

  it('nominates an account that the host has armed once a mark has moved as far, and again on every tick then', () => {
    const kernel = open(variant)
    const [one, other] = [kernel.addInstrument(), kernel.addInstrument()]
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(1, 0)
    kernel.setAccountAlways(account, true)
    const decided = kernel.addAccount(50, 0)
    kernel.addRow(account, one!, curve, -100, 1, 1, 0)
    kernel.addRow(account, other!, curve, -100, 1, 1, 0)
    kernel.addRow(decided, one!, curve, -100, 1, 1, 0)
    expect([kernel.isUndecidable(account), kernel.isUndecidable(decided)]).toEqual([true, false])
    const close = [[account, ANSWER_CLOSE]]
    instant(kernel, [
      [one!, 100],
      [other!, 200],
    ])
    expect(instant(kernel, [[one!, 100.001]]).suspects).toEqual(close)
    instant(kernel, [[one!, 100]])
    for (const leaving of [
      [one!, 75],
      [one!, 125],
      [other!, 150],
      [other!, 250],
    ] as const) {
      const [instrument, mark] = leaving
      instant(kernel, [
        [one!, 100],
        [other!, 200],
      ])
      kernel.armWithin(account, 0.25)
      kernel.refreshZones()
      // Both marks move, each inside of its part.
      expect(instant(kernel, [[one!, 75.001]]).suspects).toEqual([])
      expect(instant(kernel, [[other!, 249.999]]).suspects).toEqual([])
      expect(instant(kernel, [[one!, 124.999]]).suspects).toEqual([])
      expect(instant(kernel, [[instrument, mark]]).suspects).toEqual(close)
      expect(instant(kernel, [[instrument, mark + 0.001]]).suspects).toEqual(close)
    }
  })

  it('hands an account marked always to the host on each tick of each of its instruments, and on no other tick', () => {
    const kernel = open(variant)
    const [a, b, other] = [kernel.addInstrument(), kernel.addInstrument(), kernel.addInstrument()]
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    // Far from every level by its rows, so that a flag that does not count leaves it alone.
    const always = kernel.addAccount(1e6, 0)
    kernel.addRow(always, a, curve, -100, 1, 1, 0)
    kernel.addRow(always, b, curve, -100, 1, 1, 0)
    kernel.setAccountAlways(always, true)
    const plain = kernel.addAccount(1e6, 0)
    for (const instrument of [a, b, other]) kernel.addRow(plain, instrument, curve, -100, 1, 1, 0)

    expect(instant(kernel, [[a, 100]])).toEqual({ nominated: 2, suspects: [] })
    expect([kernel.isAccountUnknown(always), kernel.measuredLevel]).toEqual([true, LEVEL_NONE])
    const close = { nominated: 1, suspects: [[always, ANSWER_CLOSE]] }
    expect(instant(kernel, [[b, 100]])).toEqual({ ...close, nominated: 2 })
    expect(instant(kernel, [[other, 100]])).toEqual({ nominated: 1, suspects: [] })
    for (const mark of [100, 100, 100.1, 99, 1e9]) {
      expect(instant(kernel, [[other, mark]])).toEqual({ nominated: 0, suspects: [] })
      expect(instant(kernel, [[a, mark]])).toEqual(close)
      expect(instant(kernel, [[b, mark]])).toEqual(close)
      const both = [a, b].map((instrument) => [instrument, mark] as const)
      expect(instant(kernel, both)).toEqual(close)
    }
    expect(kernel.isAccountUnknown(always)).toBe(false)

    for (const level of [4, 2, undecidedLevel(2), undecidedLevel(0), 0]) {
      kernel.setAccountLevel(always, level)
      expect([kernel.recheckAccount(always), kernel.measuredLevel]).toEqual([ANSWER_CLOSE, LEVEL_NONE])
      expect(kernel.isAccountUnknown(always)).toBe(level < 0)
      kernel.refreshZones()
      expect(instant(kernel, [[a, 100]]).suspects).toEqual([[always, ANSWER_CLOSE]])
      expect(kernel.takeProven(0, 1)).toBe(0)
      expect(kernel.accountLevel(always)).toBe(level)
    }
    kernel.setAccountRule(always, 0, false)
    expect(kernel.recheckAccount(always)).toBe(ANSWER_CLOSE)
    kernel.setAccountRule(always, 0, true)

    kernel.removeRows(always)
    kernel.addRow(always, a, curve, -100, 1, 1, 0)
    expect(instant(kernel, [[a, 101]])).toEqual(close)
    kernel.setAccountAlways(always, false)
    expect(kernel.recheckAccount(always)).toBe(ANSWER_SAFE)
    kernel.refreshZones()
    expect(instant(kernel, [[a, 101]])).toEqual({ nominated: 0, suspects: [] })
    kernel.setAccountAlways(always, true)
    kernel.removeAccount(always)
    expect(kernel.addAccount(1e6, 0)).toBe(always)
    kernel.addRow(always, a, curve, -100, 1, 1, 0)
    expect(instant(kernel, [[a, 101]])).toEqual({ nominated: 1, suspects: [] })
  })

  it('nominates every account of an instrument whose mark is cleared', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(50, 0)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    instant(kernel, [[instrument, 100]])
    kernel.beginInstant()
    kernel.setMark(instrument, 0)
    expect(kernel.nominateAll(instrument)).toBe(1)
    expect(kernel.nominatedAccount(0)).toBe(account)
    expect(kernel.recheckNominated(0, 1)).toBe(0)
    kernel.refreshZones()
    expect(kernel.recheckAccount(account)).toBe(ANSWER_UNKNOWN)
  })

  it('still nominates when the count of instants runs over', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(10, 0)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    instant(kernel, [[instrument, 80]])
    kernel.setStamp(2 ** 31 - 2)
    for (let i = 0; i < 4; i++) {
      expect(instant(kernel, [[instrument, 80 - i]]).suspects).toEqual([[account, ANSWER_ACROSS]])
    }
  })

  it('gives the same nominations by a full scan as by its zones', () => {
    const kernels = [open(variant), open(variant)] as const
    const counts = kernels.map((kernel, which) => {
      const instrument = kernel.addInstrument()
      const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
      for (let i = 0; i < 5_000; i++) {
        const account = kernel.addAccount(2 + (i % 997) / 10, 0)
        kernel.addRow(account, instrument, curve, i % 2 ? -100 : 100, i % 2 ? 1 : -1, 1, 0)
      }
      return [100, 99, 95, 104, 90, 120, 60].map((mark) => {
        kernel.beginInstant()
        kernel.setMark(instrument, mark)
        const nominated = which === 0 ? kernel.nominate() : kernel.scan()
        const list = Array.from({ length: nominated }, (_, i) => kernel.nominatedAccount(i))
        for (const suspects of recheckAll(kernel, nominated))
          expect(suspects).toBeLessThanOrEqual(RECHECKED_MAX)
        kernel.refreshZones()
        return list
      })
    })
    expect(counts[0]).toEqual(counts[1])
    expect(counts[0]!.flat().length).toBeGreaterThan(5_000)
  })

  it('proves nothing by sums that overflow', () => {
    const kernel = open(variant)
    const [a, b] = [kernel.addInstrument(), kernel.addInstrument()]
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(0, 2)
    kernel.addRow(account, a, curve, 0, 1e300, 1e300, 0)
    kernel.addRow(account, b, curve, 0, -1e300, 1e300, 0)
    const marks = [
      [a, 1e15],
      [b, 1e15],
    ] as const
    expect(instant(kernel, marks).suspects).toEqual([[account, ANSWER_CLOSE]])
  })

  it('refuses totals beyond its limits and keeps what it holds', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, ONE_TIER)
    const account = kernel.addAccount(10, 0)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    const beyond = [...Object.entries(CAPACITY_MAX), ['pieces', 2 ** 32]] as const
    for (const [kind, limit] of beyond) {
      const wanted = () => kernel.reserve({ [kind]: limit + 1 })
      expect(wanted).toThrow(expect.objectContaining({ code: 'KERNEL_CAPACITY' }))
    }
    expect(instant(kernel, [[instrument, 80]]).suspects).toEqual([[account, ANSWER_ACROSS]])
  })

  it('refuses numbers that are not finite', () => {
    const kernel = open(variant)
    const instrument = kernel.addInstrument()
    kernel.beginInstant()
    expect(() => kernel.setMark(instrument, Number.NaN)).toThrow('the kernel was given NaN')
    expect(() => kernel.addAccount(Number.POSITIVE_INFINITY, 0)).toThrow('Infinity')
  })
})
