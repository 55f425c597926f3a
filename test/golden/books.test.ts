import { describe, it } from 'vitest'
import type { Account, InstrumentRules, MarginState, Position } from '../../src/domain/index.ts'
import { levelRule, marginAccountsOf, marginStateOf } from '../../src/margin/index.ts'
import { bookAt, withRules } from '../../src/rules/index.ts'
import { parseVenueId, ruleBookOf } from '../../src/venues/index.ts'
import { importedFrom } from '../venues/imports/support.ts'
import { expectPrinted } from './support.ts'

const RULE = levelRule([], '0')

interface Case {
  readonly venue: string
  readonly positions: readonly (Partial<Position> & { symbol: string; size: string; entryPrice: string })[]
  readonly marks: Readonly<Record<string, string>>
  readonly collateral: readonly [asset: string, amount: string]
  readonly rules?: Readonly<Record<string, InstrumentRules>>
  readonly day?: string
}

/** The state of the account under the built-in book of the venue, or with imported rules over it. */
function stateOf({ venue, positions, marks, collateral, rules, day }: Case): MarginState {
  const id = parseVenueId(venue)
  const [asset, amount] = collateral
  const account: Account = {
    id: 'a',
    venue: id,
    version: 1,
    collateral: [{ asset, amount }],
    positions: positions.map((position) => ({ marginMode: 'cross', ...position })),
    liabilities: [],
  }
  const builtIn = bookAt(ruleBookOf(id), day === undefined ? Number.POSITIVE_INFINITY : Date.parse(day))
  const book = rules === undefined ? builtIn : withRules(builtIn, rules, 'imported')
  const [marginAccount] = marginAccountsOf(account, book)
  return marginStateOf(marginAccount!, (symbol) => marks[symbol], RULE)
}

const perpetual = (symbol: string, size: string, price: string) => ({
  positions: [{ symbol, size, entryPrice: price }],
  marks: { [symbol]: price },
})

describe('Deribit, standard margin', () => {
  it.each([
    // The venue prints the mark as 49.72; its size in coin, 0.603420186, is that of this mark.
    ['SOL-PERPETUAL', '30', '49.7166', 'SOL', '0.012070224', 'a position of ccxt pull request 13374'],
    ['BTC_USDC-PERPETUAL', '25', '100000', 'USDC', '28125', 'support article 25944738177565'],
    ['SOL_USDC-PERPETUAL', '25', '200', 'USDC', '100.625', 'support article 25944738177565'],
  ])('%s %s at %s asks for %s %s (%s)', (symbol, size, price, asset, printed) => {
    const state = stateOf({
      venue: 'deribit',
      ...perpetual(symbol, size, price),
      collateral: [asset, '1000000'],
    })
    expectPrinted(state.maintenanceMargin, printed)
  })

  it.each(['C', 'P'])('a short option with a strike of 9,000 at 10,000 asks for 0.1 BTC: %s', (type) => {
    const symbol = `BTC-25DEC26-9000-${type}`
    const state = stateOf({
      venue: 'deribit',
      positions: [{ symbol, size: '-1', entryPrice: '0.025' }],
      marks: { [symbol]: '0.025', 'BTC-25DEC26': '10000' },
      collateral: ['BTC', '1'],
    })
    expectPrinted(state.maintenanceMargin, '0.10')
  })
})

it('Kraken PF_XBTUSD asks for 1 % of the value at entry (position of ccxt issue 22551)', () => {
  const state = stateOf({
    venue: 'kraken',
    positions: [{ symbol: 'PF_XBTUSD', size: '0.0134', entryPrice: '66607.42774643192' }],
    marks: { PF_XBTUSD: '66884.5130689281' },
    collateral: ['USD', '0'],
  })
  expectPrinted(state.maintenanceMargin, '8.925395318021877')
  expectPrinted(state.marginBalance, '3.71294332144')
})

describe('Hyperliquid', () => {
  it('BTC asks for 3,125,000 of a notional of 200 million', () => {
    const state = stateOf({
      venue: 'hyperliquid',
      ...perpetual('BTC', '4000', '50000'),
      collateral: ['USDC', '50000000'],
    })
    expectPrinted(state.maintenanceMargin, '3125000')
  })

  // Real isolated positions of 2024, copied in freqtrade's tests/exchange/test_hyperliquid.py.
  it.each([
    ['ETH', '0.015', '2458.5', '36.864593', '50', '0.86915825'],
    ['SOL', '0.16', '146.82', '23.482979', '20', '0.05269872'],
    ['DOGE', '437', '0.11586', '25.29769', '20', '0.05945697'],
    ['ETH', '-0.019', '2642.8', '25.091876', '50', '3924.18322043'],
    ['ETH', '-0.007', '2518.4', '17.62263', '50', '4986.05799151'],
  ])(
    '%s %s at %s with %s and %sx is liquidated at %s',
    (symbol, size, entryPrice, isolatedMargin, maxLeverage, printed) => {
      const state = stateOf({
        venue: 'hyperliquid',
        positions: [{ symbol, size, entryPrice, isolatedMargin, maxLeverage, marginMode: 'isolated' }],
        marks: { [symbol]: entryPrice },
        collateral: ['USDC', '0'],
      })
      expectPrinted(state.positions[0]!.liquidationPrice, printed)
    },
  )
})

it.each([
  ['1', '169.3093125'],
  ['-1', '211.1842875'],
])('Coinbase BIP: %s contract overnight asks for %s (product of 2026-04-07)', (size, printed) => {
  const state = stateOf({
    venue: 'coinbase',
    ...perpetual('BIP-20DEC30-CDE', size, '68930'),
    collateral: ['USD', '1000'],
  })
  expectPrinted(state.maintenanceMargin, printed)
})

it('CME BTC asked for 41,065 dollars a contract at its launch (QuantConnect Lean)', () => {
  const state = stateOf({
    venue: 'cme',
    ...perpetual('BTCF8', '1', '19100'),
    collateral: ['USD', '100000'],
    day: '2017-12-18',
  })
  expectPrinted(state.maintenanceMargin, '41065')
})

it('dYdX: a short of 3 ETH at 3,000 with 1,000 and 5 % is liquidated at 3,174.60 (concepts/trading/liquidations)', () => {
  const market = { ticker: 'ETH-USD', initialMarginFraction: '0.1', maintenanceMarginFraction: '0.05' }
  const { rules } = importedFrom('dydx', [{ markets: { 'ETH-USD': market } }])
  const state = stateOf({
    venue: 'dydx',
    ...perpetual('ETH-USD', '-3', '3000'),
    collateral: ['USDC', '1000'],
    rules,
  })
  expectPrinted(state.positions[0]!.liquidationPrice, '3174.60')
})

it('OKX prints the liquidation price of its sample position one tick of 0.01 before the line (GetAccountPositions)', () => {
  const tier = { instFamily: 'ETH-USD', tier: '1', maxSz: '1000', mmr: '0.008', maxLever: '75' }
  const { rules } = importedFrom('okx', [{ code: '0', data: [tier] }])
  const state = stateOf({
    venue: 'okx',
    positions: [
      {
        symbol: 'ETH-USD-SWAP',
        size: '1',
        entryPrice: '2566.31',
        marginMode: 'isolated',
        isolatedMargin: '0.0003896645377994',
      },
    ],
    marks: { 'ETH-USD-SWAP': '2565.656' },
    collateral: ['ETH', '1'],
    rules,
  })
  // The sample prints 2352.8496681818233.
  expectPrinted(state.positions[0]!.liquidationPrice, '2352.8396681818')
})
