import { describe, expect, it } from 'vitest'
import type { Decimal } from '../../src/domain/index.ts'
import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  Compiler,
  KERNEL_VARIANTS,
  type Kernel,
  LEVEL_NONE,
  openKernel,
  undecidedLevel,
} from '../../src/kernel/index.ts'
import {
  add,
  div,
  evaluate,
  formatDecimal,
  heldLevel,
  levelRule,
  type MarginAccount,
  marginAccountsOf,
  mul,
  ONE,
  parseDecimal,
  sub,
  tierIndexAt,
  toFloat,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { between, booksOf, randomAccount, randomMarkets, type TestMarket, text } from '../support/book.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_122)
const RANDOM_CASES = 1_000_000
const BOUNDARY_CASES = 200_000
const RULE = levelRule()
const LEVELS = RULE.levels.length

/** One kernel of each variant, with the same markets and accounts under the same numbers. */
class Twins {
  readonly kernels: readonly Kernel[] = KERNEL_VARIANTS.map(openKernel)
  readonly #compilers: readonly Compiler[]

  constructor(markets: readonly TestMarket[]) {
    const numbers = new Map(markets.map(({ symbol }, index) => [symbol, index]))
    this.#compilers = this.kernels.map((kernel) => {
      kernel.setLevels(RULE.levels.map(toFloat), 1 + toFloat(RULE.hysteresis))
      for (const _ of markets) kernel.addInstrument()
      return new Compiler(kernel, (symbol) => numbers.get(symbol)!)
    })
  }

  add(marginAccount: MarginAccount): number {
    const [number, ...others] = this.#compilers.map((compiler) => compiler.add(marginAccount, 0))
    expect(others.every((other) => other === number)).toBe(true)
    return number!
  }

  setMarks(marks: readonly Decimal[]): void {
    for (const kernel of this.kernels) {
      kernel.beginInstant()
      for (const [instrument, mark] of marks.entries()) kernel.setMark(instrument, Number(mark))
    }
  }

  /**
   * The finding of all three, which must be one to the last bit: by a measurement, by a re-check, and by both of an
   * account at the same level whose verdict is asked afresh.
   */
  recheck(account: number, level: number): Finding {
    const [first, ...others] = this.kernels.map((kernel) => {
      kernel.setAccountLevel(account, undecidedLevel(level))
      const afresh = findingOf(kernel, kernel.measureAccount(account))
      expectSame(afresh, findingOf(kernel, kernel.recheckAccount(account)))
      kernel.setAccountLevel(account, level)
      const measured = findingOf(kernel, kernel.measureAccount(account))
      const found = findingOf(kernel, kernel.recheckAccount(account))
      expectSame(measured, found)
      expectSame(found, { ...afresh, answer: found.answer, level: found.level })
      const answerAfresh = afresh.level === LEVEL_NONE ? ANSWER_CLOSE : ANSWER_ACROSS
      if (afresh.answer !== answerAfresh) throw new Error(`asked afresh, the answer is ${afresh.answer}`)
      if (afresh.level !== found.level) throw new Error(`levels ${afresh.level} and ${found.level}`)
      return found
    })
    for (const other of others) expectSame(first!, other)
    return first!
  }
}

interface Finding {
  readonly answer: number
  readonly level: number
  readonly marginBalance: number
  readonly maintenanceMargin: number
}

function findingOf(kernel: Kernel, answer: number): Finding {
  const { measuredLevel, measuredMarginBalance, measuredMaintenanceMargin } = kernel
  return {
    answer,
    level: measuredLevel,
    marginBalance: measuredMarginBalance,
    maintenanceMargin: measuredMaintenanceMargin,
  }
}

function expectSame(one: Finding, other: Finding): void {
  for (const field of ['answer', 'level', 'marginBalance', 'maintenanceMargin'] as const) {
    if (!Object.is(one[field], other[field])) {
      throw new Error(`findings disagree: ${JSON.stringify(one)}, ${JSON.stringify(other)}`)
    }
  }
}

interface Tally {
  cases: number
  disagreements: number
  safe: number
  across: number
  close: number
  /** Levels proven by answers other than safe. */
  proven: number
  /** Answers across a level that do not say which one is held. */
  acrossUnproven: number
}

const noCases = (): Tally => ({
  ...{ cases: 0, disagreements: 0, safe: 0, across: 0, close: 0, proven: 0, acrossUnproven: 0 },
})

function judge(tally: Tally, finding: Finding, level: number, exactLevel: number): void {
  const { answer } = finding
  tally.cases++
  if (finding.level !== LEVEL_NONE && finding.level !== exactLevel) tally.disagreements++
  if (answer !== ANSWER_SAFE && finding.level !== LEVEL_NONE) tally.proven++
  if (answer === ANSWER_SAFE) {
    tally.safe++
    if (exactLevel !== level || finding.level !== level) tally.disagreements++
  } else if (answer === ANSWER_ACROSS) {
    tally.across++
    if (exactLevel === level) tally.disagreements++
    if (finding.level === LEVEL_NONE) tally.acrossUnproven++
  } else if (answer === ANSWER_CLOSE) tally.close++
  else tally.disagreements++
}

describe(`re-check against exact arithmetic (seed ${SEED})`, () => {
  it(`agrees on ${RANDOM_CASES} random cases, and all twins give one answer`, { timeout: 600_000 }, () => {
    const random = seededRandom(SEED)
    const markets = randomMarkets(random, 100)
    const books = booksOf(markets)
    const twins = new Twins(markets)
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
        const level = between(random, 0, LEVELS)
        const evaluation = evaluate(exact, (symbol) => byName.get(symbol))!
        judge(tally, twins.recheck(number, level), level, heldLevel(evaluation, exact, RULE, level))
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
      const twins = new Twins(markets)
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
 * A margin account whose line of one level (to reach it, or to leave it) lies exactly on a mark, seen at that
 * mark and a few units of the last place beside it. Returns how many a plain comparison in f64 gets wrong.
 */
function boundaryCases(
  random: () => number,
  markets: readonly TestMarket[],
  books: ReturnType<typeof booksOf>,
  twins: Twins,
  tally: Tally,
): number {
  const account = randomAccount(random, 'b', markets)
  const [drawn] = marginAccountsOf(account, books[account.venue]!)
  if (drawn === undefined) return 0
  const marks = markets.map(({ price, decimals }) => text(price * (0.95 + 0.1 * random()), decimals))
  const at = (list: readonly Decimal[]) => (symbol: string) =>
    list[markets.findIndex((market) => market.symbol === symbol)]
  const target = between(random, 1, LEVELS)
  const leaving = random() < 0.5
  const { marginBalance, maintenanceMargin } = evaluate(drawn, at(marks))!
  const weight = leaving ? add(ONE, RULE.hysteresis) : ONE
  // constant' = constant − marginBalance + weight·maintenanceMargin / λ puts the line exactly on these marks.
  const due = div(mul(weight, maintenanceMargin), RULE.levels[target - 1]!)
  const exact: MarginAccount = { ...drawn, constant: add(sub(drawn.constant, marginBalance), due) }
  const number = twins.add(exact)
  const level = leaving ? target : target - 1
  const moved = markets.findIndex(({ symbol }) => symbol === exact.curves[0]!.symbol)
  let wrong = 0
  for (const ulps of [0, 1, -1, 2, -2, 4, -4, 64, -64, 1024, -1024]) {
    const beside = marks.map((mark, index) => (index === moved ? besideByUlps(mark, ulps) : mark))
    twins.setMarks(beside)
    const exactLevel = heldLevel(evaluate(exact, at(beside))!, exact, RULE, level)
    judge(tally, twins.recheck(number, level), level, exactLevel)
    const reached = plainlyReached(
      exact,
      at(beside),
      toFloat(RULE.levels[target - 1]!),
      toFloat(weight),
      leaving,
    )
    if (reached !== exactLevel >= target) wrong++
  }
  return wrong
}

/** The price so many units of its last place as an f64 away, as text. */
function besideByUlps(mark: Decimal, ulps: number): Decimal {
  const ulp = 2 ** (Math.floor(Math.log2(Number(mark))) - 52)
  return formatDecimal(add(parseDecimal(mark), parseDecimal((ulps * ulp).toFixed(18))))
}

/** What a program without an error bound would say. */
function plainlyReached(
  exact: MarginAccount,
  markOf: (symbol: string) => Decimal | undefined,
  level: number,
  weight: number,
  leaving: boolean,
): boolean {
  let marginBalance = toFloat(exact.constant)
  let maintenance = 0
  for (const curve of exact.curves) {
    const mark = Number(markOf(curve.symbol))
    const x = curve.coordinate === 'price' ? mark : 1 / mark
    const y = toFloat(curve.scale) * x
    const tier = curve.tiers[tierIndexAt(curve.tiers, parseDecimal(y.toFixed(18)))]!
    marginBalance += toFloat(curve.intercept) + toFloat(curve.slope) * x
    maintenance += toFloat(tier.maintenanceMarginRate) * y - toFloat(tier.maintenanceDeduction)
    maintenance += toFloat(curve.maintenanceConstant)
  }
  return leaving ? level * marginBalance < weight * maintenance : level * marginBalance <= maintenance
}
