import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  compare,
  evaluate,
  formatDecimal,
  levelRule,
  marginAccountsOf,
  mul,
  parseDecimal,
  reachedLevel,
} from '../../src/margin/index.ts'
import { parsedAccount } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'
import { anyCase, crossCase, isolatedCase } from './arbitraries.ts'
import { BINANCE, BYBIT, bookOf, marginAccountsFor, oneTier, rulesOf, wallets } from './support.ts'

const SEED = testSeed(22)

const LINEAR = oneTier('0.01', '0', { takerFeeRate: '0.001' })
const INVERSE = oneTier('0.01', '0', {
  kind: 'inverse',
  settle: 'BTC',
  multiplier: '100',
  takerFeeRate: '0.001',
})
const BOOK = bookOf(BYBIT, { X: LINEAR, Y: LINEAR, Z: INVERSE })

function position(symbol: string, marginMode: string, size: string, more: Record<string, string> = {}) {
  return { symbol, marginMode, size, entryPrice: '1000', leverage: '10', ...more }
}

describe('an account is split', () => {
  it('into one margin account for each isolated position and each cross settlement asset, in order of appearance', () => {
    const accounts = marginAccountsFor(
      {
        collateral: wallets({ BTC: '0.5' }),
        positions: [
          position('X', 'isolated', '-1'),
          position('Y', 'cross', '2'),
          position('Z', 'cross', '3'),
          position('X', 'cross', '1'),
          position('X', 'isolated', '1', { isolatedMargin: '150' }),
        ],
      },
      BOOK,
    )
    expect(
      accounts.map(({ id, legs, walletBalance }) => [id, legs.length, formatDecimal(walletBalance)]),
    ).toEqual([
      ['a:isolated:X:short', 1, '101.1'],
      ['a:cross:USDT', 2, '0'],
      ['a:cross:BTC', 1, '0.5'],
      ['a:isolated:X:long', 1, '150'],
    ])
    expect(accounts[0]).toMatchObject({
      account: 'a',
      accountVersion: 0,
      ruleBook: 'test-1',
      liquidation: 'reached',
    })
  })

  it('into nothing for positions of size zero, even of unknown symbols, and for wallets without positions', () => {
    const input = {
      collateral: [{ asset: 'USDT', amount: '1' }],
      positions: [position('X', 'cross', '0'), position('GONE', 'isolated', '-0.00')],
    }
    expect(marginAccountsFor(input, BOOK)).toEqual([])
  })

  it('refusing an unknown symbol by its place, its name, the venue and the rule book', () => {
    const account = parsedAccount({
      collateral: wallets(),
      positions: [position('X', 'cross', '1'), position('FOOUSDT', 'cross', '1')],
    })
    expect(() => marginAccountsOf(account, BOOK)).toThrow(
      expect.objectContaining({
        code: 'SYMBOL_UNKNOWN',
        path: 'positions[1].symbol',
        message:
          'positions[1].symbol is "FOOUSDT": rule book test-1 of bybit does not hold it; a rules file can add it',
      }),
    )
  })

  it('refusing a table that breaks its recurrence and a fee rate given in percent', () => {
    const account = parsedAccount({ collateral: wallets(), positions: [position('X', 'cross', '1')] })
    const broken = rulesOf([
      ['100', '0.01', '0'],
      ['200', '0.02', '2'],
    ])
    expect(() => marginAccountsOf(account, bookOf(BYBIT, { X: broken }))).toThrow(
      'tiers[1].maintenanceDeduction of X is 2, the recurrence',
    )
    const percent = oneTier('0.01', '0', { takerFeeRate: '0.055' })
    expect(() => marginAccountsOf(account, bookOf(BYBIT, { X: percent }))).toThrow(
      'takerFeeRate of X is 0.055, a fraction of at most 0.05 is expected',
    )
  })

  it('with one array of tiers for all rows of the same rules', () => {
    const [pool] = marginAccountsFor(
      { collateral: wallets(), positions: [position('X', 'cross', '1'), position('X', 'cross', '-2')] },
      BOOK,
    )
    expect(pool!.curves[0]!.tiers).toBe(pool!.curves[1]!.tiers)
  })
})

describe('curves', () => {
  const curveOf = (symbol: string, size: string) => {
    const [pool] = marginAccountsFor(
      { collateral: wallets(), positions: [position(symbol, 'cross', size)] },
      BOOK,
    )
    const { coordinate, intercept, slope, scale, maintenanceConstant } = pool!.curves[0]!
    return [
      coordinate,
      ...[intercept, slope, scale, maintenanceConstant].map((figure) => formatDecimal(figure)),
    ]
  }

  it.each([
    ['X', '2', ['price', '-2000', '2', '2', '1.8']],
    ['X', '-2', ['price', '2000', '-2', '2', '2.2']],
    ['Z', '20', ['reciprocal', '2', '-2000', '2000', '0.0022']],
    ['Z', '-20', ['reciprocal', '-2', '2000', '2000', '0.0018']],
  ])('of %s size %s are intercept, slope, scale and closing fee %j', (symbol, size, curve) => {
    expect(curveOf(symbol, size)).toEqual(curve)
  })

  it('count no closing fee at a bankruptcy price below zero', () => {
    const feeOf = (leverage: string) => {
      const positions = [position('X', 'isolated', '1', { leverage, isolatedMargin: '3000' })]
      return formatDecimal(marginAccountsFor({ positions }, BOOK)[0]!.curves[0]!.maintenanceConstant)
    }
    expect([feeOf('2'), feeOf('1'), feeOf('0.5')]).toEqual(['0.5', '0', '0'])
  })

  it('count the closing fee on the entry value without leverage, and none at a venue that counts none', () => {
    const unlevered = {
      collateral: wallets(),
      positions: [{ symbol: 'X', marginMode: 'cross', size: '2', entryPrice: '1000' }],
    }
    const feeOf = (book: typeof BOOK) =>
      formatDecimal(marginAccountsFor(unlevered, book)[0]!.curves[0]!.maintenanceConstant)
    expect(feeOf(BOOK)).toBe('2')
    expect(feeOf(bookOf(BINANCE, { X: LINEAR }))).toBe('0')
  })
})

describe('evaluation', () => {
  it('is undefined as long as one mark is missing', () => {
    const [pool] = marginAccountsFor(
      { collateral: wallets(), positions: [position('X', 'cross', '1'), position('Y', 'cross', '1')] },
      BOOK,
    )
    expect(evaluate(pool!, (symbol) => (symbol === 'X' ? '1000' : undefined))).toBeUndefined()
    expect(evaluate(pool!, () => '1000')).toBeDefined()
  })

  it(`does not depend on the order of the positions (seed ${SEED})`, () => {
    fc.assert(
      fc.property(crossCase, ({ account, margin, rules, marks }) => {
        const book = bookOf(margin, rules)
        const evaluations = [account.positions, [...account.positions].reverse()].map((positions) => {
          const [pool] = marginAccountsFor({ ...account, positions }, book)
          return evaluate(pool!, (symbol) => marks[symbol])!
        })
        for (const field of ['marginBalance', 'unrealizedPnl', 'maintenanceMargin'] as const) {
          expect(compare(evaluations[0]![field], evaluations[1]![field])).toBe(0)
        }
      }),
      { seed: SEED },
    )
  })

  it(`is monotone in the mark: an isolated long never gets worse as the price rises, a short never better (seed ${SEED})`, () => {
    const rule = levelRule(['0.5', '0.7', '0.9'])
    const higher = fc.tuple(isolatedCase, fc.integer({ min: 1, max: 5_000 }))
    fc.assert(
      fc.property(higher, ([{ account, margin, rules, marks }, rise]) => {
        const [position] = marginAccountsFor(account, bookOf(margin, rules))
        const before = evaluate(position!, () => marks.A)!
        const markPrice = formatDecimal(add(parseDecimal(marks.A!), parseDecimal(String(rise))))
        const after = evaluate(position!, () => markPrice)!
        const short = account.positions[0]!.size!.startsWith('-')
        expect(compare(after.marginBalance, before.marginBalance)).toBe(short ? -1 : 1)
        const change =
          reachedLevel(() => after, position!, rule) - reachedLevel(() => before, position!, rule)
        expect(short ? change >= 0 : change <= 0).toBe(true)
      }),
      { seed: SEED },
    )
  })

  it(`never asks less maintenance for a larger notional (seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyCase, ({ account, margin, rules, marks }) => {
        const book = bookOf(margin, rules)
        const doubled = account.positions.map((item) => ({
          ...item,
          size: formatDecimal(mul(parseDecimal(item.size!), { n: 2n, d: 1n })),
        }))
        const [one] = marginAccountsFor(account, book)
        const [two] = marginAccountsFor({ ...account, positions: doubled }, book)
        const single = evaluate(one!, (symbol) => marks[symbol])!
        const double = evaluate(two!, (symbol) => marks[symbol])!
        // An unlevered isolated fee depends on the margin, which did not double.
        const comparable = account.positions.every((item) => item.leverage !== undefined)
        if (comparable) expect(compare(double.maintenanceMargin, single.maintenanceMargin)).toBe(1)
      }),
      { seed: SEED },
    )
  })
})
