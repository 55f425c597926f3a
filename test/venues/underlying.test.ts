import { describe, expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import { underlyingOf } from '../../src/venues/index.ts'

/** Contract, what it follows, its coin and the index price that the venue states for it. */
const FOLLOWED = [
  ['bybit', 'BTCUSDT', 'BTC', 'BTC', 'BTC/USDT index'],
  ['bybit', 'BTCPERP', 'BTC', 'BTC', 'BTC/USDC index'],
  ['bybit', 'BTCUSD', 'BTC', 'BTC', 'BTC/USD index'],
  ['bybit', 'SHIB1000USDT', '1000 SHIB', 'SHIB', 'SHIB1000/USDT index'],
  ['binance', '1000PEPEUSDT', '1000 PEPE', 'PEPE', '1000PEPE/USDT index'],
  ['binance', '1MBABYDOGEUSDT', '1000000 BABYDOGE', 'BABYDOGE', '1MBABYDOGE/USDT index'],
  ['binance', 'BTCUSD_PERP', 'BTC', 'BTC', 'BTC/USD index'],
  ['okx', 'ETH-USDT-SWAP', 'ETH', 'ETH', 'ETH/USDT index'],
  ['bitmex', 'XBTUSD', 'BTC', 'BTC', 'XBT/USD index'],
  ['deribit', 'BTC-PERPETUAL', 'BTC', 'BTC', 'BTC/USD index'],
  ['deribit', 'SOL_USDC-PERPETUAL', 'SOL', 'SOL', 'SOL/USDC index'],
  ['kraken', 'PF_XBTUSD', 'BTC', 'BTC', 'XBT/USD index'],
  ['hyperliquid', 'kPEPE', '1000 PEPE', 'PEPE', 'kPEPE/USDC index'],
  ['dydx', 'BTC-USD', 'BTC', 'BTC', 'BTC/USD index'],
  ['bybit', 'USDE/USDT index', 'USDE', 'USDE', undefined],
  ['okx', 'BTC/EUR index', 'BTC/EUR', 'BTC', undefined],
] as const

describe('what a price follows', () => {
  it.each(FOLLOWED)('%s %s follows %s', (venue, symbol, name, coin, index) => {
    expect(underlyingOf(venueId(venue), symbol)).toEqual({ name, coin, index })
  })

  it.each([
    ['bybit', 'BTC-26DEC25'],
    ['bybit', 'BTCUSDZ25'],
    ['binance', 'BTCUSDT_251226'],
    ['binance', 'BTCUSD_251226'],
    ['okx', 'BTC-USD-251226'],
    ['bitmex', 'XBTZ25'],
    ['deribit', 'BTC-26DEC25'],
    ['deribit', 'BTC-26DEC25-100000-C'],
    ['cme', 'BTCZ6'],
    ['elsewhere', 'BTCUSDT'],
  ])(
    '%s %s is compared with no other venue: it has a basis or a strike, or nobody knows its names',
    (venue, symbol) => {
      expect(underlyingOf(venueId(venue), symbol)).toBeUndefined()
    },
  )
})
