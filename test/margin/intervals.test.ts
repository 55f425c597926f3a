import { describe, expect, it } from 'vitest'
import { type Interval, Intervals } from '../../src/margin/intervals.ts'
import { add, compare, div, mul, type Rational, sub, ZERO } from '../../src/margin/rational.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { between } from '../support/random-accounts.ts'
import { testCases, testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_129)
const CASES = testCases(20_000)
const ONE_TENTH = { n: 1n, d: 10n }

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
      const algebra = new Intervals()
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

  it('follow both ways of a comparison whose order is not known, and one way where it is', () => {
    const algebra = new Intervals()
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
    const algebra = new Intervals()
    const wide = { low: -1, high: 1 }
    const zero = algebra.of(ZERO)
    const after = (comparisons: number) =>
      algebra.everyWay(() => {
        for (let index = 0; index < comparisons; index++) algebra.compare(wide, zero)
        return true
      })
    expect([after(6), after(7)]).toEqual([true, false])
    expect(algebra.everyWay(() => algebra.compare(wide, zero) < 0)).toBe(false)
    const { low, high } = algebra.div(wide, { low: -1, high: 5 })
    expect([low, high]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
    // Beyond every bound: no comparison with it is true.
    const beyond = algebra.add({ low, high }, { low, high })
    expect(beyond.low > 0 || beyond.high < 0).toBe(false)
  })

  it('are wider by the unit to which a formula rounds', () => {
    const rounded = new Intervals().round({ low: 3, high: 4 }, { n: 1n, d: 2n })
    expect(rounded.low).toBeLessThanOrEqual(2.5)
    expect(rounded.high).toBeGreaterThanOrEqual(4.5)
  })
})
