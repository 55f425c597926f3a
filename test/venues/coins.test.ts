import { describe, expect, it } from 'vitest'
import { collateralRulesSchema, type RuleBook } from '../../src/domain/index.ts'
import { answersOf, marginAccountsOf } from '../../src/margin/index.ts'
import { VENUES } from '../../src/venues/index.ts'
import { parsedAccount } from '../support/accounts.ts'

const bookOf = (venue: string) => VENUES.find(({ id }) => id === venue)!.ruleBook

describe('the coin of a contract', () => {
  it.each([
    ['bybit', 'BTCUSDT', 'BTC'],
    ['bybit', 'BTCPERP', 'BTC'],
    ['bybit', 'BTC-26DEC25', 'BTC'],
    ['bybit', 'BTCUSDT-26DEC25', 'BTC'],
    ['bybit', 'BTCUSDZ25', 'BTC'],
    ['bybit', '1000PEPEUSDT', 'PEPE'],
    ['bybit', '1000000MOGUSDT', 'MOG'],
    ['bybit', 'SHIB1000USDT', 'SHIB'],
    ['bybit', 'USDCUSDT', 'USDC'],
    ['binance', 'BTCUSDT', 'BTC'],
    ['binance', 'BTCUSDC', 'BTC'],
    ['binance', 'BTCUSDT_261225', 'BTC'],
    ['binance', 'BTCUSD_PERP', 'BTC'],
    ['binance', '1000PEPEUSDT', 'PEPE'],
    ['binance', '1MBABYDOGEUSDT', 'BABYDOGE'],
    ['binance', '1INCHUSDT', '1INCH'],
    ['binance', 'USDCUSDT', 'USDC'],
  ])('at %s, %s is %s', (venue, symbol, coin) => {
    expect(bookOf(venue).defaults.coinOf!(symbol)).toBe(coin)
  })

  it('moves all its contracts and its index price together', () => {
    const collateral = collateralRulesSchema.parse({ tiers: [{ cap: '999', ratio: '0.95' }] })
    const book: RuleBook = {
      ...bookOf('binance'),
      collateralOf: (asset) => (asset === 'BTC' ? collateral : collateralRulesSchema.parse(WHOLE)),
    }
    const positions = ['BTCUSDT', 'BTCUSDC'].map((symbol) => ({
      symbol,
      marginMode: 'cross',
      size: '0.1',
      entryPrice: '60000',
    }))
    const account = parsedAccount({
      venue: 'binance',
      pool: { currency: 'USDT' },
      collateral: [{ asset: 'BTC', amount: '0.1' }],
      positions,
    } as never)
    const [pool] = marginAccountsOf(account, book)
    const indexes: Record<string, string> = { BTC: '60000', USDC: '1' }
    const { ifOnly } = answersOf(pool!, () => '60000', { indexPriceOf: (asset) => indexes[asset] })
    const btc = ifOnly!.find(({ coin }) => coin === 'BTC')!
    // 5,700·(1 − c) − 12,000·c = 48·(1 − c)
    expect(btc.change!.slice(0, 8)).toBe('-0.32019')
    expect(Object.keys(btc.prices)).toEqual(['BTCUSDT', 'BTCUSDC'])
    expect(ifOnly!.map(({ coin }) => coin)).toEqual(['BTC', 'USDC'])
  })
})

const WHOLE = { tiers: [{ cap: '999999999', ratio: '1' }] }
