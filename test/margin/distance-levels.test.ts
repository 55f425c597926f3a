import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  answersOf,
  CURE_STEP,
  compare,
  coordinateOf,
  div,
  evaluationsOf,
  floorTo,
  formatDecimal,
  heldLevel,
  levelRule,
  mul,
  parseDecimal,
  type Rational,
  reachedLevel,
  valueAt,
} from '../../src/margin/index.ts'
import { type AccountInput, parsedAccount } from '../support/accounts.ts'
import { DISTANCE_RULE } from '../support/levels.ts'
import { testSeed } from '../support/seed.ts'
import { anyCase, type Case, crossCase } from './arbitraries.ts'
import { stressed, toppedUp } from './stressed.ts'
import { BINANCE, bookOf, marginAccountsFor, oneTier, stateOf, sumOf } from './support.ts'

const SEED = testSeed(18)

const UNIT = '0.000000000000000001'
const FIVE = levelRule(['5%'])

const linear = oneTier('0.05')
const inverse = oneTier('0.01', '0', { kind: 'inverse', settle: 'BTC', multiplier: '1' })

function pool(wallet: string, sizes: readonly string[], asset = 'USDT'): AccountInput {
  return {
    collateral: [{ asset, amount: wallet }],
    positions: sizes.map((size) => ({ symbol: 'X', marginMode: 'cross', size, entryPrice: '100' })),
  }
}

/** Names of the levels with a mark of 100, a unit in the last place below it, and one above it. */
function levelsAround(input: AccountInput, rules: ReturnType<typeof oneTier>, margin = BINANCE) {
  const marks = [`99.${'9'.repeat(18)}`, '100', `100.${UNIT.slice(2)}`]
  return marks.map((mark) => stateOf(input, bookOf(margin, { X: rules }), { X: mark }, FIVE).level)
}

describe('the level 5% of an account that would be on its line at a mark 5 % away from 100', () => {
  // At the moved mark the margin balance is the maintenance margin, 5 % of the value (inverse: 1 %).
  it.each([
    // 9.75 + 95 − 100 = 4.75
    ['a long, at 95', pool('9.75', ['1']), linear, ['5%', '5%', null]],
    // 10.25 + 100 − 105 = 5.25
    ['a short, at 105', pool('10.25', ['-1']), linear, [null, '5%', '5%']],
    // A long of 95 contracts: 0.06 + 95/100 − 95/95 = 0.01 · 95/95
    ['an inverse long, at 95', pool('0.06', ['95'], 'BTC'), inverse, ['5%', '5%', null]],
    // A short of 105 contracts: 0.06 − 105/100 + 105/105 = 0.01 · 105/105
    ['an inverse short, at 105', pool('0.06', ['-105'], 'BTC'), inverse, [null, '5%', '5%']],
    // Net long: 19.25 − 5 = 0.05 · 3 · 95
    ['a hedged long, at 95', pool('19.25', ['2', '-1']), linear, ['5%', '5%', null]],
    // Net short: 20.75 − 5 = 0.05 · 3 · 105
    ['a hedged short, at 105', pool('20.75', ['1', '-2']), linear, [null, '5%', '5%']],
    // Nothing is net; 0.05 · 2 · 105: the margin that is asked grows with the price.
    ['a full hedge, at 105', pool('10.5', ['1', '-1']), linear, [null, '5%', '5%']],
    // 0.01 · 190/95: that of an inverse contract grows as the price falls.
    ['a full inverse hedge, at 95', pool('0.02', ['95', '-95'], 'BTC'), inverse, ['5%', '5%', null]],
  ] as const)('is reached exactly there: %s', (_, input, rules, expected) => {
    expect(levelsAround(input, rules)).toEqual(expected)
  })

  it('is reached only beyond it at a venue that liquidates when the line is passed', () => {
    const passed = { ...BINANCE, liquidation: 'passed' } as const
    expect(levelsAround(pool('9.75', ['1']), linear, passed)).toEqual(['5%', null, null])
  })

  it('is left only when the margin balance there is the hysteresis above the maintenance margin', () => {
    // Release at wallet + m·0.95 − 100 = 1.01 · 0.05 · m·0.95 with m = 100.
    const held = (wallet: string) => {
      const [account] = marginAccountsFor(pool(wallet, ['1']), bookOf(BINANCE, { X: linear }))
      const evaluationAt = evaluationsOf(account!, () => '100')!
      return [0, 1].map((current) => heldLevel(evaluationAt, account!, FIVE, current))
    }
    expect(held('9.75')).toEqual([1, 1])
    expect(held(`9.797499${'9'.repeat(12)}`)).toEqual([0, 1])
    expect(held('9.7975')).toEqual([0, 0])
  })
})

/** Whether no instrument is held on both sides. */
function isOneSided({ account }: Case): boolean {
  return new Set(account.positions.map(({ symbol }) => symbol)).size === account.positions.length
}

function stateFor(input: Case, account: AccountInput = input.account) {
  return stateOf(account, bookOf(input.margin, input.rules), input.marks, DISTANCE_RULE)
}

/** Far from their line or below it, and near it. */
const oneSided = fc.oneof(anyCase, stressed(anyCase)).filter(isOneSided)
const oneSidedPools = fc.oneof(crossCase, stressed(crossCase)).filter(isOneSided)
const statedMargins = anyCase.filter(({ account }) =>
  account.positions.every((position) => position.marginMode === 'cross' || position.isolatedMargin),
)

describe('levels by distance', () => {
  it(`are reached as far as the distance of the account from its line says (seed ${SEED})`, () => {
    const seen = new Set<number>()
    fc.assert(
      fc.property(oneSided, (input) => {
        const [account] = marginAccountsFor(input.account, bookOf(input.margin, input.rules))
        const markOf = (symbol: string) => input.marks[symbol]
        const level = reachedLevel(evaluationsOf(account!, markOf)!, account!, DISTANCE_RULE)
        const { distance } = answersOf(account!, markOf)
        const away = distance === null ? undefined : parseDecimal(distance)
        const levels = DISTANCE_RULE.levels.filter((one) => away && compare(one.distance, away) >= 0)
        expect(level).toBe(levels.length)
        seen.add(level)
      }),
      { seed: SEED, numRuns: 1_000 },
    )
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4])
  })

  it(`are cured by the top-up, and one step less does not cure (seed ${SEED})`, () => {
    let warned = 0
    fc.assert(
      fc.property(fc.oneof(statedMargins, stressed(anyCase)), (input) => {
        const { cure, verdict } = stateFor(input)
        expect(cure === null).toBe(verdict === 'safe')
        if (cure === null) return
        if (verdict === 'warning') warned++
        expect(stateFor(input, toppedUp(input, cure.topUp)).verdict).toBe('safe')
        const less = sumOf(cure.topUp, `-${CURE_STEP}`)
        expect(stateFor(input, toppedUp(input, less)).verdict).not.toBe('safe')
      }),
      { seed: SEED, numRuns: 1_000 },
    )
    expect(warned).toBeGreaterThan(30)
  })

  it(`of a pool are cured by closing the named part at the present mark, and one step less does not cure (seed ${SEED})`, () => {
    let partly = 0
    fc.assert(
      fc.property(oneSidedPools, (input) => {
        const { cure } = stateFor(input)
        cure?.reductions.forEach(({ size }, index) => {
          if (size === null) return
          const reduced = reducedPool(input, index, size)
          if (reduced.positions.length > 0) expect(stateFor(input, reduced).verdict).toBe('safe')
          if (reduced.positions.length < input.account.positions.length) return
          partly++
          const step = input.rules.A!.contribution === 'linear' ? CURE_STEP : '1'
          const less = sumOf(size, `-${step}`)
          expect(stateFor(input, reducedPool(input, index, less)).verdict).not.toBe('safe')
        })
      }),
      { seed: SEED, numRuns: 1_500 },
    )
    expect(partly).toBeGreaterThan(30)
  })

  it('of a hedge that is liquidated where it stands and not 10 % away are cured at every level', () => {
    // Long 1, short 0.98, at 50 % each: a fall takes 0.02 a unit and gives back 0.99.
    const rules = oneTier('0.5')
    const input = pool('98', ['1', '-0.98'])
    const state = stateOf(input, bookOf(BINANCE, { X: rules }), { X: '100' }, DISTANCE_RULE)
    expect([state.level, state.maintenanceMargin]).toEqual(['1', '99'])
    // 98 + topUp > 99.
    expect(state.cure!.topUp).toBe('1.00000001')
    const cured = stateOf(
      pool('99.00000001', ['1', '-0.98']),
      bookOf(BINANCE, { X: rules }),
      { X: '100' },
      DISTANCE_RULE,
    )
    expect(cured.verdict).toBe('safe')
  })
})

/** The pool after closing `size` of one leg at the mark. The realised PnL is cut to 18 decimals. */
function reducedPool({ account, margin, rules, marks }: Case, index: number, size: string): AccountInput {
  const position = account.positions[index]!
  const [before] = marginAccountsFor(account, bookOf(margin, rules))
  const curve = before!.curves[index]!
  const share = div(parseDecimal(size), parseDecimal(position.size!.replace('-', '')))
  const realised = cut(mul(share, valueAt(curve, coordinateOf(curve, marks[position.symbol!]!))))
  const left = sumOf(position.size!, position.size!.startsWith('-') ? size : `-${size}`)
  const positions = account.positions.map((other, at) => (at === index ? { ...other, size: left } : other))
  const [wallet] = account.collateral!
  return {
    collateral: [{ ...wallet!, amount: sumOf(wallet!.amount, realised) }],
    positions: positions.filter(({ size: rest }) => rest !== '0'),
  }
}

function cut(value: Rational): string {
  return formatDecimal(floorTo(value, parseDecimal(UNIT)))
}

describe('an account with levels of its own', () => {
  const account = (levels: unknown) => ({ ...pool('9.75', ['1']), levels }) as unknown as AccountInput

  it('is read with them', () => {
    expect(parsedAccount(account(['8%', '3%'])).levels).toEqual(['8%', '3%'])
    expect(parsedAccount(account([])).levels).toEqual([])
  })

  it.each([
    [['3%', '8%'], 'distances must fall'],
    [['0.5', '3%'], 'levels must be all margin ratios or all distances'],
    [['0.9', '0.8'], 'levels must rise'],
    [['high'], 'must be a margin ratio'],
    ['8%', 'must be a list'],
    [Array.from({ length: 17 }, (_, index) => `${90 - index}%`), 'must hold at most 16 levels'],
  ])('is refused with the levels %j', (levels, message) => {
    expect(() => parsedAccount(account(levels))).toThrow(message)
  })
})
