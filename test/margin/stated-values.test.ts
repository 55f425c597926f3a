import { describe, expect, it } from 'vitest'
import { marginAccountsOf, statedFaultsOf } from '../../src/margin/index.ts'
import { ruleBookOfEntries } from '../../src/rules/index.ts'
import { bitmex } from '../../src/venues/bitmex.ts'
import { bybit } from '../../src/venues/bybit.ts'
import { dydx } from '../../src/venues/dydx.ts'
import { hyperliquid } from '../../src/venues/hyperliquid.ts'
import { parsedAccount } from '../support/accounts.ts'
import { BYBIT, bookOf, oneTier, rulesOf } from './support.ts'

const position = (symbol: string, own: object) => ({
  symbol,
  marginMode: 'cross' as const,
  size: '1',
  entryPrice: '60000',
  ...own,
})

/** The faults of an account with that one position, as `path: rule`. */
function faultsIn(
  book: Parameters<typeof statedFaultsOf>[1],
  symbol: string,
  own: object,
  ofAccount: object = {},
): string[] {
  const account = parsedAccount({ positions: [position(symbol, own)], ...ofAccount })
  return statedFaultsOf(account, book).map(({ code, path, rule }) => `${code} ${path.join('.')}: ${rule}`)
}

describe('an isolated margin below 0', () => {
  const isolated = (isolatedMargin: string, size = '1') => ({ marginMode: 'isolated', isolatedMargin, size })

  it('is refused where the venue keeps a margin of the position', () => {
    const rule =
      'must be 0 or more: bybit keeps no margin below 0 for a position; only funding brings one there, in an account that states asOfMs'
    for (const margin of ['-5', '-0.000001'])
      expect(faultsIn(bybit.ruleBook, 'BTCUSDT', isolated(margin))).toEqual([
        `ACCOUNT_INVALID positions.0.isolatedMargin: ${rule}`,
      ])
    for (const margin of ['0', '-0', '-0.00', '5'])
      expect(faultsIn(bybit.ruleBook, 'BTCUSDT', isolated(margin))).toEqual([])
    expect(faultsIn(bybit.ruleBook, 'BTCUSDT', isolated('-5', '0'))).toEqual([])
  })

  // venue_positions_hyperliquid.jsonl: HYPE of 2025-08-06 has a margin at entry of −68.126246.
  it.each([
    [hyperliquid, 'BTC'],
    [dydx, 'BTC-USD'],
  ] as const)('is taken where profit that is not realised can be withdrawn: $id', ({ ruleBook }, symbol) => {
    expect(faultsIn(ruleBook, symbol, isolated('-68.126246'))).toEqual([])
  })

  const timed = { asOfMs: 1_790_000_000_000 }

  it.each([
    [bybit, 'BTCUSDT'],
    [bitmex, 'XBTUSD'],
  ] as const)('is taken where payments may be in the balances: $id', ({ ruleBook }, symbol) => {
    expect(faultsIn(ruleBook, symbol, isolated('-5'), timed)).toEqual([])
  })

  it('is refused with asOfMs too where no payment goes out of it', () => {
    const rule = 'must be 0 or more: test keeps no margin below 0 for a position'
    const funding = bybit.ruleBook.defaults.funding!
    const usedMargin = { ...oneTier('0.005'), maintenance: { kind: 'used-margin', share: '0.4' } as const }
    for (const [symbol, rules, defaults] of [
      ['BTC-25DEC26', oneTier('0.005'), { ...BYBIT, funding }],
      ['BTCUSDT', usedMargin, { ...BYBIT, funding }],
      ['BTCUSDT', oneTier('0.005'), BYBIT],
      ['BTCUSDT', oneTier('0.005'), { ...BYBIT, funding: { ...funding, payment: 'not-computed' } as const }],
    ] as const) {
      expect(faultsIn(bookOf(defaults, { [symbol]: rules }), symbol, isolated('-5'), timed)).toEqual([
        `ACCOUNT_INVALID positions.0.isolatedMargin: ${rule}`,
      ])
    }
  })

  it('is judged where funding left it in a stored account', () => {
    const account = parsedAccount({ positions: [position('BTCUSDT', isolated('-5'))] })
    expect(() => marginAccountsOf(account, bybit.ruleBook)).not.toThrow()
  })
})

describe('a maintenance margin rate of its own', () => {
  const tiers = rulesOf([
    ['1000', '0.005', '0'],
    ['2000', '0.01', '5'],
  ])
  const { maintenance } = tiers
  const granted = {
    ...tiers,
    maintenance:
      maintenance.kind === 'marginal-tiers'
        ? {
            ...maintenance,
            tiers: maintenance.tiers.map((tier, index) => ({ ...tier, maxLeverage: ['100', '50'][index]! })),
          }
        : maintenance,
  }
  const book = bookOf(BYBIT, { PLAIN: oneTier('0.005'), GRANTED: granted })

  it.each([
    [
      'PLAIN',
      { marginMode: 'isolated', leverage: '10' },
      '0.5',
      '1/10, the initial margin rate of its leverage',
    ],
    [
      'PLAIN',
      { marginMode: 'isolated', leverage: '10' },
      '0.1',
      '1/10, the initial margin rate of its leverage',
    ],
    [
      'PLAIN',
      { marginMode: 'isolated', leverage: '10' },
      '1/10',
      '1/10, the initial margin rate of its leverage',
    ],
    ['GRANTED', {}, '0.02', '1/50, the initial margin rate of the least leverage in the table'],
    [
      'PLAIN',
      { marginMode: 'cross', leverage: '100' },
      '0.01',
      '1/100, the initial margin rate of its leverage',
    ],
    ['PLAIN', {}, '1', '1, since the position would ask for its whole value'],
  ] as const)('of %s with %o is refused at %s', (symbol, own, maintenanceMarginRate, bound) => {
    expect(faultsIn(book, symbol, { ...own, maintenanceMarginRate })).toEqual([
      `ACCOUNT_INVALID positions.0.maintenanceMarginRate: must be a fraction below ${bound}: 0.5 % is 0.005`,
    ])
  })

  it.each([
    ['PLAIN', { marginMode: 'isolated', leverage: '10' }, '0.0999'],
    ['GRANTED', {}, '0.0199'],
    // A leverage of its own counts before that of the table.
    ['GRANTED', { marginMode: 'isolated', leverage: '20' }, '0.04'],
    ['PLAIN', {}, '0.5'],
  ] as const)('of %s with %o is taken at %s', (symbol, own, maintenanceMarginRate) => {
    expect(faultsIn(book, symbol, { ...own, maintenanceMarginRate })).toEqual([])
  })
})

it('a cross position of a venue whose cross leverage is nominal may have any rate of a risk limit', () => {
  const own = { leverage: '100', maintenanceMarginRate: '0.01' }
  expect(faultsIn(bitmex.ruleBook, 'XBTUSD', { ...own, marginMode: 'cross' })).toEqual([])
  const isolated = faultsIn(bitmex.ruleBook, 'XBTUSD', { ...own, marginMode: 'isolated' })
  expect(isolated).toEqual([expect.stringContaining('1/100, the initial margin rate of its leverage')])
})

describe('a greatest leverage of its own', () => {
  const BTC_RULE =
    'must be at most 50, the greatest leverage that hyperliquid has granted: a higher one would ask for less margin than the venue ever did'

  it('is refused above the greatest that the venue has granted, which old positions keep', () => {
    expect(faultsIn(hyperliquid.ruleBook, 'BTC', { maxLeverage: '400' })).toEqual([
      `ACCOUNT_INVALID positions.0.maxLeverage: ${BTC_RULE}`,
    ])
    expect(faultsIn(hyperliquid.ruleBook, 'BTC', { maxLeverage: '50.01' })).toHaveLength(1)
    for (const maxLeverage of ['3', '40', '50'])
      expect(faultsIn(hyperliquid.ruleBook, 'BTC', { maxLeverage })).toEqual([])
  })

  it('is taken where newer rules hold no older table', () => {
    const entriesOf = () => [{ fromMs: 0, rules: hyperliquid.ruleBook.rulesOf('DYDX')!, source: 'x' }]
    const book = ruleBookOfEntries({ ...hyperliquid.ruleBook, entriesOf })
    expect(faultsIn(book, 'DYDX', { maxLeverage: '50' })).toEqual([])
  })

  it('is compared with the greatest of all tables, also one before a time in which the contract was not listed', () => {
    const of = (leverage: string) => ({
      ...hyperliquid.ruleBook.rulesOf('DYDX', Date.parse('2026-07-19'))!,
      maintenance: {
        kind: 'marginal-tiers' as const,
        basis: 'notional' as const,
        tiers: [
          { cap: '1', maintenanceMarginRate: '0.01', maintenanceDeduction: '0', maxLeverage: leverage },
        ],
      },
    })
    const entriesOf = () => [
      { fromMs: 0, rules: of('20'), source: 'x' },
      { fromMs: 1, rules: null, source: 'x' },
      { fromMs: 2, rules: of('10'), source: 'x' },
    ]
    const { leverageMax: _, ...defaults } = hyperliquid.ruleBook.defaults
    const book = ruleBookOfEntries({ ...hyperliquid.ruleBook, defaults, entriesOf })
    expect(faultsIn(book, 'DYDX', { maxLeverage: '20' })).toEqual([])
    expect(faultsIn(book, 'DYDX', { maxLeverage: '21' })).toHaveLength(1)
  })

  it('has no bound where no table states a leverage', () => {
    const book = bookOf(BYBIT, { X: { ...oneTier('0.5'), maintenanceShare: '1/2' } })
    expect(faultsIn(book, 'X', { maxLeverage: '50' })).toEqual([])
  })
})

it('a leverage above all tables is taken: it lowers no maintenance margin, and tables may be older than what the venue grants', () => {
  for (const marginMode of ['isolated', 'cross'])
    expect(faultsIn(hyperliquid.ruleBook, 'BTC', { marginMode, leverage: '200' })).toEqual([])
})

describe('a position without rules, or closed', () => {
  it('is left to its other faults', () => {
    expect(faultsIn(hyperliquid.ruleBook, 'NONE', { maxLeverage: '400' })).toEqual([])
    expect(faultsIn(hyperliquid.ruleBook, 'BTC', { maxLeverage: '400', size: '0' })).toEqual([])
  })
})
