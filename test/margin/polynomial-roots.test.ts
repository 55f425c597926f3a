import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, formatDecimal, neg, ONE, type Rational, ZERO } from '../../src/margin/index.ts'
import { mulPolynomials, type Polynomial } from '../../src/margin/polynomial.ts'
import { firstRootBeyond } from '../../src/margin/polynomial-roots.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(22)

const root = fc
  .tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: 1, max: 12 }))
  .map(([n, d]): Rational => ({ n: BigInt(n), d: BigInt(d) }))
/** t − root */
const straight = (at: Rational): Polynomial => [neg(at), ONE]
/** t² + shift, which is nowhere zero. */
const curved = fc
  .integer({ min: 1, max: 40 })
  .map((shift): Polynomial => [{ n: BigInt(shift), d: 3n }, ZERO, ONE])

function isIn(t: Rational, low: Rational, high: Rational): boolean {
  return compare(t, low) > 0 && compare(t, high) <= 0
}

describe('the first root of a polynomial', () => {
  it(`is the nearest of those that it is made of, its bounds at most a displayed digit from it (seed ${SEED})`, () => {
    let found = 0
    fc.assert(
      fc.property(
        fc.array(root, { minLength: 1, maxLength: 4 }),
        fc.array(curved, { maxLength: 2 }),
        root,
        root,
        fc.integer({ min: -9, max: 9 }).filter((factor) => factor !== 0),
        (roots, curves, from, end, factor) => {
          const parts = [...roots.map(straight), ...curves]
          const product = parts.reduce(mulPolynomials, [{ n: BigInt(factor), d: 7n }])
          if (compare(from, end) === 0) return
          const side = compare(from, end) < 0 ? 'up' : 'down'
          const inside = roots
            .filter((at) => (side === 'up' ? isIn(at, from, end) : isIn(neg(at), neg(from), neg(end))))
            .sort((a, b) => (side === 'up' ? compare(a, b) : compare(b, a)))
          const first = firstRootBeyond(product, from, side, end)
          if (inside.length === 0) expect(first).toBeUndefined()
          else {
            found++
            const [low, high] = side === 'up' ? [first!.near, first!.far] : [first!.far, first!.near]
            expect(compare(low, inside[0]!)).toBeLessThanOrEqual(0)
            expect(compare(high, inside[0]!)).toBeGreaterThanOrEqual(0)
            expect(formatDecimal(high, 15)).toBe(formatDecimal(inside[0]!, 15))
          }
        },
      ),
      { seed: SEED, numRuns: 2_000 },
    )
    expect(found).toBeGreaterThan(200)
  })
})
