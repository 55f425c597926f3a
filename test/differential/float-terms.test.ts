import { describe, expect, test } from 'vitest'
import type { Position, Random } from '../../src/domain/index.ts'
import { floatTermsOf } from '../../src/kernel/index.ts'
import {
  abs,
  add,
  compare,
  type MarginAccount,
  marginAccountPartsOf,
  marginAccountsOf,
  mul,
  type Rational,
  sub,
  ZERO,
} from '../../src/margin/index.ts'
import { below, seededRandom } from '../../src/system/index.ts'
import { booksOf, randomAccount, randomMarkets } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(1)
const ACCOUNTS = 3_000
/** INPUT_ERROR_ULPS of the kernel, times 2^-53. */
const INPUT_ERROR: Rational = { n: 16n, d: 2n ** 53n }

/** The exact value of a double. */
function exactly(value: number): Rational {
  let scale = 1n
  let scaled = value
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    scale *= 2n
  }
  return { n: BigInt(scaled), d: scale }
}

const isAbove = (a: Rational, b: Rational) => compare(a, b) > 0

/** How far the double is from the exact value, beyond what the kernel allows of the value itself. */
function excess(value: number, exact: Rational): Rational {
  return sub(abs(sub(exactly(value), exact)), mul(INPUT_ERROR, abs(exact)))
}

function expectWithin(value: number, exact: Rational, what: string): void {
  if (isAbove(excess(value, exact), ZERO)) {
    throw new Error(`${what} is ${value}, further from the exact one than allowed`)
  }
}

/** Near 1, where 1 − 1/L cancels, or anywhere. */
function randomLeverage(random: Random): string {
  if (random() < 0.3) return ['0.5', '1', '1.000000000000000001', '2', '125'][below(random, 5)]!
  const digits = String(below(random, 1e9)).padStart(9, '0')
  return `1.${'0'.repeat(below(random, 6))}${digits}`
}

/** At times without leverage, and then with a margin near the entry value, where their difference cancels. */
function anyTerms(random: Random, position: Position): Position {
  const { leverage, isolatedMargin, ...rest } = position
  if (leverage === undefined) return position
  if (position.marginMode === 'cross' || random() < 0.5)
    return { ...position, leverage: randomLeverage(random) }
  const entryValue = Math.abs(Number(position.size)) * Number(position.entryPrice)
  return { ...rest, isolatedMargin: (entryValue * (0.999 + 0.002 * random())).toFixed(8) }
}

describe(`Terms in f64 (seed ${SEED})`, () => {
  test('are within the errors that the kernel allows of the exact terms, for random accounts of both venues', () => {
    const random = seededRandom(SEED)
    const markets = randomMarkets(random, 12)
    let uncertain = 0
    const books = booksOf(markets)
    for (let run = 0; run < ACCOUNTS; run++) {
      const drawn = randomAccount(random, `a${run}`, markets)
      const positions = drawn.positions.map((position) => anyTerms(random, position))
      const account = { ...drawn, positions }
      const book = books[account.venue]!
      const exact = marginAccountsOf(account, book)
      marginAccountPartsOf(account, book).forEach((part, index) => {
        const terms = floatTermsOf(account, part)
        if (terms.uncertainty > 0) uncertain++
        expectTermsWithin(terms, exact[index]!)
      })
    }
    expect(uncertain).toBeGreaterThan(100)
  })
})

function expectTermsWithin(terms: ReturnType<typeof floatTermsOf>, exact: MarginAccount): void {
  expect(terms.rows).toHaveLength(exact.curves.length)
  let deviation = ZERO
  terms.rows.forEach((row, index) => {
    const curve = exact.curves[index]!
    expect([row.symbol, row.coordinate]).toEqual([curve.symbol, curve.coordinate])
    // The tiers of one market are one object, and are compared once.
    if (row.tiers !== curve.tiers) expect(row.tiers).toEqual(curve.tiers)
    expectWithin(row.intercept, curve.intercept, 'intercept')
    expectWithin(row.slope, curve.slope, 'slope')
    expectWithin(row.scale, curve.scale, 'scale')
    expect(row.constant).toBeGreaterThanOrEqual(0)
    const beyond = excess(row.constant, curve.maintenanceConstant)
    if (isAbove(beyond, ZERO)) deviation = add(deviation, beyond)
  })
  // What the constants of the rows err beyond their own bound, the uncertainty of the account has to hold.
  const ofConstant = excess(terms.constant, exact.constant)
  if (isAbove(ofConstant, ZERO)) deviation = add(deviation, ofConstant)
  const uncertainty = exactly(terms.uncertainty)
  expect(isAbove(deviation, uncertainty), `the deviation is above ${terms.uncertainty}`).toBe(false)
}
