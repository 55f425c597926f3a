/**
 * The liquidation proofs L1 to L13 of percolator (aeyakovenko/percolator, commit d594e6a9), as properties of a monitor:
 * - L1 progress, L3 no more breaches afterwards, L11 progress or nothing: "a reduction", "a top-up".
 * - L2 nothing is done when no account is breached, L4 only breached accounts are touched: "a safe account".
 * - L5 non-interference, L9 no new breaches at the same prices: "other margin accounts".
 * - L7 conservation: "closing a part". L8 principal is never cut: "prices alone". L13 a withdrawal breaches nobody: "money up to".
 * - L6 authorisation does not apply: a monitor sends no orders.
 * - L10 a valid choice among breached accounts does not apply: every one of them is published.
 * - L12 socialised losses do not apply: a monitor knows one account at a time.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  add,
  type Fraction,
  multiply,
  ONE,
  parse,
  print,
  subtract,
  ZERO,
} from '../../src/demo/referee/fraction.ts'
import { movedAgainst } from '../../src/demo/referee/margin-accounts.ts'
import { floorTo, isAtMost, larger } from '../../src/demo/referee/venues/formula.ts'
import { VENUE_FORMULAS } from '../../src/demo/referee/venues/index.ts'
import type { MarginState, Random } from '../../src/domain/index.ts'
import { distanceByFormula } from '../../src/margin/formula-distance.ts'
import { type Known, knownOf } from '../../src/margin/formula-figures.ts'
import { bothPricesOf } from '../../src/margin/formula-prices.ts'
import {
  type Evaluation,
  evaluate,
  formatDecimal,
  levelRule,
  type MarginAccount,
  type MarkOf,
  marginAccountsOf,
  marginStateOf,
  type Rational,
  reductionStepOf,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { Properties } from '../support/properties.ts'
import { between } from '../support/random-accounts.ts'
import { testCases, testSeed } from '../support/seed.ts'
import {
  compiledOf,
  drawPrices,
  drawVenueCase,
  further,
  marketsOf,
  slackOf,
  stepOf,
  type VenueCase,
  type VenueMarkets,
  type VenuePrices,
  verdictAt,
  walletNear,
} from '../support/venue-cases.ts'
import {
  isLinearInSize,
  magnitudeOf,
  paidByClosing,
  signed,
  withAccount,
  withClosed,
  withMoney,
  withSplit,
} from '../support/venue-changes.ts'

const SEED = testSeed(20_261_201)
/** Of each venue. */
const ACCOUNTS = testCases(200)
const VENUES = Object.keys(VENUE_FORMULAS)
const RULE = levelRule([])
const TIMEOUT_MS = 600_000
/** Of money that is added. */
const MONEY_UNIT = '0.00000001'
/** The last digit of a decimal. */
const LAST_DIGIT = '0.000000000000000001'
/** Of a margin: enough money to be seen in a printed distance. */
const BILLIONTH: Fraction = { n: 1n, d: 1_000_000_000n }
/** A smaller price is none of a market. */
const PRICE_LEAST: Fraction = { n: 1n, d: 1_000_000n }
/** A figure that is printed and read again differs from itself by no more. */
const PRINTED: Fraction = { n: 1n, d: 10n ** 15n }

const BOTH_SIDES = 'a hedged account with a liquidation price on either side is breached outside both'
/** Whose margin bends enough with the price for such accounts; elsewhere they are rare, or do not exist. */
const BENT_VENUES: readonly string[] = ['binance', 'bybit', 'deribit']

const BESIDE_OTHERS = 'other margin accounts of the account change nothing'
/** Where a long and a short of one contract are one position. */
const NETTING_VENUES: readonly string[] = ['cme']
const HEDGED = 'a hedged account is breached beyond its one liquidation price'

/** Without isolated positions: accounts of these tests are one margin account there. */
const CROSS_VENUES: readonly string[] = ['cme', 'deribit']

const PROPERTIES = [
  'an error of the program',
  'a safe account has no cure and no shortfall',
  'a top-up cures a breach, and one unit less does not',
  'a reduction cures a breach, and no smaller one does',
  'closing a part at the mark moves the margin balance by the value of an option alone',
  'prices alone do not change the wallet',
  BESIDE_OTHERS,
  'money never worsens: not the verdict, nor the distance, nor any liquidation price',
  'money up to the surplus may leave, and no more',
  'the order of the positions changes nothing',
  'two parts of a position ask for what the whole asks for, or less where its margin is no line of its size',
  'the distance is 0 on the line, and not above it',
  'prices moved by the distance put the account on its line',
  HEDGED,
  BOTH_SIDES,
] as const
type Property = (typeof PROPERTIES)[number]

/** An account at prices. */
interface Moment {
  readonly one: VenueCase
  readonly prices: VenuePrices
}

/** With what the engine says of it. */
interface Judged extends Moment {
  readonly engine: MarginAccount
  readonly state: MarginState
  readonly isSafe: boolean
  readonly isRounded: boolean
}

describe.each(VENUES)(`${ACCOUNTS} accounts of %s, seed ${SEED}`, (venue) => {
  const properties = new Properties<Property>('an error of the program')

  beforeAll(() => {
    const random = seededRandom(SEED, VENUES.indexOf(venue))
    const markets = marketsOf(venue)
    for (let index = 0; index < ACCOUNTS; index++) {
      const judged = drawJudged(random, venue, markets)
      const where = JSON.stringify({ account: judged.one.account, marks: [...judged.prices.marks] })
      for (const examine of EXAMINATIONS)
        properties.run(where, () => examine(properties, judged, random, markets))
    }
  }, TIMEOUT_MS)

  it.each(PROPERTIES.map((property) => ({ property })))('$property', ({ property }) => {
    const violations = properties.violationsOf(property)
    expect(violations.slice(0, 2), `of ${violations.length}`).toEqual([])
    const isRare =
      (property === BOTH_SIDES && !BENT_VENUES.includes(venue)) ||
      (property === HEDGED && NETTING_VENUES.includes(venue)) ||
      (property === BESIDE_OTHERS && CROSS_VENUES.includes(venue))
    if (!isRare) expect(properties.checksOf(property)).toBeGreaterThan(ACCOUNTS / 40)
  })
})

function drawJudged(random: Random, venue: string, markets: VenueMarkets): Judged {
  const drawn = drawVenueCase(random, venue, markets)
  const prices = drawPrices(random, drawn)
  const amount = walletNear(random() * 1.5 - 0.75, drawn, prices)
  const one = amount === undefined ? drawn : withWallet(drawn, amount)
  const engine = engineOf(one)
  const state = stateAt({ one, prices })
  const isRounded = one.account.positions.some(
    ({ symbol }) => one.book.rulesOf(symbol)!.rounding !== undefined,
  )
  return { one, prices, engine, state, isSafe: state.verdict === 'safe', isRounded }
}

function withWallet(one: VenueCase, amount: string): VenueCase {
  return withAccount(one, {
    collateral: one.account.collateral.map((entry) => ({ ...entry, amount })),
  })
}

function engineOf({ account, book }: VenueCase): MarginAccount {
  return marginAccountsOf(account, book)[0]!
}

function stateAt({ one, prices }: Moment): MarginState {
  return marginStateOf(engineOf(one), marksOf(prices), RULE, further(prices))
}

function sumsAt({ one, prices }: Moment): Evaluation {
  return evaluate(engineOf(one), marksOf(prices), further(prices))!
}

function isSafe(one: VenueCase, prices: VenuePrices): boolean {
  return !verdictAt(engineOf(one), marksOf(prices), prices, RULE)
}

function marksOf({ marks }: VenuePrices): MarkOf {
  return (symbol) => marks.get(symbol)
}

function knownAt({ one, prices }: Moment): Known {
  return knownOf(engineOf(one).formula, marksOf(prices), further(prices))!
}

/** As it is printed; undefined if no move of the prices brings the account to its line. */
function distanceText(moment: Moment): string | undefined {
  const distance = distanceByFormula(knownAt(moment))
  return distance && formatDecimal(distance)
}

type Examine = (
  properties: Properties<Property>,
  judged: Judged,
  random: Random,
  markets: VenueMarkets,
) => void

const EXAMINATIONS: readonly Examine[] = [
  safeHasNoCure,
  topUpCures,
  reductionsCure,
  pricesLeaveTheWallet,
  othersChangeNothing,
  moneyNeverWorsens,
  surplusMayLeave,
  orderChangesNothing,
  splitChangesNothing,
  distanceIsZeroOnTheLine,
  distanceLeadsToTheLine,
  hedgedIsBreachedBeyond,
]

function safeHasNoCure(properties: Properties<Property>, { state }: Judged): void {
  if (state.verdict !== 'safe') return
  properties.check(
    'a safe account has no cure and no shortfall',
    state.cure === null && state.shortfall === '0' && state.level === null,
    () => `shortfall ${state.shortfall}, cure ${JSON.stringify(state.cure)}`,
  )
}

function topUpCures(properties: Properties<Property>, { state, one, engine, prices }: Judged): void {
  if (state.cure === null) return
  const { topUp } = state.cure
  const less = print(subtract(parse(topUp), parse(MONEY_UNIT)))
  properties.check(
    'a top-up cures a breach, and one unit less does not',
    isSafe(withMoney(one, engine, topUp), prices) && !isSafe(withMoney(one, engine, less), prices),
    () => `top-up ${topUp}`,
  )
}

function reductionsCure(
  properties: Properties<Property>,
  { state, one, prices, isRounded }: Judged,
  random: Random,
): void {
  if (state.cure === null) return
  state.cure.reductions.forEach(({ size }, index) => {
    const position = one.account.positions[index]!
    if (size === null || parse(size).n * magnitudeOf(position).d === magnitudeOf(position).n * parse(size).d)
      return
    const step = parse(reductionStepOf(one.book.rulesOf(position.symbol)!))
    const closing = (part: Fraction) => withClosed(one, index, print(part), prices)
    const cures = (part: Fraction) => isSafe(closing(part), prices)
    const fewer = floorTo(multiply(parse(size), { n: BigInt(between(random, 1, 99)), d: 100n }), step)
    properties.check(
      'a reduction cures a breach, and no smaller one does',
      cures(parse(size)) && !cures(subtract(parse(size), step)) && !cures(fewer),
      () => `${size} of ${position.symbol}, or ${print(fewer)}`,
    )
    if (position.marginMode === 'isolated') return
    const { marginBalance } = sumsAt({ one: closing(fewer), prices })
    const part = { ...position, size: signed(position, print(fewer)) }
    const isOption = one.book.rulesOf(position.symbol)!.option !== undefined
    const paid = isOption ? paidByClosing(one, part, prices) : ZERO
    properties.check(
      'closing a part at the mark moves the margin balance by the value of an option alone',
      isNear(marginBalance, add(parse(state.marginBalance!), paid), isRounded ? unitOf(one) : PRINTED),
      () => `${print(fewer)} of ${position.symbol}: ${print(marginBalance)}`,
    )
  })
}

function pricesLeaveTheWallet(
  properties: Properties<Property>,
  { state, one }: Judged,
  random: Random,
): void {
  const moved = knownAt({ one, prices: drawPrices(random, one) }).figures.walletBalance
  properties.check(
    'prices alone do not change the wallet',
    formatDecimal(moved) === state.walletBalance,
    () => `wallet ${formatDecimal(moved)}`,
  )
}

function othersChangeNothing(
  properties: Properties<Property>,
  { state, one, prices, engine }: Judged,
  random: Random,
  markets: VenueMarkets,
): void {
  const other = drawVenueCase(random, one.account.venue, markets)
  const isolated = other.account.positions.filter(({ marginMode }) => marginMode === 'isolated')
  const isSame = engine.marginMode === 'isolated' && isolated[0]?.symbol === one.account.positions[0]!.symbol
  if (isolated.length === 0 || isSame) return
  const positions = [...isolated, ...one.account.positions]
  const engines = marginAccountsOf(withAccount(one, { positions }).account, one.book)
  const marks = new Map([...drawPrices(random, other).marks, ...prices.marks])
  const both = engines.find(({ id }) => id === engine.id)!
  const beside = marginStateOf(both, marksOf({ ...prices, marks }), RULE, further(prices))
  properties.check(BESIDE_OTHERS, JSON.stringify(beside) === JSON.stringify(state), () =>
    JSON.stringify(isolated),
  )
}

function moneyNeverWorsens(properties: Properties<Property>, judged: Judged, random: Random): void {
  if (!judged.isSafe) return
  const { one, engine, prices, state } = judged
  const share = { n: BigInt(between(random, 1, 200)), d: 100n }
  const amount = print(add(multiply(parse(state.maintenanceMargin!), share), parse(MONEY_UNIT)))
  const richer = { one: withMoney(one, engine, amount), prices }
  const [known, richerKnown] = [knownAt(judged), knownAt(richer)]
  const symbols = new Set(one.account.positions.map(({ symbol }) => symbol))
  const movesAway = [...symbols].every((symbol) => {
    const [before, after] = [bothPricesOf(known, symbol), bothPricesOf(richerKnown, symbol)]
    return isNoNearer(after.below, before.below, -1) && isNoNearer(after.above, before.above, 1)
  })
  properties.check(
    'money never worsens: not the verdict, nor the distance, nor any liquidation price',
    isSafe(richer.one, prices) &&
      movesAway &&
      isNoNearer(distanceByFormula(richerKnown), distanceByFormula(known), 1),
    () => `${amount} more`,
  )
}

/** Whether `after`, on that side of the account, is not nearer than `before`; undefined is farther than any price. */
function isNoNearer(after: Rational | undefined, before: Rational | undefined, side: 1 | -1): boolean {
  if (after === undefined) return true
  return before !== undefined && (side > 0 ? isAtMost(before, after) : isAtMost(after, before))
}

function surplusMayLeave(
  properties: Properties<Property>,
  { one, prices, engine, isSafe: holds }: Judged,
): void {
  if (!holds || engine.marginMode === 'isolated') return
  const surplus = slackOf(compiledOf(one), prices)
  const units = parse(LAST_DIGIT)
  const whole = { n: (surplus.n * units.d) / surplus.d, d: units.d }
  const taken = (amount: Fraction) => isSafe(withMoney(one, engine, print(subtract(ZERO, amount))), prices)
  properties.check(
    'money up to the surplus may leave, and no more',
    taken(subtract(whole, units)) && !taken(add(whole, units)),
    () => `surplus ${print(surplus)}`,
  )
}

function orderChangesNothing(properties: Properties<Property>, judged: Judged): void {
  const { one, prices, state } = judged
  if (one.account.positions.length < 2) return
  const turned = { one: withAccount(one, { positions: [...one.account.positions].reverse() }), prices }
  const after = stateAt(turned)
  const inOrder = {
    ...after,
    positions: [...after.positions].reverse(),
    cure: after.cure && { ...after.cure, reductions: [...after.cure.reductions].reverse() },
  }
  properties.check(
    'the order of the positions changes nothing',
    JSON.stringify(inOrder) === JSON.stringify(state) && distanceText(judged) === distanceText(turned),
    () => JSON.stringify(inOrder),
  )
}

function splitChangesNothing(
  properties: Properties<Property>,
  { one, prices, state }: Judged,
  random: Random,
): void {
  const { positions } = one.account
  const index = between(random, 0, positions.length - 1)
  const position = positions[index]!
  const decimals = position.size.split('.')[1]?.length ?? 0
  const steps = Number(magnitudeOf(position).n)
  if (position.marginMode === 'isolated' || steps < 2) return
  const rules = one.book.rulesOf(position.symbol)!
  const lot = Number(rules.rounding?.lotSize ?? 1)
  const first = {
    n: BigInt(Math.ceil(between(random, 1, steps - 1) / lot) * lot),
    d: 10n ** BigInt(decimals),
  }
  if (isAtMost(magnitudeOf(position), first)) return
  const split = sumsAt({ one: withSplit(one, index, print(first)), prices })
  const isLinear = isLinearInSize(position, rules, prices.marks.get(position.symbol)!)
  const allowed = rules.rounding === undefined ? PRINTED : multiply(unitOf(one), { n: 2n, d: 1n })
  const [whole, parts] = [parse(state.maintenanceMargin!), split.maintenanceMargin]
  properties.check(
    'two parts of a position ask for what the whole asks for, or less where its margin is no line of its size',
    isNear(split.marginBalance, parse(state.marginBalance!), allowed) &&
      (isLinear ? isNear(parts, whole, PRINTED) : isAtMost(parts, add(whole, allowed))),
    () => `${print(first)} of ${position.symbol}: ${print(parts)} for ${print(whole)}`,
  )
}

function distanceIsZeroOnTheLine(properties: Properties<Property>, judged: Judged): void {
  const { one, prices, engine, isRounded } = judged
  if (engine.marginMode === 'isolated') return
  const lacking = subtract(ZERO, slackOf(compiledOf(one), prices))
  const units = parse(LAST_DIGIT)
  // On the line where that is a decimal, else less than a digit below it.
  const onTheLine = { n: floorDiv(lacking.n * units.d, lacking.d), d: units.d }
  const distanceWith = (amount: Fraction) =>
    distanceText({ one: withMoney(one, engine, print(amount)), prices })
  const seen = larger(multiply(parse(judged.state.maintenanceMargin!), BILLIONTH), parse(MONEY_UNIT))
  const above = distanceWith(add(onTheLine, seen))
  properties.check(
    'the distance is 0 on the line, and not above it',
    distanceWith(onTheLine) === '0' && (isRounded || above !== '0'),
    () => `${print(onTheLine)} more, distance ${above} above`,
  )
}

function floorDiv(n: bigint, d: bigint): bigint {
  const quotient = n / d
  return n < 0n && quotient * d !== n ? quotient - 1n : quotient
}

function distanceLeadsToTheLine(properties: Properties<Property>, judged: Judged): void {
  if (!judged.isSafe) return
  const { one, prices, engine } = judged
  const distance = distanceText(judged)
  if (distance === undefined || distance === '0') return
  const { referee } = compiledOf(one)
  const steps = one.account.positions.map(({ symbol }) => stepOf(one, symbol))
  const step = steps.reduce((a, b) => (isAtMost(a, b) ? b : a))
  const at = (share: Fraction) => {
    const moved = movedAgainst(referee, (symbol) => parse(prices.marks.get(symbol)!), share)
    return verdictAt(engine, (symbol) => formatDecimal(moved(symbol)!), prices, RULE)
  }
  const within = subtract(parse(distance), step)
  const beyond = add(parse(distance), step)
  if (within.n <= 0n || isAtMost(ONE, beyond)) return
  properties.check(
    'prices moved by the distance put the account on its line',
    !at(within) && at(beyond),
    () => `distance ${distance}`,
  )
}

function hedgedIsBreachedBeyond(properties: Properties<Property>, judged: Judged, random: Random): void {
  const { one, prices } = judged
  if (judged.engine.marginMode === 'isolated' || one.book.defaults.netsPositions === true) return
  const [position] = one.account.positions
  const { symbol } = position!
  // Where tiers bend the margin, an account with nearly the same size on both sides has a price on either side.
  const least = random() < 0.5 ? 200 : 900
  const opposite = multiply(magnitudeOf(position!), { n: BigInt(between(random, least, 1_000)), d: 1_000n })
  const size = position!.size.includes('.') ? print(opposite) : String(opposite.n / opposite.d)
  if (parse(size).n === 0n) return
  const other = { ...position!, size: position!.size.startsWith('-') ? size : `-${size}` }
  const poor = withWallet(withAccount(one, { positions: [position!, other] }), '0')
  const hedged = { one: withWallet(poor, walletNear(random(), poor, prices)!), prices }
  if (!isSafe(hedged.one, prices)) return
  const engine = engineOf(hedged.one)
  const step = stepOf(one, symbol)
  const isBreachAt = (price: Fraction) =>
    verdictAt(engine, (name) => (name === symbol ? print(price) : prices.marks.get(name)), prices, RULE)
  const { below, above } = bothPricesOf(knownAt(hedged), symbol)
  const priceLeast = one.book.rulesOf(symbol)!.rounding?.per === 'lot' ? { n: 100n, d: 1n } : PRICE_LEAST
  const isOutside = (price: Rational, side: 1n | -1n) => {
    const beside = (sign: bigint) => add(price, multiply(price, { n: sign * step.n, d: step.d }))
    return isBreachAt(beside(side)) && !isBreachAt(beside(-side))
  }
  const sides = [
    { price: below, side: -1n },
    { price: above, side: 1n },
  ] as const
  const found = sides.filter(({ price }) => price !== undefined && !isAtMost(price, priceLeast))
  if (found.length === 0) return
  properties.check(
    found.length === 1 ? HEDGED : BOTH_SIDES,
    found.every(({ price, side }) => isOutside(price!, side)),
    () => `${found.map(({ price }) => print(price!))} with ${size}`,
  )
}

function isNear(a: Fraction, b: Fraction, allowed: Fraction): boolean {
  const apart = subtract(a, b)
  return isAtMost({ n: apart.n < 0n ? -apart.n : apart.n, d: apart.d }, allowed)
}

/** The smallest amount to which the venue rounds. */
function unitOf({ account, book }: VenueCase): Fraction {
  return parse(book.rulesOf(account.positions[0]!.symbol)!.rounding!.unit)
}
