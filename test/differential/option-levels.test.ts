import { describe, expect, it } from 'vitest'
import { parse } from '../../src/demo/referee/fraction.ts'
import { figuresAt, movedAgainst, type NaiveMarginAccount } from '../../src/demo/referee/margin-accounts.ts'
import {
  evaluationsOf,
  furtherSymbolsOf,
  heldLevel,
  initialSymbolsOf,
  knownPricesOf,
  levelRule,
  type MarginAccount,
  marginStateOf,
  quietShareOf,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { movedWithin } from '../support/moved-prices.ts'
import { testCases, testSeed } from '../support/seed.ts'
import {
  agreesWith,
  drawAccount,
  further as furtherOf,
  marketsOf,
  type VenuePrices,
} from '../support/venue-cases.ts'

const SEED = testSeed(20_261_205)
const CASES = testCases(600)
const RULE = levelRule(['20%', '10%', '5%', '2%'])
/** Prices within the share that is said to be quiet. */
const POINTS = 6

describe(`levels by distance beside short options (${CASES} accounts, seed ${SEED})`, () => {
  it('are those of the referee at its moved prices, and stand while prices move by no more than the quiet share', () => {
    const random = seededRandom(SEED)
    const markets = marketsOf('deribit')
    const seen = { compared: 0, withoutUnderlying: 0, quiet: 0, aboveSafe: 0 }
    for (let index = 0; index < CASES; index++) {
      const { one, moment, engine, referee } = drawAccount(random, 'deribit', markets, () => random() * 3)
      const isShort = one.account.positions.some(
        ({ symbol, size }) => size.startsWith('-') && one.book.rulesOf(symbol)!.option !== undefined,
      )
      if (!isShort) continue
      const evaluationAt = evaluationsOf(engine, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
      for (const { distance } of RULE.levels) {
        const markOf = (symbol: string) => parse(moment.marks.get(symbol)!)
        const expected = figuresAt(referee, movedAgainst(referee, markOf, distance))!
        const where = JSON.stringify([one.account, ...moment.marks])
        expect(agreesWith(expected, evaluationAt(distance)), where).toBe(true)
        seen.compared++
      }
      const further = furtherSymbolsOf(engine.formula)
      if (further.length > 0) {
        expectSameWithout(further, moment, engine, referee)
        seen.withoutUnderlying++
      }
      const level = levelAt(engine, moment, 0)
      if (level > 0) seen.aboveSafe++
      const prices = knownPricesOf(engine.formula, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
      const share = quietShareOf(prices, RULE, level)
      if (share === 0) continue
      seen.quiet++
      for (let point = 0; point < POINTS; point++)
        expect(
          levelAt(engine, { ...moment, marks: movedWithin(random, moment.marks, share, point) }, level),
        ).toBe(level)
    }
    expect(seen.compared).toBeGreaterThan(CASES)
    expect(seen.withoutUnderlying).toBeGreaterThan(CASES / 4)
    expect(seen.aboveSafe).toBeGreaterThan(CASES / 20)
    expect(seen.quiet).toBeGreaterThan(CASES / 20)
  })
})

function levelAt(engine: MarginAccount, moment: VenuePrices, current: number): number {
  const evaluationAt = evaluationsOf(engine, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
  return heldLevel(evaluationAt, engine, RULE, current)
}

/**
 * Without the marks of underlyings that no maintenance margin counts, of which there may be none, the account has the same figures by
 * the engine and by the referee. Initial margins alone may be missing.
 */
function expectSameWithout(
  further: readonly string[],
  moment: VenuePrices,
  engine: MarginAccount,
  referee: NaiveMarginAccount,
): void {
  const markOf = (symbol: string) => moment.marks.get(symbol)
  const without = (symbol: string) => (further.includes(symbol) ? undefined : markOf(symbol))
  const whole = marginStateOf(engine, markOf, RULE, furtherOf(moment))
  const state = marginStateOf(engine, without, RULE, furtherOf(moment))
  const isOpen = initialSymbolsOf(engine.formula).length > 0
  expect(state.positions.some(({ initialMargin }) => initialMargin === null)).toBe(isOpen)
  const positions = state.positions.map((position, index) => ({
    ...position,
    initialMargin: position.initialMargin ?? whole.positions[index]!.initialMargin,
  }))
  expect({ ...state, positions }).toEqual(whole)
  const { distance } = RULE.levels[0]!
  for (const share of [{ n: 0n, d: 1n }, distance]) {
    const parsed = (symbol: string) => {
      const mark = without(symbol)
      return mark === undefined ? undefined : parse(mark)
    }
    const expected = figuresAt(referee, movedAgainst(referee, parsed, share))!
    expect(agreesWith(expected, evaluationsOf(engine, without, furtherOf(moment))!(share))).toBe(true)
  }
}
