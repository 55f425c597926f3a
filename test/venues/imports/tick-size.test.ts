import { describe, expect, it } from 'vitest'
import { importedFrom } from './support.ts'

const bracket = { notionalCap: 5000, maintMarginRatio: 0.0065, initialLeverage: 75, cum: 0 }
const riskLimit = {
  symbol: 'AUSDT',
  riskLimitValue: '900000',
  maintenanceMargin: '0.005',
  maxLeverage: '100',
}
const perpetual = { symbol: 'AUSDT', contractType: 'LinearPerpetual', settleCoin: 'USDT' }
const inverse = { ...riskLimit, symbol: 'AUSD', riskLimitValue: '150' }
const okxTier = { instFamily: 'A-USDT', tier: '1', minSz: '0', maxSz: '9', mmr: '0.01', maxLever: '50' }
const swap = { instType: 'SWAP', instId: 'A-USDT-SWAP', instFamily: 'A-USDT', ctType: 'linear' }
const bitmexRow = {
  symbol: 'XBTUSD',
  typ: 'FFWCSX',
  settlCurrency: 'XBt',
  multiplier: -100000000,
  lotSize: 100,
  isInverse: true,
  initMargin: 0.01,
  maintMargin: 0.0035,
  riskLimit: 20000000000,
  riskStep: 10000000000,
  takerFee: 0.00075,
}
const deribitFuture = {
  instrument_name: 'BTC-PERPETUAL',
  kind: 'future',
  base_currency: 'BTC',
  quote_currency: 'USD',
  settlement_currency: 'BTC',
}
const marginLevels = [{ contracts: 0, initialMargin: 0.02, maintenanceMargin: 0.01 }]
const krakenFuture = { symbol: 'pi_xbtusd', type: 'futures_inverse', contractSize: 1, marginLevels }

const CASES: Readonly<Record<string, (tick: string | number) => [symbol: string, bodies: unknown[]]>> = {
  'bybit, version 5': (tickSize) => ['AUSDT', [[riskLimit], [{ ...perpetual, priceFilter: { tickSize } }]]],
  'bybit, version 2': (tick_size) => [
    'AUSD',
    [[inverse], [{ name: 'AUSD', base_currency: 'A', price_filter: { tick_size } }]],
  ],
  binance: (tickSize) => [
    'ADAUSDT',
    [
      [{ symbol: 'ADAUSDT', brackets: [bracket] }],
      [
        {
          symbol: 'ADAUSDT',
          pair: 'ADAUSDT',
          contractType: 'PERPETUAL',
          filters: [
            { filterType: 'LOT_SIZE', stepSize: '7' },
            { filterType: 'PRICE_FILTER', tickSize },
          ],
        },
      ],
    ],
  ],
  okx: (tickSz) => [
    'A-USDT-SWAP',
    [[okxTier], [{ ...swap, ctVal: '0.5', ctMult: '2', settleCcy: 'USDT', tickSz }]],
  ],
  bitmex: (tickSize) => ['XBTUSD', [[{ ...bitmexRow, tickSize }]]],
  deribit: (tick_size) => ['BTC-PERPETUAL', [[{ ...deribitFuture, tick_size }]]],
  kraken: (tickSize) => ['PI_XBTUSD', [[{ ...krakenFuture, tickSize }]]],
}

describe('the tick of the prices', () => {
  it.each(Object.entries(CASES))('is read from what %s answers, if it is above zero', (name, of) => {
    const tickOf = (stated: string | number) => {
      const [symbol, bodies] = of(stated)
      const { rules, refused } = importedFrom(name.split(',')[0]!, bodies)
      expect(refused).toEqual({})
      return rules[symbol]!.tickSize
    }
    expect([tickOf('0.50'), tickOf(1e-5), tickOf(''), tickOf(0)]).toEqual([
      '0.5',
      '0.00001',
      undefined,
      undefined,
    ])
  })
})
