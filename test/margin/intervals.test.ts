import { describe, expect, it } from 'vitest'
import { type Algebra, exactNumbers } from '../../src/margin/algebra.ts'
import { type Interval, Intervals } from '../../src/margin/intervals.ts'
import { tierOf } from '../../src/margin/maintenance-formulas.ts'
import { add, compare, div, mul, parseRate, type Rational, sub, ZERO } from '../../src/margin/rational.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { between } from '../support/random-accounts.ts'
import { testCases, testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_129)
const CASES = testCases(20_000)
const ONE_TENTH = { n: 1n, d: 10n }
const FIFTEEN = { n: 15n, d: 1n }

/** The exact value of an f64. */
function exactOf(value: number): Rational {
  const scaled = value * 2 ** 500
  return Number.isInteger(scaled)
    ? { n: BigInt(scaled), d: 2n ** 500n }
    : { n: BigInt(value * 2 ** 1074), d: 2n ** 1074n }
}

function holds({ low, high }: Interval, value: Rational): boolean {
  return compare(exactOf(low), value) <= 0 && compare(value, exactOf(high)) <= 0
}

describe(`intervals (seed ${SEED})`, () => {
  it('hold the exact result of every operation on values inside them, and are narrow', () => {
    const random = seededRandom(SEED)
    const draw = (): Rational => {
      const n = BigInt(between(random, -(10 ** 9), 10 ** 9)) * 10n ** BigInt(between(random, 0, 8))
      return random() < 0.1 ? ZERO : { n, d: 10n ** BigInt(between(random, 0, 14)) }
    }
    for (let index = 0; index < CASES; index++) {
      const algebra = new Intervals(100)
      const [a, b] = [draw(), draw()]
      const [one, other] = [algebra.of(a), algebra.of(b)]
      expect(holds(one, a)).toBe(true)
      expect(holds(algebra.add(one, other), add(a, b))).toBe(true)
      expect(holds(algebra.sub(one, other), sub(a, b))).toBe(true)
      const product = algebra.mul(one, other)
      expect(holds(product, mul(a, b))).toBe(true)
      expect(product.high - product.low).toBeLessThanOrEqual(Math.abs(product.high) * 2e-15 + 1e-300)
      if (b.n > 0n) expect(holds(algebra.div(one, other), div(a, b))).toBe(true)
    }
  })

  it('read the exact value of a decimal and of a fraction: zero and whole numbers as one point', () => {
    const algebra = new Intervals(100)
    const random = seededRandom(SEED)
    for (let index = 0; index < CASES; index++) {
      const digits = (most: number) =>
        Array.from({ length: between(random, 1, most) }, () => between(random, 0, 9)).join('')
      const sign = random() < 0.5 ? '-' : ''
      const text = random() < 0.3 ? `${sign}${digits(15)}` : `${sign}${digits(15)}.${digits(18)}`
      const read = algebra.read(text)
      expect(holds(read, parseRate(text)), text).toBe(true)
      expect(read.high - read.low, text).toBeLessThanOrEqual(Math.abs(read.high) * 1e-15 + 1e-300)
    }
    for (const text of ['1/30', '-2/3', '7/2']) {
      const { low, high } = algebra.read(text)
      expect(holds({ low, high }, parseRate(text)), text).toBe(true)
      expect(low, text).toBeLessThan(high)
    }
    expect(algebra.read('-0.000')).toEqual({ low: 0, high: 0 })
    expect(algebra.read('999999999999999')).toEqual({ low: 999999999999999, high: 999999999999999 })
    expect(algebra.read('0.1').low).toBeLessThan(algebra.read('0.1').high)
  })

  it('follow both ways of a comparison whose order is not known, and one way where it is', () => {
    const algebra = new Intervals(100)
    const wide = { low: -1, high: 1 }
    const waysOf = (left: Interval, right: Interval) => {
      const ways: (readonly number[])[] = []
      algebra.everyWay(
        () => ways.push([algebra.compare(left, right), algebra.compare(wide, algebra.of(ZERO))]) > 0,
      )
      return ways
    }
    expect(waysOf(wide, algebra.of(ONE_TENTH))).toEqual([
      [-1, -1],
      [-1, 1],
      [1, -1],
      [1, 1],
    ])
    expect(waysOf(wide, { low: 2, high: 3 })).toEqual([
      [-1, -1],
      [-1, 1],
    ])
    expect(waysOf(algebra.of(ZERO), algebra.of(ZERO))).toEqual([
      [0, -1],
      [0, 1],
    ])
    // The decimal itself is between two f64.
    expect(waysOf(algebra.of(ONE_TENTH), algebra.of(ONE_TENTH))).toHaveLength(4)
  })

  it('know nothing after too many ways, once one way fails, and of a division by what may be zero', () => {
    const algebra = new Intervals(100)
    const wide = { low: -1, high: 1 }
    const zero = algebra.of(ZERO)
    const after = (comparisons: number) =>
      algebra.everyWay(() => {
        for (let index = 0; index < comparisons; index++) algebra.compare(wide, zero)
        return true
      })
    expect([after(3), after(4)]).toEqual([true, undefined])
    expect(algebra.everyWay(() => algebra.compare(wide, zero) < 0)).toBe(false)
    const { low, high } = algebra.div(wide, { low: -1, high: 5 })
    expect([low, high]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
    // Beyond every bound: no comparison with it is true.
    const beyond = algebra.add({ low, high }, { low, high })
    expect(beyond.low > 0 || beyond.high < 0).toBe(false)
  })

  it('know nothing once the ways of all formulas are used up, unless one fails before', () => {
    const algebra = new Intervals(3)
    const wide = { low: -1, high: 1 }
    const isEach = () => algebra.everyWay(() => algebra.compare(wide, algebra.of(ZERO)) !== 0)
    expect([isEach(), isEach(), isEach()]).toEqual([true, undefined, undefined])
    expect(new Intervals(1).everyWay(() => false)).toBe(false)
  })

  it('hold what rises with a value by its bounds, jumps included, and the larger of two, on one way', () => {
    const random = seededRandom(SEED)
    const algebra = new Intervals(CASES)
    const tiers = [
      { cap: '10', maintenanceMarginRate: '0.01' },
      { cap: '20', maintenanceMarginRate: '0.05' },
      { cap: '30', maintenanceMarginRate: '0.2' },
    ]
    const askedOf = <N>(numbers: Algebra<N>, value: N) =>
      numbers.rising(value, (at) =>
        numbers.mul(numbers.of(parseRate(tierOf(numbers, tiers, at).maintenanceMarginRate)), at),
      )
    for (let index = 0; index < CASES / 20; index++) {
      const [low, inside, high] = [0, 0, 0].map(() => between(random, 0, 4_000)).sort((a, b) => a - b)
      const value = { n: BigInt(inside!), d: 100n }
      const within = { low: low! / 100, high: high! / 100 + 1e-9 }
      let ways = 0
      const isHeld = algebra.everyWay(() => {
        ways++
        const larger = algebra.larger(within, algebra.of(FIFTEEN))
        return (
          holds(askedOf(algebra, within), askedOf(exactNumbers, value)) &&
          holds(larger, exactNumbers.larger(value, FIFTEEN))
        )
      })
      expect([isHeld, ways]).toEqual([true, 1])
    }
  })

  it('are wider by the unit to which a formula rounds', () => {
    const rounded = new Intervals(100).round({ low: 3, high: 4 }, { n: 1n, d: 2n })
    expect(rounded.low).toBeLessThanOrEqual(2.5)
    expect(rounded.high).toBeGreaterThanOrEqual(4.5)
  })
})
