import { describe, expect, it } from 'vitest'
import { parse, print, subtract } from '../../src/demo/referee/fraction.ts'
import type { Decimal, MarginState } from '../../src/domain/index.ts'
import {
  knownOf,
  type LevelRule,
  levelRule,
  marginAccountsOf,
  marginStateOf,
  reductionStepOf,
  stateOfKnown,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { deribit } from '../../src/venues/deribit.ts'
import { testCases, testSeed } from '../support/seed.ts'
import {
  drawPrices,
  drawVenueCase,
  further,
  marketsOf,
  type VenueCase,
  type VenuePrices,
  walletNear,
} from '../support/venue-cases.ts'
import { magnitudeOf, withAccount, withClosed } from '../support/venue-changes.ts'
import { stateOf } from './support.ts'

const SEED = testSeed(20_261_206)
const CASES = testCases(100)
const LINE = levelRule([])
const RULES: readonly LevelRule[] = [LINE, levelRule(['10%', '4%']), levelRule(['0.5', '0.8'])]

const CALL = 'BTC-25DEC26-60000-C'
const PUT = 'BTC-25DEC26-60000-P'
const PERPETUAL = 'BTC-PERPETUAL'

interface Held {
  readonly amount: string
  readonly positions: Readonly<Record<string, string>>
  readonly marks: Readonly<Record<string, string>>
}

function stateWith({ amount, positions, marks }: Held, rule = LINE): MarginState {
  const account = {
    venue: 'deribit',
    collateral: [{ asset: 'BTC', amount }],
    positions: Object.entries(positions).map(([symbol, size]) => ({
      symbol,
      marginMode: 'cross',
      size,
      entryPrice: marks[symbol],
    })),
  }
  return stateOf(account as never, deribit.ruleBook, { 'BTC-25DEC26': '60000', ...marks }, rule)
}

function reductionsOf(held: Held, rule?: LevelRule): readonly (Decimal | null)[] {
  return stateWith(held, rule).cure!.reductions.map(({ size }) => size)
}

// Deribit: margin_balance = equity − options_value, so what is paid to buy a short option back leaves it, and what a long one
// is sold for comes into it.
describe('the reduction of an option', () => {
  it.each([
    // 1.5 − 0.1·n ≥ 0.175·(10 − n): n = 0.25/0.075.
    ['a short call', '1.5', { [CALL]: '-10' }, { [CALL]: '0.1' }, '3.33333334'],
    // 0.25 − 0.06·n ≥ 0.135·(2 − n): n = 0.02/0.075.
    ['a short put', '0.25', { [PUT]: '-2' }, { [PUT]: '0.06' }, '0.26666667'],
    // All of it, which leaves just nothing.
    ['a short call that the balance just pays', '1', { [CALL]: '-10' }, { [CALL]: '0.1' }, '10'],
    ['a short call that the balance does not pay', '0.99', { [CALL]: '-10' }, { [CALL]: '0.1' }, null],
  ])('takes what it is bought back for from the balance: %s', (_, amount, positions, marks, size) => {
    expect(reductionsOf({ amount, positions, marks })).toEqual([size])
  })

  it('brings what a long one is sold for into the balance', () => {
    // The future asks 0.010500 of 0.01; 0.0005/0.1 of the call bring the rest.
    const held = {
      amount: '0.01005',
      positions: { [PERPETUAL]: '60000', [CALL]: '1' },
      marks: { [PERPETUAL]: '60000', [CALL]: '0.1' },
    }
    const { maintenanceMargin } = stateWith(held)
    expect(maintenanceMargin).toBe('0.01005')
    expect(reductionsOf({ ...held, amount: '0.00955' })[1]).toBe('0.005')
  })

  it('brings a balance below zero above a level that a ratio says', () => {
    const held = {
      amount: '-0.01',
      positions: { [PERPETUAL]: '60000', [CALL]: '1' },
      marks: { [PERPETUAL]: '60000', [CALL]: '0.5' },
    }
    // 0.5·(−0.01 + 0.5·n) > 0.01005: n above 0.0602.
    expect(reductionsOf(held, levelRule(['0.5']))[1]).toBe('0.06020001')
  })
})

describe(`reductions of accounts with options (${CASES} accounts, seed ${SEED})`, () => {
  it('bring the account that is left below every level, and one step less does not', () => {
    const random = seededRandom(SEED)
    const markets = marketsOf('deribit')
    const seen = { short: 0, long: 0, beside: 0, none: 0 }
    for (let index = 0; index < CASES; index++) {
      const drawn = drawVenueCase(random, 'deribit', markets)
      const prices = drawPrices(random, drawn)
      const amount = walletNear(random() * 1.7 - 1.5, drawn, prices)
      const isOption = (symbol: string) => drawn.book.rulesOf(symbol)!.option !== undefined
      if (amount === undefined || !drawn.account.positions.some(({ symbol }) => isOption(symbol))) continue
      const collateral = drawn.account.collateral.map((entry) => ({ ...entry, amount }))
      const one = withAccount(drawn, { collateral })
      for (const rule of RULES) {
        stateIn(one, prices, rule)!.cure?.reductions.forEach(({ size }, place) => {
          const position = one.account.positions[place]!
          const isBelow = (closed: string) => isBelowAll(withClosed(one, place, closed, prices), prices, rule)
          const where = JSON.stringify([one.account, [...prices.marks], rule.names, position.symbol, size])
          if (size === null) {
            seen.none++
            expect(isBelow(print(magnitudeOf(position))), where).toBe(false)
            return
          }
          expect(isBelow(size), where).toBe(true)
          const step = parse(reductionStepOf(drawn.book.rulesOf(position.symbol)!))
          expect(isBelow(print(subtract(parse(size), step))), `less: ${where}`).toBe(false)
          if (!isOption(position.symbol)) seen.beside++
          else if (position.size.startsWith('-')) seen.short++
          else seen.long++
        })
      }
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(CASES / 40)
  })
})

/** Without positions nothing is asked of the balance. */
function isBelowAll(one: VenueCase, prices: VenuePrices, rule: LevelRule): boolean {
  const state = stateIn(one, prices, rule)
  return state === undefined ? !one.account.collateral[0]!.amount.startsWith('-') : state.level === null
}

/** By pieces and by tracing the formula, which agree. undefined if no position is open. */
function stateIn(one: VenueCase, prices: VenuePrices, rule: LevelRule): MarginState | undefined {
  const markOf = (symbol: string) => prices.marks.get(symbol)
  const [engine] = marginAccountsOf(one.account, one.book)
  if (engine === undefined) return undefined
  const state = marginStateOf(engine, markOf, rule, further(prices))
  const known = knownOf(engine.formula, markOf, further(prices))!
  expect(stateOfKnown(engine, { ...known, isTraced: true }, rule)).toEqual(state)
  return state
}
