import { describe, expect, it } from 'vitest'
import {
  add,
  type Fraction,
  multiply,
  parse,
  print,
  subtract,
  ZERO,
} from '../../src/demo/referee/fraction.ts'
import {
  figuresAt,
  liquidatesOnTheLine,
  movedAgainst,
  naiveMarginAccounts,
} from '../../src/demo/referee/margin-accounts.ts'
import type { Account, InstrumentRules, Position, Random } from '../../src/domain/index.ts'
import { knownOf } from '../../src/margin/formula-figures.ts'
import { stateOfKnown } from '../../src/margin/formula-state.ts'
import {
  CURE_STEP,
  levelRule,
  marginAccountsOf,
  marginStateByFractions,
  marginStateOf,
  stateByFormula,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { makeAccount } from '../support/accounts.ts'
import { between } from '../support/random-accounts.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { bookOf, rulesOf, type TierRow } from './support.ts'

const SEED = testSeed(20_261_204)
const CASES = testCases(150)
const LEVELS = ['40%', '15%', '4%'] as const
const RULE = levelRule([...LEVELS])
const MOVES: readonly Fraction[] = [parse('0.4'), parse('0.15'), parse('0.04'), ZERO]

/** Steps of a position; every part of it is tried. */
const STEPS_MAX = 40

/** A contract of which one step, the smallest part that is closed, is worth about 1 in its settlement asset. */
interface Form {
  readonly venue: string
  readonly rules: InstrumentRules
  readonly step: string
  readonly price: number
}

const TIERS: readonly TierRow[] = [
  ['15', '0.02', '0'],
  ['40', '0.1', '1.2'],
  ['1000', '0.3', '9.2'],
]
const FORMS: Readonly<Record<string, Form>> = {
  'linear, reached': { venue: 'bybit', rules: rulesOf(TIERS), step: CURE_STEP, price: 1e8 },
  'linear, passed': { venue: 'binance', rules: rulesOf(TIERS), step: CURE_STEP, price: 1e8 },
  inverse: {
    venue: 'bybit',
    rules: rulesOf(TIERS, { kind: 'inverse', settle: 'BTC', multiplier: '100' }),
    step: '1',
    price: 100,
  },
}

interface Hedge {
  readonly account: Account
  readonly marks: Readonly<Record<string, string>>
}

function drawHedge(random: Random, { venue, step, price, rules }: Form): Hedge {
  const sized = (side: '' | '-') =>
    side + print(multiply({ n: BigInt(between(random, 1, STEPS_MAX)), d: 1n }, parse(step)))
  const entry = () => (price * (0.9 + 0.2 * random())).toFixed(2)
  const position = (symbol: string, side: '' | '-'): Position => ({
    symbol,
    marginMode: 'cross',
    size: sized(side),
    entryPrice: entry(),
  })
  const positions = [position('X', ''), position('X', '-')]
  if (random() < 0.4) positions.push(position('Y', random() < 0.5 ? '' : '-'))
  if (random() < 0.2) positions[1] = { ...positions[1]!, size: `-${positions[0]!.size}` }
  if (random() < 0.5) positions.reverse()
  const amount = (40 * (random() - 0.3)).toFixed(6)
  const collateral = [{ asset: rules.settlementAsset, amount }]
  const marks = { X: String(price), Y: entry() }
  return { account: makeAccount({ venue, collateral, positions }), marks }
}

const magnitudeOf = ({ size }: Position) => parse(size.replace('-', ''))

/** The account after closing a part of one position at the mark, by the figures of the referee. */
function closing({ account, marks }: Hedge, { rules }: Form, index: number, closed: Fraction): Account {
  const position = account.positions[index]!
  const sign = position.size.startsWith('-') ? '-' : ''
  const part = { ...position, size: sign + print(closed) }
  const [alone] = naiveMarginAccounts({ ...account, collateral: [], positions: [part] }, () => rules)
  const { marginBalance } = figuresAt(alone!, (symbol) => parse(marks[symbol]!))!
  const left = subtract(magnitudeOf(position), closed)
  const positions = account.positions.flatMap((one, place) =>
    place !== index ? [one] : left.n === 0n ? [] : [{ ...one, size: sign + print(left) }],
  )
  const amount = add(parse(account.collateral[0]!.amount), marginBalance)
  return {
    ...account,
    positions,
    collateral: [{ ...account.collateral[0]!, amount: `${amount.n}/${amount.d}` }],
  }
}

/** Whether the referee finds the account below every level, each at prices moved against it as it is then. */
function isBelowAll(account: Account, { marks }: Hedge, { rules }: Form): boolean {
  const [n, d] = account.collateral[0]!.amount.split('/') as [string, string]
  const free = { ...account, collateral: [{ ...account.collateral[0]!, amount: '0' }] }
  const [naive] = naiveMarginAccounts(free, () => rules)
  if (naive === undefined) return true
  const wallet = { n: BigInt(n), d: BigInt(d) }
  return MOVES.every((move) => {
    const markOf = movedAgainst(naive, (symbol) => parse(marks[symbol]!), move)
    const { marginBalance, maintenanceMargin } = figuresAt({ ...naive, wallet }, markOf)!
    const slack = subtract(marginBalance, maintenanceMargin).n
    return slack > 0n || (slack === 0n && !liquidatesOnTheLine(naive))
  })
}

/** The smallest part of a position that brings the account below every level: each is tried. */
function smallestPart(hedge: Hedge, form: Form, index: number): string | null {
  const size = magnitudeOf(hedge.account.positions[index]!)
  const step = parse(form.step)
  for (let closed = step; subtract(size, closed).n >= 0n; closed = add(closed, step)) {
    if (isBelowAll(closing(hedge, form, index, closed), hedge, form)) return print(closed)
  }
  return null
}

/** Whether closing that part leaves the account net on the other side of the instrument. */
function turns({ account }: Hedge, index: number, closed: string): boolean {
  const { symbol, size } = account.positions[index]!
  const net = account.positions
    .filter((position) => position.symbol === symbol)
    .reduce((sum, position) => add(sum, parse(position.size)), ZERO)
  const after = size.startsWith('-') ? add(net, parse(closed)) : subtract(net, parse(closed))
  return net.n > 0n !== after.n > 0n && magnitudeOf(account.positions[index]!).n > 0n
}

describe(`the cure of a hedge by distance (${CASES} accounts, seed ${SEED})`, () => {
  it.each(Object.keys(FORMS))('closes the smallest part that cures, and no smaller one does: %s', (name) => {
    const form = FORMS[name]!
    const random = seededRandom(SEED, name.length)
    const book = bookOf(ruleBookOf(makeAccount({ venue: form.venue }).venue).defaults, {
      X: form.rules,
      Y: form.rules,
    })
    const counts = { parts: 0, turned: 0, none: 0 }
    for (let index = 0; index < CASES; index++) {
      const hedge = drawHedge(random, form)
      const [engine] = marginAccountsOf(hedge.account, book)
      const markOf = (symbol: string) => hedge.marks[symbol]
      const state = marginStateOf(engine!, markOf, RULE)
      if (state.cure === null) continue
      const wanted = hedge.account.positions.map((_, place) => smallestPart(hedge, form, place))
      const ways = {
        sums: state,
        fractions: marginStateByFractions(engine!, markOf, RULE),
        formula: stateByFormula(engine!, engine!.formula, markOf, RULE),
        traced: stateOfKnown(engine!, { ...knownOf(engine!.formula, markOf)!, isTraced: true }, RULE),
      }
      for (const [way, { cure }] of Object.entries(ways)) {
        const sizes = cure!.reductions.map(({ size }) => size)
        expect({ way, hedge, sizes }).toEqual({ way, hedge, sizes: wanted })
      }
      wanted.forEach((part, place) => {
        if (part === null) counts.none++
        else if (turns(hedge, place, part)) counts.turned++
        else counts.parts++
      })
    }
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(CASES / 50)
  })
})
