import { describe, expect, it } from 'vitest'
import type { Decimal } from '../../src/domain/index.ts'
import {
  evaluationsOf,
  heldLevel,
  type Level,
  type MarginAccount,
  marginAccountsOf,
  parseDecimal,
  tierIndexAt,
  toFloat,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { exactTermsOf } from '../support/exact-terms.ts'
import { RULES } from '../support/levels.ts'
import {
  between,
  booksOf,
  randomAccount,
  randomMarkets,
  type TestMarket,
  text,
} from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'
import { besideByUlps, drawLineCase, judge, markOf, noCases, type Tally, Twins } from '../support/twins.ts'

const SEED = testSeed(20_261_122)
const RANDOM_CASES = 1_000_000
const BOUNDARY_CASES = 200_000

describe.each(RULES)(`by %s, re-check against exact arithmetic (seed ${SEED})`, (_, rule) => {
  it(`agrees on ${RANDOM_CASES} random cases, and all twins give one answer`, { timeout: 600_000 }, () => {
    const random = seededRandom(SEED)
    const markets = randomMarkets(random, 100)
    const books = booksOf(markets)
    const twins = new Twins(markets, rule)
    const accounts: { exact: MarginAccount; number: number }[] = []
    while (accounts.length < 20_000) {
      const account = randomAccount(random, `a${accounts.length}`, markets)
      for (const exact of marginAccountsOf(account, books[account.venue]!))
        accounts.push({ exact, number: twins.add(exact) })
    }
    const tally = noCases()
    while (tally.cases < RANDOM_CASES) {
      const marks = markets.map(({ price, decimals }) => text(price * (0.75 + 0.5 * random()), decimals))
      const byName = new Map(markets.map(({ symbol }, index) => [symbol, marks[index]!]))
      twins.setMarks(marks)
      for (const { exact, number } of accounts) {
        const level = between(random, 0, rule.levels.length)
        const evaluationAt = evaluationsOf(exact, (symbol) => byName.get(symbol))!
        judge(tally, twins.recheck(number, level), level, heldLevel(evaluationAt, exact, rule, level))
      }
    }
    expect(tally.disagreements).toBe(0)
    expect(tally.cases).toBeGreaterThanOrEqual(RANDOM_CASES)
    expect(tally.safe).toBeGreaterThan(RANDOM_CASES / 20)
    expect(tally.across).toBeGreaterThan(RANDOM_CASES / 20)
    // Marks drawn at random are far from every line: nothing is left to exact arithmetic.
    expect(tally.close).toBe(0)
    expect(tally.acrossUnproven).toBe(0)
    expect(tally.proven).toBe(tally.across)
  })

  it(`is never wrong on ${BOUNDARY_CASES} cases on the line and one ulp beside it`, {
    timeout: 600_000,
  }, () => {
    const random = seededRandom(SEED, 1)
    const tally = noCases()
    let plainWrong = 0
    while (tally.cases < BOUNDARY_CASES) {
      const markets = randomMarkets(random, 2)
      const books = booksOf(markets)
      const twins = new Twins(markets, rule)
      for (let i = 0; i < 400; i++) plainWrong += boundaryCases(random, markets, books, twins, tally)
    }
    expect(tally.disagreements).toBe(0)
    // The cases are hard indeed: a plain f64 comparison gets some of them wrong, and the kernel calls most too close.
    expect(plainWrong).toBeGreaterThan(BOUNDARY_CASES / 1_000)
    expect(tally.close).toBeGreaterThan(BOUNDARY_CASES / 4)
    // It does not keep silent either: a thousand units beside the line most are decided.
    expect(tally.proven).toBeGreaterThan(BOUNDARY_CASES / 20)
    expect(tally.safe).toBeGreaterThan(BOUNDARY_CASES / 20)
  })
})

/**
 * A margin account on its line, seen at the line and a few units of the last place beside it. Returns how many a plain
 * comparison in f64 gets wrong.
 */
function boundaryCases(
  random: () => number,
  markets: readonly TestMarket[],
  books: ReturnType<typeof booksOf>,
  twins: Twins,
  tally: Tally,
): number {
  const drawn = drawLineCase(random, markets, books, twins.rule)
  if (drawn === undefined) return 0
  const { exact, marks, target, isLeaving, level, weight, moved } = drawn
  const number = twins.add(exact)
  let wrong = 0
  for (const ulps of [0, 1, -1, 2, -2, 4, -4, 64, -64, 1024, -1024]) {
    const beside = markOf(
      markets,
      marks.map((mark, index) => (index === moved ? besideByUlps(mark, ulps) : mark)),
    )
    twins.setMarks(markets.map(({ symbol }) => beside(symbol)!))
    const exactLevel = heldLevel(evaluationsOf(exact, beside)!, exact, twins.rule, level)
    judge(tally, twins.recheck(number, level), level, exactLevel)
    const reached = plainlyReached(exact, beside, twins.rule.levels[target - 1]!, toFloat(weight), isLeaving)
    if (reached !== exactLevel >= target) wrong++
  }
  return wrong
}

/** What a program without an error bound would say. */
function plainlyReached(
  exact: MarginAccount,
  markOf: (symbol: string) => Decimal | undefined,
  { ratio, distance }: Level,
  weight: number,
  leaving: boolean,
): boolean {
  const [level, move] = [toFloat(ratio), toFloat(distance)]
  const { rows } = exactTermsOf(exact)
  let marginBalance = toFloat(exact.constant)
  let maintenance = 0
  for (const [index, curve] of exact.curves.entries()) {
    const isFall = rows[index]!.isFallAdverse === (curve.coordinate === 'price')
    const mark = Number(markOf(curve.symbol)) * (isFall ? 1 - move : 1 + move)
    const x = curve.coordinate === 'price' ? mark : 1 / mark
    const y = toFloat(curve.scale) * x
    const tier = curve.tiers[tierIndexAt(curve.tiers, parseDecimal(y.toFixed(18)))]!
    marginBalance += toFloat(curve.intercept) + toFloat(curve.slope) * x
    maintenance += toFloat(tier.maintenanceMarginRate) * y - toFloat(tier.maintenanceDeduction)
    maintenance += toFloat(curve.maintenanceConstant)
  }
  return leaving ? level * marginBalance < weight * maintenance : level * marginBalance <= maintenance
}
