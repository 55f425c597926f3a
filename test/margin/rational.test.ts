import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  compare,
  div,
  floorTo,
  formatDecimal,
  mul,
  neg,
  parseDecimal,
  type Rational,
  reduce,
  sub,
  toFloat,
} from '../../src/margin/index.ts'
import { greatestCommonDivisor } from '../../src/margin/rational.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(21)

const decimal = fc
  .tuple(fc.boolean(), fc.bigInt(0n, 10n ** 33n - 1n), fc.integer({ min: 0, max: 18 }))
  .map(([negative, digits, decimals]) =>
    formatDecimal({ n: negative ? -digits : digits, d: 10n ** BigInt(decimals) }),
  )
  .filter((text) => /^-?\d{1,15}(\.|$)/.test(text))

const fraction = fc
  .tuple(fc.bigInt(-(10n ** 40n), 10n ** 40n), fc.bigInt(1n, 10n ** 40n))
  .map(([n, d]): Rational => ({ n, d }))

describe('the greatest common divisor', () => {
  /** Euclid's steps, one by one. */
  function euclid(a: bigint, b: bigint): bigint {
    return b === 0n ? a : euclid(b, a % b)
  }
  const long = fc.bigInt(0n, 2n ** 2_500n)

  it(`of long numbers is that of the single steps (seed ${SEED})`, () => {
    fc.assert(
      fc.property(long, long, long, fc.integer({ min: 0, max: 2_500 }), (a, b, common, shift) => {
        const [left, right] = [a * common, (b >> BigInt(shift)) * common]
        expect(greatestCommonDivisor(left, right)).toBe(euclid(left, right))
      }),
      { seed: SEED },
    )
  })

  it.each([
    ['one is the other', 3n ** 900n, 3n ** 900n],
    ['one divides the other', 6n ** 900n, 3n ** 900n],
    ['one is 0', 0n, 7n ** 400n],
    ['one is next to the other', 2n ** 1_500n, 2n ** 1_500n - 1n],
    ['one is far shorter', 3n ** 1_500n * 5n ** 600n, 5n ** 600n],
  ])('where %s', (_, a, b) => {
    expect(greatestCommonDivisor(a, b)).toBe(euclid(a, b))
    expect(greatestCommonDivisor(b, a)).toBe(euclid(a, b))
  })

  it('of neighbours of Fibonacci, which take the most steps, is 1', () => {
    let [low, high] = [1n, 1n]
    for (let index = 0; index < 3_000; index++) [low, high] = [high, low + high]
    expect(greatestCommonDivisor(high, low)).toBe(1n)
    expect(greatestCommonDivisor(high * 42n, low * 30n)).toBe(euclid(high * 42n, low * 30n))
  })
})

describe('decimal text', () => {
  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['007.50', '7.5'],
    ['-0.5', '-0.5'],
    ['100', '100'],
    ['999999999999999.999999999999999999', '999999999999999.999999999999999999'],
  ])('%s is read and written as %s', (text, written) => {
    expect(formatDecimal(parseDecimal(text))).toBe(written)
  })

  it.each(['', '.', '1.', '.5', '+1', '1e3', ' 1', 'NaN', '0x10', '1,000'])('"%s" is refused', (text) => {
    expect(() => parseDecimal(text)).toThrow('no decimal string')
  })

  it.each<[bigint, bigint, number, string]>([
    [1n, 3n, 18, '0.333333333333333333'],
    [2n, 3n, 18, '0.666666666666666667'],
    [-2n, 3n, 2, '-0.67'],
    [1n, 8n, 2, '0.12'],
    [3n, 8n, 2, '0.38'],
    [-1n, 8n, 2, '-0.12'],
    [-1n, 1000n, 2, '0'],
    [5n, 2n, 0, '2'],
    [7n, 2n, 0, '4'],
  ])('%s/%s with %s decimals is %s: exact where it ends, else half to even', (n, d, decimals, text) => {
    expect(formatDecimal({ n, d }, decimals)).toBe(text)
  })

  it(`survives a round trip (seed ${SEED})`, () => {
    fc.assert(
      fc.property(decimal, (text) => formatDecimal(parseDecimal(text)) === text),
      { seed: SEED },
    )
  })
})

describe('arithmetic', () => {
  const equal = (a: Rational, b: Rational) => a.n * b.d === b.n * a.d

  it(`obeys the laws of a field (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fraction, fraction, fraction, (a, b, c) => {
        expect(equal(add(a, b), { n: a.n * b.d + b.n * a.d, d: a.d * b.d })).toBe(true)
        expect(equal(mul(a, add(b, c)), add(mul(a, b), mul(a, c)))).toBe(true)
        expect(sub(a, a).n).toBe(0n)
        if (b.n !== 0n) expect(equal(mul(div(a, b), b), a)).toBe(true)
        expect(compare(a, b)).toBe(-compare(b, a) + 0)
        expect(equal(reduce(a), a)).toBe(true)
      }),
      { seed: SEED },
    )
  })

  it(`keeps denominators positive and, for decimals, powers of ten (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fraction, fraction, (a, b) => {
        if (b.n !== 0n) expect(div(a, b).d > 0n).toBe(true)
      }),
      { seed: SEED },
    )
    expect(add(parseDecimal('1.25'), parseDecimal('0.0005')).d).toBe(10_000n)
  })

  it('sums many unlike fractions over their common denominator', () => {
    const parts = Array.from({ length: 400 }, (_, index) => ({
      n: 1n,
      d: 10n ** 20n * BigInt(1 + (index % 125)),
    }))
    const sum = parts.reduce(add)
    expect(sum.d.toString(2).length).toBeLessThan(700)
    const slow = parts.reduce((a, b) => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d }))
    expect(compare(sum, slow)).toBe(0)
  })

  it.each([
    ['1.27', '0.5', '1'],
    ['-1.27', '0.5', '-1.5'],
    ['1.5', '0.5', '1.5'],
    ['-1.5', '0.5', '-1.5'],
  ])('%s in steps of %s is floored to %s', (value, unit, floor) => {
    expect(formatDecimal(floorTo(parseDecimal(value), parseDecimal(unit)))).toBe(floor)
  })

  it('refuses a division by zero', () => {
    expect(() => div(parseDecimal('1'), parseDecimal('0'))).toThrow('division by zero')
  })
})

describe('the nearest f64', () => {
  it(`is that of the decimal text (seed ${SEED})`, () => {
    fc.assert(
      fc.property(decimal, (text) => {
        expect(toFloat(parseDecimal(text))).toBe(Number(text) + 0)
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  it('rounds to even half way between two, and off it by the last digit', () => {
    const half = 2n ** 53n + 1n
    expect(toFloat({ n: half, d: 1n })).toBe(2 ** 53)
    expect(toFloat({ n: half * 10n ** 30n + 1n, d: 10n ** 30n })).toBe(2 ** 53 + 2)
    expect(toFloat(neg({ n: half * 10n ** 30n - 1n, d: 10n ** 30n }))).toBe(-(2 ** 53))
  })

  it('holds for very large and very small fractions', () => {
    expect(toFloat({ n: 10n ** 320n, d: 10n ** 20n })).toBe(1e300)
    expect(toFloat({ n: 10n ** 20n, d: 10n ** 320n })).toBe(1e-300)
    expect(toFloat({ n: 3n * 10n ** 400n, d: 7n * 10n ** 400n })).toBe(3 / 7)
  })
})
