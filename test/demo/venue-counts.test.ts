import { describe, expect, it } from 'vitest'
import { createVenueCounts } from '../../src/demo/venue-counts.ts'
import { isolatedPosition, makeAccount } from '../support/accounts.ts'

const held = (id: string, venue: 'bybit' | 'okx', ...symbols: readonly string[]) =>
  makeAccount({ id, venue, positions: symbols.map((symbol) => isolatedPosition(symbol, {})) })

describe('the counts of a demo by venue', () => {
  it('are of the accounts and markets that are stored, and of the prices that are heard', () => {
    const counts = createVenueCounts()
    counts.store([held('a', 'bybit', 'BTCUSDT', 'ETHUSDT'), held('b', 'okx', 'BTC-USDT-SWAP')])
    counts.store([held('c', 'bybit', 'BTCUSDT')])
    expect(counts.markets).toEqual(['bybit:BTCUSDT', 'bybit:ETHUSDT', 'okx:BTC-USDT-SWAP'])
    counts.hear([{ venue: 'bybit', symbol: 'BTCUSDT', markPrice: '60000' }])
    counts.hear([
      { venue: 'bybit', symbol: 'BTCUSDT', markPrice: '60001' },
      { venue: 'okx', symbol: 'BTC-USDT-SWAP', markPrice: '60000' },
    ])
    expect(counts.of('bybit')).toEqual({ accounts: 2, markets: 2, prices: 2 })
    expect(counts.of('okx')).toEqual({ accounts: 1, markets: 1, prices: 1 })
    expect(counts.of('cme')).toEqual({ accounts: 0, markets: 0, prices: 0 })
    expect(counts.prices).toBe(3)
  })

  it('take a market that falls silent for no price', () => {
    const counts = createVenueCounts()
    counts.store([held('a', 'bybit', 'BTCUSDT')])
    counts.hear([{ venue: 'bybit', symbol: 'BTCUSDT', markPrice: '' }])
    expect([counts.prices, counts.unheard()]).toEqual([0, ['bybit:BTCUSDT']])
    counts.hear([{ venue: 'bybit', symbol: 'BTCUSDT', markPrice: '60000' }])
    expect(counts.unheard()).toEqual([])
  })
})
