import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type MarginAccountName,
  marginAccountId,
  marginAccountOf,
  marginAccountsOf,
  parseMarginAccountId,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { parsedAccount } from '../support/accounts.ts'
import { between, booksOf, randomAccount, randomMarkets } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'
import { BYBIT, bookOf, oneTier } from './support.ts'

const SEED = testSeed(11)

const part = fc.string({
  unit: fc.constantFrom('%', ':', '2', '5', '3', 'A', 'a', '币', '/'),
  minLength: 1,
  maxLength: 8,
})
const nameArbitrary: fc.Arbitrary<MarginAccountName> = fc.oneof(
  fc.record({ account: part, marginMode: fc.constant('cross' as const), currency: part }),
  fc.record({
    account: part,
    marginMode: fc.constant('isolated' as const),
    symbol: part,
    side: fc.constantFrom('long' as const, 'short' as const),
  }),
)

describe('the id of a margin account', () => {
  it('names account, mode and pool, with colons and percent signs of each part escaped', () => {
    const ids = [
      marginAccountId({ account: 'desk-7/alpha', marginMode: 'cross', currency: 'USDT' }),
      marginAccountId({ account: 'a:cross', marginMode: 'isolated', symbol: 'xyz:TSLA', side: 'short' }),
      marginAccountId({ account: '100%3A', marginMode: 'isolated', symbol: '币安人生USDT', side: 'long' }),
    ]
    expect(ids).toEqual([
      'desk-7/alpha:cross:USDT',
      'a%3Across:isolated:xyz%3ATSLA:short',
      '100%253A:isolated:币安人生USDT:long',
    ])
  })

  it(`is read back as what it was made of (seed ${SEED})`, () => {
    fc.assert(
      fc.property(nameArbitrary, (name) => {
        expect(parseMarginAccountId(marginAccountId(name))).toEqual(name)
      }),
      { seed: SEED },
    )
  })

  it(`is never the id of another one (seed ${SEED})`, () => {
    fc.assert(
      fc.property(nameArbitrary, nameArbitrary, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        expect(marginAccountId(one)).not.toBe(marginAccountId(other))
      }),
      { seed: SEED },
    )
  })

  it.each([
    '',
    'a',
    'a:cross',
    'a:cross:',
    ':cross:USDT',
    'a:cross:USDT:long',
    'a:isolated:X',
    'a:isolated:X:up',
    'a:b:cross:USDT',
    'a%:cross:USDT',
  ])('is not %j', (id) => {
    expect(parseMarginAccountId(id)).toBeUndefined()
  })

  it('keeps two accounts apart whose ids hold what separates the parts', () => {
    const book = bookOf(BYBIT, { X: oneTier('0.01'), 'isolated:X': oneTier('0.01') })
    const idsOf = (id: string, symbol: string) =>
      marginAccountsOf({ ...parsedAccount({ positions: [] }), id, positions: [position(symbol)] }, book).map(
        (marginAccount) => marginAccount.id,
      )
    const position = (symbol: string) => ({
      symbol,
      marginMode: 'isolated' as const,
      size: '1',
      entryPrice: '1',
      leverage: '2',
    })
    expect(idsOf('a:isolated', 'X')).not.toEqual(idsOf('a', 'isolated:X'))
  })
})

describe('one margin account, compiled without the others', () => {
  it(`is what the whole account gives under its id (seed ${SEED})`, () => {
    const random = seededRandom(SEED)
    const markets = randomMarkets(random, 12)
    const books = booksOf(markets)
    let compared = 0
    for (let index = 0; index < 2_000; index++) {
      const account = randomAccount(random, index % 3 === 0 ? `a:${index}%` : `a${index}`, markets)
      const closed = { ...account.positions[0]!, size: between(random, 0, 1) === 0 ? '0' : '-0.0' }
      const flat =
        index % 5 === 0 ? { ...account, positions: [closed, ...account.positions.slice(1)] } : account
      const book = books[account.venue]!
      const whole = marginAccountsOf({ ...flat, separateWallets: true }, book)
      for (const marginAccount of whole) {
        expect(marginAccountOf({ ...flat, separateWallets: true }, marginAccount.id, book)).toEqual(
          marginAccount,
        )
        compared++
      }
    }
    expect(compared).toBeGreaterThan(4_000)
  })

  it('asks the rule book for its own position only, however many others the account has', () => {
    const rules = oneTier('0.01')
    const asked: string[] = []
    const rulesOf = (symbol: string) => {
      asked.push(symbol)
      return rules
    }
    const book = { ...bookOf(BYBIT, {}), rulesOf }
    const positions = Array.from({ length: 800 }, (_, index) => ({
      symbol: `M${index}`,
      marginMode: 'isolated',
      size: '1',
      entryPrice: '1',
      leverage: '2',
    }))
    expect(marginAccountOf(parsedAccount({ positions }), 'a:isolated:M7:long', book)?.legs).toHaveLength(1)
    expect(asked).toEqual(['M7'])
  })

  it.each(['a:isolated:X:short', 'a:cross:BTC', 'b:cross:USDT', 'nonsense', 'a:isolated:GONE:long'])(
    'is undefined where the account has none: %s',
    (id) => {
      const account = parsedAccount({
        collateral: [{ asset: 'USDT', amount: '1' }],
        positions: [
          { symbol: 'X', marginMode: 'isolated', size: '1', entryPrice: '1', leverage: '2' },
          { symbol: 'X', marginMode: 'cross', size: '1', entryPrice: '1', leverage: '2' },
          { symbol: 'GONE', marginMode: 'isolated', size: '0', entryPrice: '1', leverage: '2' },
        ],
      })
      expect(marginAccountOf(account, id, bookOf(BYBIT, { X: oneTier('0.01') }))).toBeUndefined()
    },
  )

  it('is refused for its own faults, as the whole account is', () => {
    const book = bookOf(BYBIT, { X: oneTier('0.01') })
    const cross = { symbol: 'X', marginMode: 'cross', size: '1', entryPrice: '1', leverage: '2' }
    expect(() => marginAccountOf(parsedAccount({ positions: [cross] }), 'a:cross:USDT', book)).toThrow(
      'must hold an entry for USDT',
    )
    const unknown = parsedAccount({ positions: [{ ...cross, symbol: 'FOO', marginMode: 'isolated' }] })
    expect(() => marginAccountOf(unknown, 'a:isolated:FOO:long', book)).toThrow(
      expect.objectContaining({ code: 'SYMBOL_UNKNOWN' }),
    )
  })

  it('has the day of the oldest rules of its rows, and none if a day is unknown', () => {
    const dated = (asOf?: string) => ({ ...oneTier('0.01'), ...(asOf === undefined ? {} : { asOf }) })
    const book = bookOf(BYBIT, { X: dated('2026-07-02'), Y: dated('2025-09-15'), Z: dated() })
    const leg = (symbol: string, marginMode = 'cross') => ({
      symbol,
      marginMode,
      size: '1',
      entryPrice: '1',
      leverage: '2',
    })
    const asOfOf = (...positions: Record<string, string>[]) =>
      marginAccountsOf(parsedAccount({ collateral: [{ asset: 'USDT', amount: '1' }], positions }), book).map(
        ({ rulesAsOfMs }) => rulesAsOfMs,
      )
    expect(asOfOf(leg('X'), leg('Y'), leg('X', 'isolated'))).toEqual([
      Date.UTC(2025, 8, 15),
      Date.UTC(2026, 6, 2),
    ])
    expect(asOfOf(leg('X'), leg('Z'), leg('Z', 'isolated'))).toEqual([null, null])
  })
})
