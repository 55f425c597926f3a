import { describe, expect, it } from 'vitest'
import type { Account, FundingRecord, Position } from '../../src/domain/index.ts'
import { formatDecimal, fundedAccountOf } from '../../src/margin/index.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'

const TIME_MS = 1_790_002_800_000

interface Case {
  readonly venue: string
  readonly wallet?: readonly [asset: string, amount: string]
  readonly positions: Position[]
  readonly pool?: Account['pool']
  readonly charged: readonly (readonly [symbol: string, markPrice: string, fundingRate: string])[]
}

/** Wallet, isolated margins and payments after the funding times, each an hour after the one before. */
function after({ venue, wallet, positions, charged, pool }: Case) {
  const collateral = wallet === undefined ? [] : [{ asset: wallet[0], amount: wallet[1] }]
  const plain = makeAccount({ venue, asOfMs: TIME_MS, collateral, positions })
  const account = pool === undefined ? plain : { ...plain, pool }
  const records = charged.map(
    ([symbol, markPrice, fundingRate], index): FundingRecord => ({
      venue: account.venue,
      symbol,
      fundingTimeMs: TIME_MS + index * 3_600_000,
      terms: markPrice === '' ? 'unknown' : { fundingRate, markPrice },
    }),
  )
  const funded = fundedAccountOf(account, ruleBookOf(account.venue), {
    recordsOf: (symbol) => records.filter((record) => record.symbol === symbol),
    isPending: () => false,
  })
  return {
    wallet: funded.account.collateral[0]?.amount,
    collateral: funded.account.collateral,
    margins: funded.account.positions.map(({ isolatedMargin }) => isolatedMargin),
    payments: funded.bookings.map(({ place, payment, booked }) => [place, payment, formatDecimal(booked)]),
    unknown: [...funded.unknown],
  }
}

describe('the payment of a funding time', () => {
  it.each([
    // 0.5 BTC at 60,000 × 0.01 % = 3.
    ['a linear long', 'bybit', 'BTCUSDT', '0.5', '60000', '0.0001', 'USDT', '-3'],
    ['a linear short', 'bybit', 'BTCUSDT', '-0.5', '60000', '0.0001', 'USDT', '3'],
    ['a rate below zero', 'binance', 'BTCUSDT', '0.5', '60000', '-0.0001', 'USDT', '3'],
    // 30,000 contracts of 1 USD at 60,000 = 0.5 BTC.
    ['an inverse long', 'bybit', 'BTCUSD', '30000', '60000', '0.0001', 'BTC', '-0.00005'],
    // 300 contracts of 100 USD at 60,000 = 0.5 BTC.
    [
      'an inverse contract with a multiplier',
      'binance',
      'BTCUSD_PERP',
      '300',
      '60000',
      '0.0001',
      'BTC',
      '-0.00005',
    ],
    // 100 contracts of 0.01 BTC at 60,000 = 60,000.
    ['a contract of OKX', 'okx', 'BTC-USDT-SWAP', '-100', '60000', '0.0001', 'USDT', '6'],
    // 100 lots of round(100·1e8/9277.2) = 1,077,911 satoshi.
    [
      'an inverse contract whose lots are rounded',
      'bitmex',
      'XBTUSD',
      '10000',
      '9277.2',
      '0.0001',
      'XBT',
      '-0.0001077911',
    ],
    [
      'what does not end is rounded against the account',
      'bybit',
      'BTCUSD',
      '-10000',
      '30000',
      '0.0001',
      'BTC',
      '0.000033333333',
    ],
    ['and so is what is paid', 'bybit', 'BTCUSD', '10000', '30000', '0.0001', 'BTC', '-0.000033333334'],
  ])('of %s', (_, venue, symbol, size, mark, rate, asset, payment) => {
    const positions = [crossPosition(symbol, { size, entryPrice: '50000' })]
    const found = after({ venue, wallet: [asset, '0'], positions, charged: [[symbol, mark, rate]] })
    expect(found).toMatchObject({ wallet: payment, payments: [[`cross:${asset}`, payment, payment]] })
  })

  it('is none of a dated contract, a closed position, or a venue that has no rule for it', () => {
    const charged = [['BTCUSDT-26DEC25', '60000', '0.01'] as const, ['BTCUSDT', '60000', '0.01'] as const]
    const positions = [
      crossPosition('BTCUSDT-26DEC25', { entryPrice: '50000' }),
      crossPosition('BTCUSDT', { size: '0', entryPrice: '50000' }),
    ]
    expect(after({ venue: 'bybit', wallet: ['USDT', '5'], positions, charged })).toMatchObject({
      wallet: '5',
      payments: [],
      unknown: [],
    })
  })
})

describe('funding of isolated positions', () => {
  const long = (stated: Partial<Position>) =>
    isolatedPosition('BTCUSDT', { size: '1', entryPrice: '60000', ...stated })
  const charged = [['BTCUSDT', '60000', '0.001'] as const]

  it('goes to their own margin at Binance, which is that of their leverage if they state none', () => {
    const wallet = ['USDT', '1000'] as const
    const stated = after({ venue: 'binance', wallet, positions: [long({ isolatedMargin: '500' })], charged })
    expect(stated).toMatchObject({ wallet: '1000', margins: ['440'] })
    const leveraged = after({ venue: 'binance', wallet, positions: [long({ leverage: '100' })], charged })
    expect(leveraged).toMatchObject({ wallet: '1000', margins: ['540'] })
    const uneven = after({ venue: 'binance', wallet, positions: [long({ leverage: '70' })], charged })
    expect(uneven.margins).toEqual(['797.142857142857'])
  })

  it('comes from the wallet at Bybit as long as it lasts', () => {
    const positions = [long({ isolatedMargin: '500' })]
    const at = (amount: string, times = 1) =>
      after({ venue: 'bybit', wallet: ['USDT', amount], positions, charged: Array(times).fill(charged[0]) })
    expect(at('100')).toMatchObject({ wallet: '40', margins: ['500'] })
    expect(at('100', 2)).toMatchObject({ wallet: '0', margins: ['480'] })
    expect(at('-5')).toMatchObject({ wallet: '-5', margins: ['440'] })
    expect(at('100', 2).payments).toEqual([
      ['cross:USDT', '-60', '-60'],
      ['cross:USDT', '-60', '-40'],
      ['isolated:BTCUSDT:long', '-60', '-20'],
    ])
  })

  it('comes from the margin where no wallet is stated, and what is received then stands behind no position', () => {
    const positions = [long({ isolatedMargin: '500' })]
    expect(after({ venue: 'bybit', positions, charged })).toMatchObject({ margins: ['440'] })
    const received = [['BTCUSDT', '60000', '-0.001'] as const]
    expect(after({ venue: 'bybit', positions, charged: received })).toMatchObject({
      margins: ['500'],
      payments: [],
    })
  })
})

describe('a payment that is not known', () => {
  it('leaves out what it would change, and names its place', () => {
    const positions = [
      crossPosition('BTCUSDT', { entryPrice: '60000' }),
      isolatedPosition('ETHUSDT', { size: '-1', entryPrice: '3000', isolatedMargin: '500' }),
    ]
    const charged = [['ETHUSDT', '', ''] as const]
    const wallet = ['USDT', '100'] as const
    expect(after({ venue: 'binance', wallet, positions, charged }).unknown).toEqual([
      'isolated:ETHUSDT:short',
    ])
    expect(after({ venue: 'bybit', wallet, positions, charged }).unknown).toEqual([
      'cross:USDT',
      'isolated:ETHUSDT:short',
    ])
  })

  it('is every one of a venue that charges funding continuously', () => {
    const perpetual = crossPosition('BTC-PERPETUAL', { size: '1000', entryPrice: '60000' })
    const found = after({ venue: 'deribit', wallet: ['BTC', '1'], positions: [perpetual], charged: [] })
    expect(found).toMatchObject({ wallet: '1', unknown: ['cross:BTC'] })
  })
})

describe('funding of a pool over several currencies', () => {
  it('changes the asset in which the contract settles, also one that the pool did not hold, and all of it is the pool’s', () => {
    const positions = [
      crossPosition('BTCUSDT', { entryPrice: '60000' }),
      crossPosition('BTCUSD', { size: '30000', entryPrice: '60000' }),
    ]
    const found = after({
      venue: 'bybit',
      pool: { currency: 'USD', kind: 'multi-asset' },
      wallet: ['BTC', '1'],
      positions,
      charged: [
        ['BTCUSDT', '60000', '0.001'],
        ['BTCUSD', '60000', '0.001'],
      ],
    })
    expect(found.collateral).toEqual([
      { asset: 'BTC', amount: '0.9995' },
      { asset: 'USDT', amount: '-60' },
    ])
    expect(found.payments.map(([place]) => place)).toEqual(['cross:USD', 'cross:USD'])
  })
})
