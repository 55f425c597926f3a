import { describe, expect, it } from 'vitest'
import { type Account, venueId } from '../../src/domain/index.ts'
import { expiryFaultsOf, expiryMsOf, expiryText } from '../../src/venues/index.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'

// Deribit states 08:00 UTC. Of the others the last moment at which the contract of that name can exist counts.
describe('the time at which a dated contract ends', () => {
  it.each([
    ['deribit', 'BTC-27DEC24', '2024-12-27T08:00:00.000Z'],
    ['deribit', 'BTC-27DEC24-60000-C', '2024-12-27T08:00:00.000Z'],
    ['deribit', 'XRP_USDC-2JUN25-0d625-P', '2025-06-02T08:00:00.000Z'],
    ['binance', 'BTCUSDT_241227', '2024-12-27T23:59:59.999Z'],
    ['binance', 'BTCUSD_240628', '2024-06-28T23:59:59.999Z'],
    ['bybit', 'BTC-26DEC25', '2025-12-26T23:59:59.999Z'],
    ['bybit', 'BTCUSDZ25', '2025-12-31T23:59:59.999Z'],
    ['okx', 'BTC-USD-241220', '2024-12-20T23:59:59.999Z'],
    ['bitmex', 'XBTU21', '2021-09-30T23:59:59.999Z'],
    ['kraken', 'FI_XBTUSD_220930', '2022-09-30T23:59:59.999Z'],
    ['coinbase', 'BIT-24APR26-CDE', '2026-04-24T23:59:59.999Z'],
    ['cme', 'MBTG24', '2024-02-23T23:59:59.999Z'],
    ['cme', 'BTCF25', '2025-01-31T23:59:59.999Z'],
  ])('follows from the name: %s %s', (venue, symbol, time) => {
    expect(new Date(expiryMsOf(venueId(venue), symbol)!).toISOString()).toBe(time)
  })

  it.each([
    ['deribit', 'BTC-PERPETUAL'],
    ['deribit', 'BTC-31FEB26'],
    ['binance', 'BTCUSD_PERP'],
    ['binance', 'BTCUSDT'],
    ['bybit', 'BTCUSDT'],
    ['bybit', 'BTCUSD'],
    ['okx', 'BTC-USDT-SWAP'],
    ['bitmex', 'XBTUSD'],
    ['kraken', 'PF_XBTUSD'],
    ['coinbase', 'BTC-PERP-INTX'],
    // A year of one digit is one of any decade.
    ['cme', 'BTCZ6'],
    ['cme', 'BTC'],
    ['hyperliquid', 'BTC'],
    ['dydx', 'BTC-USD'],
    ['of-another-version', 'BTC-27DEC24'],
  ])('is not known of %s %s', (venue, symbol) => {
    expect(expiryMsOf(venueId(venue), symbol)).toBeUndefined()
  })
})

describe('positions in contracts that have expired', () => {
  const EXPIRY_MS = Date.UTC(2024, 11, 27, 8)
  const account: Account = makeAccount({
    venue: 'deribit',
    positions: [
      ...['BTC-PERPETUAL', 'BTC-27DEC24', 'BTC-28DEC24'].map((symbol) => crossPosition(symbol)),
      crossPosition('BTC-26DEC24', { size: '0' }),
    ],
  })

  it('are named with the time of the expiry, from that time on', () => {
    expect(expiryFaultsOf(account, EXPIRY_MS - 1)).toEqual([])
    expect(expiryFaultsOf(account, EXPIRY_MS)).toEqual([
      {
        code: 'CONTRACT_EXPIRED',
        path: ['positions', 1, 'symbol'],
        rule: 'must be a contract that has not expired; this one did on 2024-12-27, 08:00 UTC',
      },
    ])
  })

  it('say the end of a day as such', () => {
    expect(expiryText(Date.UTC(2024, 11, 28) - 1)).toBe('2024-12-27, at the end of the day, UTC')
  })
})
