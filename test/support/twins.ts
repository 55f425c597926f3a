import type { Decimal, Random } from '../../src/domain/index.ts'
import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  Compiler,
  KERNEL_VARIANTS,
  type Kernel,
  type KernelTerms,
  kernelLevelsOf,
  LEVEL_NONE,
  openKernel,
  undecidedLevel,
} from '../../src/kernel/index.ts'
import {
  add,
  div,
  evaluationsOf,
  formatDecimal,
  type LevelRule,
  type MarginAccount,
  marginAccountsOf,
  mul,
  ONE,
  parseDecimal,
  type Rational,
  sub,
  toFloat,
} from '../../src/margin/index.ts'
import { exactTermsOf } from './exact-terms.ts'
import { between, type booksOf, randomAccount, type TestMarket, text } from './random-accounts.ts'

/** One kernel of each variant, with the same markets and accounts under the same numbers. */
export class Twins {
  readonly kernels: readonly Kernel[] = KERNEL_VARIANTS.map(openKernel)
  readonly rule: LevelRule
  readonly #compilers: readonly Compiler[]
  #hasOpenTiers = false

  constructor(markets: readonly TestMarket[], rule: LevelRule) {
    this.rule = rule
    const numbers = new Map(markets.map(({ symbol }, index) => [symbol, index]))
    this.#compilers = this.kernels.map((kernel) => {
      kernel.setReleaseFactor(toFloat(add(ONE, rule.hysteresis)))
      kernel.setRule(0, kernelLevelsOf(rule))
      for (const _ of markets) kernel.addInstrument()
      return new Compiler(kernel, (symbol) => numbers.get(symbol)!)
    })
  }

  add(marginAccount: MarginAccount): number {
    return this.addTerms(exactTermsOf(marginAccount))
  }

  addTerms(terms: KernelTerms): number {
    this.#hasOpenTiers ||= terms.rows.some(({ tiers }) => tiers.some(({ isOpen }) => isOpen))
    const [number, ...others] = this.#compilers.map((compiler) =>
      compiler.add(terms, 0, { number: 0, isByDistance: this.rule.isByDistance }),
    )
    if (others.some((other) => other !== number)) throw new Error(`account numbers ${number}, ${others}`)
    return number!
  }

  /** Charges of the first instruments. */
  setCharges(rates: readonly Decimal[]): void {
    for (const kernel of this.kernels) {
      kernel.beginInstant()
      for (const [instrument, rate] of rates.entries()) kernel.setCharge(instrument, Number(rate))
    }
  }

  setMarks(marks: readonly Decimal[]): void {
    for (const kernel of this.kernels) {
      kernel.beginInstant()
      for (const [instrument, mark] of marks.entries()) kernel.setMark(instrument, Number(mark))
    }
  }

  /**
   * The finding of all three, which must be one to the last bit: by a measurement, by a re-check, and by both of an
   * account that comes from the same level, undecided.
   */
  recheck(account: number, level: number): Finding {
    const [first, ...others] = this.kernels.map((kernel) => {
      kernel.setAccountLevel(account, undecidedLevel(level))
      const undecided = findingOf(kernel, kernel.measureAccount(account))
      expectSame(undecided, findingOf(kernel, kernel.recheckAccount(account)))
      kernel.setAccountLevel(account, level)
      const measured = findingOf(kernel, kernel.measureAccount(account))
      const found = findingOf(kernel, kernel.recheckAccount(account))
      expectSame(measured, found)
      expectSame(found, { ...undecided, answer: found.answer, level: found.level })
      const undecidedAnswer = undecided.level === LEVEL_NONE ? ANSWER_CLOSE : ANSWER_ACROSS
      if (undecided.answer !== undecidedAnswer)
        throw new Error(`undecided, the answer is ${undecided.answer}`)
      // An undecided account is seen from the line on, at whose prices a value may lie in an open tier.
      const isOpen = this.#hasOpenTiers && undecided.level === LEVEL_NONE
      if (undecided.level !== found.level && !isOpen)
        throw new Error(`levels ${undecided.level} and ${found.level}`)
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

export interface Tally {
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

export const noCases = (): Tally => ({
  cases: 0,
  disagreements: 0,
  safe: 0,
  across: 0,
  close: 0,
  proven: 0,
  acrossUnproven: 0,
})

export function judge(tally: Tally, finding: Finding, level: number, exactLevel: number): void {
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

/** Marks as a list in the order of the markets. */
export function markOf(markets: readonly TestMarket[], marks: readonly Decimal[]) {
  return (symbol: string) => marks[markets.findIndex((market) => market.symbol === symbol)]
}

/** A margin account whose line of one level, to reach it or to leave it, lies exactly on the marks. */
export interface LineCase {
  readonly exact: MarginAccount
  readonly marks: readonly Decimal[]
  /** The level of the line. */
  readonly target: number
  readonly isLeaving: boolean
  /** The level that it comes from. */
  readonly level: number
  /** What the maintenance margin counts on the line: 1, or the release factor. */
  readonly weight: Rational
  /** Number of the market of its first curve. */
  readonly moved: number
}

/** Undefined where the account drawn has no margin account. */
export function drawLineCase(
  random: Random,
  markets: readonly TestMarket[],
  books: ReturnType<typeof booksOf>,
  rule: LevelRule,
): LineCase | undefined {
  const account = randomAccount(random, 'b', markets)
  const [drawn] = marginAccountsOf(account, books[account.venue]!)
  if (drawn === undefined) return undefined
  const marks = markets.map(({ price, decimals }) => text(price * (0.95 + 0.1 * random()), decimals))
  const target = between(random, 1, rule.levels.length)
  const isLeaving = random() < 0.5
  const { ratio, distance } = rule.levels[target - 1]!
  const { marginBalance, maintenanceMargin } = evaluationsOf(drawn, markOf(markets, marks))!(distance)
  const weight = isLeaving ? add(ONE, rule.hysteresis) : ONE
  // constant' = constant − marginBalance + weight·maintenanceMargin / λ puts the line exactly on these marks.
  const due = div(mul(weight, maintenanceMargin), ratio)
  const exact: MarginAccount = { ...drawn, constant: add(sub(drawn.constant, marginBalance), due) }
  const moved = markets.findIndex(({ symbol }) => symbol === exact.curves[0]!.symbol)
  return { exact, marks, target, isLeaving, level: isLeaving ? target : target - 1, weight, moved }
}

/** The price so many units of its last place as an f64 away, as text. */
export function besideByUlps(mark: Decimal, ulps: number): Decimal {
  const ulp = 2 ** (Math.floor(Math.log2(Number(mark))) - 52)
  return formatDecimal(add(parseDecimal(mark), parseDecimal((ulps * ulp).toFixed(18))))
}
