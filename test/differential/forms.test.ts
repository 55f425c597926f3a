import { describe, expect, it } from 'vitest'
import { ANSWER_SAFE } from '../../src/kernel/index.ts'
import { add, evaluationsOf, formatDecimal, heldLevel, parseDecimal } from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import {
  drawFormCase,
  type FormCase,
  FUNDING,
  formBook,
  formMarkets,
  furtherOf,
  SIZE_RATES,
  SQUARES,
} from '../support/form-cases.ts'
import { RULES } from '../support/levels.ts'
import { decimalOfMark, lastQuietMark, setMarks } from '../support/quiet-marks.ts'
import { between, type TestMarket } from '../support/random-accounts.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { besideByUlps, judge, markOf, noCases, Twins } from '../support/twins.ts'

/** The last quiet mark is looked for up to so many times the start, and down to that part of it. */
const MARK_REACH = 100

const SEED = testSeed(20_261_203)
const LINE_CASES = testCases(20_000)
const ARMED_CASES = Math.ceil(testCases(20_000) / 20)
const CASES_A_BOOK = 50
const ULPS = [0, 1, -1, 8, -8, 64, -64, 4096, -4096, 2 ** 24, -(2 ** 24)]
/** Instants after a re-check in which all marks move a little. */
const STEPS = 20
/** By which the funding rate of the first market of an account differs from the one on the line. */
const RATE_STEPS = [
  '0.000000000000000001',
  '-0.000000000000000001',
  '0.000000001',
  '-0.000000001',
  '0.01',
  '-0.01',
]
const FORMS = [SQUARES, SIZE_RATES, FUNDING]

const CASES = FORMS.flatMap((form) => RULES.map(([levels, rule]) => ({ form, levels, rule })))

describe.each(CASES)(`$form.name by $levels (seed ${SEED})`, ({ form, rule }) => {
  it(`are never proven wrongly in ${LINE_CASES} cases on the line and beside it`, {
    timeout: 600_000,
  }, () => {
    const random = seededRandom(SEED)
    const tally = noCases()
    while (tally.cases < LINE_CASES) {
      const markets = formMarkets(random, form)
      const book = formBook(markets)
      const twins = new Twins(markets, rule)
      for (let drawn = 0; drawn < CASES_A_BOOK; drawn++) {
        const one = drawFormCase(random, markets, book, rule)
        const number = twins.addTerms(one.terms)
        twins.setCharges(one.rates)
        for (const ulps of ULPS) {
          const beside = one.marks.map((mark, index) =>
            index === one.moved ? besideByUlps(mark, ulps) : mark,
          )
          twins.setMarks(beside)
          judge(tally, twins.recheck(number, one.level), one.level, exactLevelOf(one, markets, beside, rule))
        }
        twins.setMarks(one.marks)
        for (const step of form === FUNDING ? RATE_STEPS : []) {
          const rates = one.rates.map((rate, index) => (index === one.moved ? sumOf(rate, step) : rate))
          twins.setCharges(rates)
          const exactLevel = exactLevelOf({ ...one, rates }, markets, one.marks, rule)
          judge(tally, twins.recheck(number, one.level), one.level, exactLevel)
        }
      }
    }
    expect(tally.disagreements).toBe(0)
    expect(tally.close).toBeGreaterThan(LINE_CASES / 4)
    expect(tally.proven).toBeGreaterThan(LINE_CASES / 20)
    expect(tally.safe).toBeGreaterThan(LINE_CASES / 20)
  })

  it(`never fire late: ${ARMED_CASES} armed accounts hold their level up to the last quiet marks`, {
    timeout: 600_000,
  }, () => {
    const random = seededRandom(SEED, 1)
    let armed = 0
    let ended = 0
    let quiet = 0
    while (armed < ARMED_CASES) {
      const markets = formMarkets(random, form)
      const book = formBook(markets)
      const twins = new Twins(markets, rule)
      for (let drawn = 0; drawn < CASES_A_BOOK; drawn++) {
        const one = drawFormCase(random, markets, book, rule)
        const number = twins.addTerms(one.terms)
        const away = 1 + (random() < 0.5 ? -1 : 1) * 10 ** -between(random, 0, 9) * random()
        const start = one.marks.map((mark, index) => Number(mark) * (index === one.moved ? away : 1))
        twins.setCharges(one.rates)
        if (areArmed(twins, number, one, start)) {
          armed++
          for (const direction of [-1, 1]) ended += heldUntilFired(twins, markets, one, start, direction)
          quiet += heldWhileQuiet(random, twins, markets, one, start)
        }
        for (const kernel of twins.kernels) kernel.removeAccount(number)
      }
    }
    expect(ended).toBeGreaterThan(ARMED_CASES / 2)
    expect(quiet).toBeGreaterThan(ARMED_CASES)
  })

  function areArmed(
    { kernels }: Twins,
    number: number,
    { level }: FormCase,
    start: readonly number[],
  ): boolean {
    const answers = kernels.map((kernel) => {
      kernel.setAccountLevel(number, level)
      setMarks(kernel, start)
      const answer = kernel.recheckAccount(number)
      kernel.refreshZones()
      return answer
    })
    expect(new Set(answers).size).toBe(1)
    return answers[0] === ANSWER_SAFE
  }

  /** Moves one mark until the armed account fires; it must hold its level until then. Returns 1 where it fires at all. */
  function heldUntilFired(
    { kernels }: Twins,
    markets: readonly TestMarket[],
    one: FormCase,
    start: readonly number[],
    direction: number,
  ): number {
    const ends = kernels.map((kernel) => lastQuietMark(kernel, start, one.moved, direction, MARK_REACH))
    expect(new Set(ends).size).toBe(1)
    const texts = start.map((mark, index) => decimalOfMark(index === one.moved ? ends[0]! : mark))
    expect(exactLevelOf(one, markets, texts, rule)).toBe(one.level)
    return Math.abs(ends[0]! / start[one.moved]! - 1) < 0.5 ? 1 : 0
  }

  /** Moves all marks at once; where nothing fires the account holds its level. Returns how often nothing did. */
  function heldWhileQuiet(
    random: () => number,
    { kernels }: Twins,
    markets: readonly TestMarket[],
    one: FormCase,
    start: readonly number[],
  ): number {
    const kernel = kernels[0]!
    let quiet = 0
    for (let step = 0; step < STEPS; step++) {
      const width = 10 ** -between(random, 0, 8)
      const marks = start.map((mark) => mark * (1 + width * (random() - 0.5)))
      setMarks(kernel, marks)
      if (kernel.nominate() > 0) continue
      quiet++
      expect(exactLevelOf(one, markets, marks.map(decimalOfMark), rule)).toBe(one.level)
    }
    return quiet
  }
})

function exactLevelOf(
  { exact, rates, level }: FormCase,
  markets: readonly TestMarket[],
  marks: readonly string[],
  rule: (typeof RULES)[number][1],
): number {
  return heldLevel(
    evaluationsOf(exact, markOf(markets, marks), furtherOf(markets, rates))!,
    exact,
    rule,
    level,
  )
}

function sumOf(rate: string, step: string): string {
  return formatDecimal(add(parseDecimal(rate), parseDecimal(step)))
}
