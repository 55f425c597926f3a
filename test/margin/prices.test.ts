import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  bankruptcyPrice,
  compare,
  div,
  evaluate,
  formatDecimal,
  levelRule,
  liquidationPrice,
  type MarginAccount,
  mul,
  ONE,
  parseDecimal,
  type Rational,
  sign,
  sub,
} from '../../src/margin/index.ts'
import { entryValueOf } from '../../src/margin/leg.ts'
import { testSeed } from '../support/seed.ts'
import { anyCase, type Case, isolatedCase } from './arbitraries.ts'
import { BINANCE, BYBIT, bookOf, marginAccountsFor, oneTier, rulesOf, slackAt, stateOf } from './support.ts'

const SEED = testSeed(24)

interface Priced {
  readonly marginAccount: MarginAccount
  readonly symbol: string
  readonly price: Rational | undefined
  /** Slack with the mark of `symbol` at a price, the others where they are. */
  readonly slackAtPrice: (price: Rational) => Rational
}

function pricedOf(input: Case, of: typeof liquidationPrice = liquidationPrice): Priced[] {
  const [marginAccount] = marginAccountsFor(input.account, bookOf(input.margin, input.rules))
  const evaluation = evaluate(marginAccount!, (symbol) => input.marks[symbol])!
  return marginAccount!.curves.map(({ symbol }) => {
    const markPrice = parseDecimal(input.marks[symbol]!)
    return {
      marginAccount: marginAccount!,
      symbol,
      price: of(marginAccount!, symbol, markPrice, evaluation),
      slackAtPrice: (price) =>
        slackAt(marginAccount!, (other) => (other === symbol ? price : parseDecimal(input.marks[other]!))),
    }
  })
}

const PROBES = ['0.000001', '1', '4000', '9000', '15000', '100000', '999999999999'].map(parseDecimal)

describe('the liquidation price', () => {
  it(`is a mark at which slack is exactly zero (seed ${SEED})`, () => {
    let found = 0
    fc.assert(
      fc.property(anyCase, (input) => {
        for (const { price, slackAtPrice } of pricedOf(input)) {
          if (price === undefined) continue
          found++
          expect(slackAtPrice(price).n).toBe(0n)
        }
      }),
      { seed: SEED, numRuns: 400 },
    )
    expect(found).toBeGreaterThan(200)
  })

  it(`is absent only when slack has one sign at every price (seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyCase, (input) => {
        for (const { price, slackAtPrice } of pricedOf(input)) {
          if (price !== undefined) continue
          expect(new Set(PROBES.map((probe) => sign(slackAtPrice(probe)))).size).toBe(1)
        }
      }),
      { seed: SEED, numRuns: 400 },
    )
  })

  it(`parts safe from liquidated for an isolated position (seed ${SEED})`, () => {
    fc.assert(
      fc.property(isolatedCase, (input) => {
        for (const { price, slackAtPrice } of pricedOf(input)) {
          if (price === undefined) continue
          const long = !input.account.positions[0]!.size!.startsWith('-')
          const above = mul(price, parseDecimal('1.000000000001'))
          const below = mul(price, parseDecimal('0.999999999999'))
          expect([sign(slackAtPrice(below)), sign(slackAtPrice(above))]).toEqual(long ? [-1, 1] : [1, -1])
        }
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it(`lies between a healthy mark and the breach, nearest first (seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyCase, (input) => {
        for (const { symbol, price, slackAtPrice } of pricedOf(input)) {
          const mark = parseDecimal(input.marks[symbol]!)
          if (price === undefined || sign(slackAtPrice(mark)) <= 0) continue
          const between = div(add(mark, price), { n: 2n, d: 1n })
          expect(sign(slackAtPrice(between))).toBe(1)
        }
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('follows the tier that holds the notional there, not the one of today', () => {
    const rules = rulesOf([
      ['50000', '0.004', '0'],
      ['600000', '0.05', '2300'],
    ])
    const book = bookOf(BINANCE, { X: rules })
    const short = {
      symbol: 'X',
      marginMode: 'isolated',
      size: '-1',
      entryPrice: '45000',
      isolatedMargin: '9000',
    }
    const { liquidationPrice: price, maintenanceMargin } = stateOf({ positions: [short] }, book, {
      X: '45000',
    }).positions[0]!
    expect(maintenanceMargin).toBe('180')
    // (9000 + 45000 + 2300) / 1.05, where the notional is 53,619.
    expect(price).toBe('53619.047619047619047619')
  })

  it('is one for both legs of a hedged symbol, in the direction in which slack falls', () => {
    const book = bookOf(BINANCE, { X: oneTier('0.1') })
    const hedge = (longSize: string, shortSize: string) => ({
      collateral: [{ asset: 'USDT', amount: '5000' }],
      positions: [
        { symbol: 'X', marginMode: 'cross', size: longSize, entryPrice: '10000' },
        { symbol: 'X', marginMode: 'cross', size: shortSize, entryPrice: '10000' },
      ],
    })
    // 5000 + 0.1·(x − 10000) − 0.1·1.9·x = 0: with 1.9 asked on a net of 0.1, slack falls as the price rises.
    const state = stateOf(hedge('1', '-0.9'), book, { X: '10000' })
    expect(state.positions.map((position) => position.liquidationPrice)).toEqual([
      '44444.444444444444444444',
      '44444.444444444444444444',
    ])
  })

  it('takes the side to which slack falls when there are two', () => {
    // Slack rises with the price up to 10,000, where the long leg enters its second tier, and falls from there.
    const tiers = rulesOf([
      ['30000', '0', '0'],
      ['900000', '0.5', '15000'],
    ])
    const book = bookOf(BINANCE, { X: tiers })
    const account = {
      collateral: [{ asset: 'USDT', amount: '6000' }],
      positions: [
        { symbol: 'X', marginMode: 'cross', size: '3', entryPrice: '10000' },
        { symbol: 'X', marginMode: 'cross', size: '-2', entryPrice: '10000' },
      ],
    }
    const at = (markPrice: string) => stateOf(account, book, { X: markPrice })
    // Up to 10,000: 6000 + (x − 10000) = 0 at 4,000. From 15,000 up: 6000 + x − 10000 − 2.5·x + 30000 = 0.
    expect(at('9000').positions[0]!.liquidationPrice).toBe('4000')
    expect(at('10001').positions[0]!.liquidationPrice).toBe('17333.333333333333333333')
    expect(at('16000').positions[0]!.liquidationPrice).toBe('17333.333333333333333333')
    expect(at('3000').verdict).toBe('breach')
    expect(at('3000').positions[0]!.liquidationPrice).toBe('4000')
    expect(at('19000').positions[0]!.liquidationPrice).toBe('17333.333333333333333333')
  })

  it('is the mark itself on a stretch of prices that are all exactly on the line', () => {
    const tiers = rulesOf([
      ['50', '0.5', '0'],
      ['1000', '1', '25'],
    ])
    const long = { symbol: 'X', marginMode: 'isolated', size: '1', entryPrice: '100', isolatedMargin: '75' }
    // 75 + x − 100 − (x − 25) = 0 for every x from 50 up.
    const at = (markPrice: string) =>
      stateOf({ positions: [long] }, bookOf(BINANCE, { X: tiers }), { X: markPrice })
    expect(at('80').positions[0]!.liquidationPrice).toBe('80')
    expect(at('80').verdict).toBe('breach')
    expect(at('40').positions[0]!.liquidationPrice).toBe('50')
  })

  it('does not exist for a long that its margin covers down to zero', () => {
    const book = bookOf(BINANCE, { X: oneTier('0.01') })
    const long = { symbol: 'X', marginMode: 'isolated', size: '1', entryPrice: '10', leverage: '1' }
    const [position] = stateOf({ positions: [long] }, book, { X: '10' }).positions
    expect([position!.liquidationPrice, position!.bankruptcyPrice]).toEqual([null, null])
  })

  it('does not exist for an inverse short that its coins cover at every price', () => {
    const rules = oneTier('0.005', '0', { kind: 'inverse', settle: 'BTC' })
    const short = { symbol: 'X', marginMode: 'isolated', size: '-10000', entryPrice: '10000', leverage: '1' }
    const [position] = stateOf({ positions: [short] }, bookOf(BINANCE, { X: rules }), {
      X: '10000',
    }).positions
    expect([position!.liquidationPrice, position!.bankruptcyPrice]).toEqual([null, null])
  })

  it('leaves the account in breach exactly on it, and not one unit of the last digit beside it', () => {
    const long = { symbol: 'X', marginMode: 'isolated', size: '2', entryPrice: '100', isolatedMargin: '20' }
    // (200 − 20) / (2·0.9) = 100 exactly.
    const at = (markPrice: string, margin = BINANCE) =>
      stateOf({ positions: [long] }, bookOf(margin, { X: oneTier('0.1') }), { X: markPrice }, levelRule([]))
        .verdict
    expect([at('99.999999999999999999'), at('100'), at('100.000000000000000001')]).toEqual([
      'breach',
      'breach',
      'safe',
    ])
    expect(at('100', { ...BINANCE, liquidation: 'passed' })).toBe('safe')
    expect(at('99.999999999999999999', { ...BINANCE, liquidation: 'passed' })).toBe('breach')
  })
})

// LP by the formulas of Bybit's help centre, one tier: rate MMR, deduction D, extra margin X, fee f.
function officialPrice(input: {
  inverse: boolean
  short: boolean
  size: Rational
  entryPrice: Rational
  leverage: Rational
  rate: Rational
  deduction: Rational
  extra: Rational
  fee: Rational
}): Rational {
  const { inverse, short, size, entryPrice, leverage, rate, deduction, extra, fee } = input
  const value = inverse ? div(size, entryPrice) : mul(size, entryPrice)
  const share = div(value, leverage)
  const upward = short === inverse
  const credited = div(extra, upward ? sub(ONE, fee) : add(ONE, fee))
  const cushion = add(add(share, credited), deduction)
  const rest = upward ? sub(value, cushion) : add(value, cushion)
  const factor = upward ? sub(ONE, rate) : add(ONE, rate)
  return inverse ? div(mul(size, factor), rest) : div(rest, mul(size, factor))
}

describe('the isolated rules of Bybit', () => {
  const parts = fc.record({
    inverse: fc.boolean(),
    short: fc.boolean(),
    size: fc.integer({ min: 1, max: 100_000 }),
    entryPrice: fc.integer({ min: 1_000, max: 90_000 }),
    leverage: fc.integer({ min: 2, max: 100 }),
    rate: fc.constantFrom('0.005', '0.01', '0.16'),
    deduction: fc.constantFrom('0', '0.01', '20'),
    extra: fc.integer({ min: -50, max: 400 }),
  })

  it(`give the official price for long and short, linear and inverse, with extra margin and without (seed ${SEED})`, () => {
    fc.assert(
      fc.property(parts, ({ inverse, short, size, entryPrice, leverage, rate, deduction, extra }) => {
        const fee = '0.00055'
        const rules = oneTier(rate, deduction, {
          takerFeeRate: fee,
          ...(inverse ? { kind: 'inverse', settle: 'BTC' } : {}),
        })
        const base = {
          symbol: 'X',
          marginMode: 'isolated',
          size: short ? `-${size}` : String(size),
          entryPrice: String(entryPrice),
        }
        const book = bookOf(BYBIT, { X: rules })
        const [plain] = marginAccountsFor({ positions: [{ ...base, leverage: String(leverage) }] }, book)
        const initial = plain!.walletBalance
        const extraShare = mul(entryValueOf(plain!.legs[0]!), { n: BigInt(extra), d: 1000n })
        const margin = formatDecimal(add(initial, extraShare))
        const positions = [{ ...base, leverage: String(leverage), isolatedMargin: margin }]
        const unlevered = [{ ...base, isolatedMargin: margin }]
        const official = officialPrice({
          inverse,
          short,
          size: parseDecimal(String(size)),
          entryPrice: parseDecimal(String(entryPrice)),
          leverage: parseDecimal(String(leverage)),
          rate: parseDecimal(rate),
          deduction: parseDecimal(deduction),
          extra: sub(parseDecimal(margin), initial),
          fee: parseDecimal(fee),
        })
        for (const list of [positions, unlevered]) {
          const input = {
            margin: BYBIT,
            rules: { X: rules },
            marks: { X: String(entryPrice) },
            account: { positions: list },
          }
          const [priced] = pricedOf(input)
          if (official.n <= 0n) expect(priced!.price).toBeUndefined()
          else expect(compare(priced!.price!, official)).toBe(0)
        }
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('put the liquidation price one maintenance margin before the bankruptcy price', () => {
    // LP·q·(1 − MMR) + D = q·BP for a linear long.
    const rules = oneTier('0.01', '20', { takerFeeRate: '0.00055' })
    const long = {
      symbol: 'X',
      marginMode: 'isolated',
      size: '3',
      entryPrice: '50000',
      leverage: '25',
      isolatedMargin: '9000',
    }
    const input = {
      margin: BYBIT,
      rules: { X: rules },
      marks: { X: '50000' },
      account: { positions: [long] },
    }
    const liquidation = pricedOf(input)[0]!.price!
    const bankruptcy = pricedOf(input, bankruptcyPrice)[0]!.price!
    const left = add(mul(liquidation, parseDecimal('2.97')), parseDecimal('20'))
    expect(compare(left, mul(bankruptcy, parseDecimal('3')))).toBe(0)
  })

  it('cost a bankruptcy price of E·L/(L + 1) for an inverse long and E·L/(L − 1) for a short', () => {
    const rules = oneTier('0.005', '0', { kind: 'inverse', settle: 'BTC', takerFeeRate: '0.00055' })
    const at = (size: string) =>
      stateOf(
        { positions: [{ symbol: 'X', marginMode: 'isolated', size, entryPrice: '50000', leverage: '10' }] },
        bookOf(BYBIT, { X: rules }),
        { X: '50000' },
      ).positions[0]!.bankruptcyPrice
    expect(at('60000')).toBe('45454.545454545454545455')
    expect(at('-60000')).toBe('55555.555555555555555556')
  })
})

describe('the bankruptcy price', () => {
  it('counts the PnL of the other positions of a cross pool', () => {
    const book = bookOf(BINANCE, { X: oneTier('0.01'), Y: oneTier('0.01') })
    const state = stateOf(
      {
        collateral: [{ asset: 'USDT', amount: '100' }],
        positions: [
          { symbol: 'X', marginMode: 'cross', size: '1', entryPrice: '1000' },
          { symbol: 'Y', marginMode: 'cross', size: '-2', entryPrice: '50' },
        ],
      },
      book,
      { X: '1000', Y: '60' },
    )
    expect(state.positions.map((position) => position.bankruptcyPrice)).toEqual(['920', '100'])
  })
})
