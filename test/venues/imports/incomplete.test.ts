import { describe, expect, it } from 'vitest'
import { importedFrom } from './support.ts'

const refusedOf = (venue: string, ...bodies: readonly unknown[]) => importedFrom(venue, bodies).refused

describe('a rate of 0', () => {
  it('is named by its field, with the rule', () => {
    const market = { ticker: 'ZZ-USD', initialMarginFraction: '0.1', maintenanceMarginFraction: '0' }
    expect(refusedOf('dydx', { markets: { 'ZZ-USD': market } })).toEqual({
      'ZZ-USD': expect.stringContaining('maintenanceMarginFraction is "0": must be a number above zero'),
    })
  })
})

describe('risk limits of Bybit', () => {
  const row = (riskLimitValue: string, isLowestRisk: number | undefined, maintenanceMargin?: string) => ({
    symbol: 'ZZUSDT',
    riskLimitValue,
    maxLeverage: '10',
    ...(isLowestRisk === undefined ? {} : { isLowestRisk }),
    ...(maintenanceMargin === undefined ? {} : { maintenanceMargin }),
  })
  const list = (...rows: readonly object[]) => ({ retCode: 0, result: { list: rows } })

  it('without a rate in one row are refused, not taken without the row', () => {
    expect(refusedOf('bybit', list(row('1000', 1, '0.01'), row('2000', 0)))).toEqual({
      ZZUSDT: expect.stringContaining('maintenanceMargin is missing: must be a number above zero'),
    })
  })

  it('without the lowest one are refused; those that do not say which it is are taken', () => {
    expect(refusedOf('bybit', list(row('1000', 0, '0.01'), row('2000', 0, '0.02')))).toEqual({
      ZZUSDT: 'none of its tiers has isLowestRisk 1: the lowest one is missing',
    })
    const unsaid = list(row('1000', undefined, '0.01'), row('2000', undefined, '0.02'))
    expect(refusedOf('bybit', unsaid)).toEqual({})
    expect(refusedOf('bybit', list(row('1000', 1, '0.01'), row('2000', 0, '0.02')))).toEqual({})
  })
})

describe('tiers of spot margin of OKX', () => {
  const spot = {
    instId: 'BTC-USDT',
    instFamily: '',
    uly: '',
    tier: '1',
    minSz: '0',
    maxSz: '50',
    mmr: '0.03',
  }
  const ofSpot = { ...spot, imr: '0.1', maxLever: '10' }
  const ofSwap = { ...ofSpot, instId: '', instFamily: 'BTC-USDT', maxSz: '100', mmr: '0.004' }
  const swap = {
    instType: 'SWAP',
    instId: 'BTC-USDT-SWAP',
    instFamily: 'BTC-USDT',
    ctType: 'linear',
    ctVal: '0.01',
    ctMult: '1',
    settleCcy: 'USDT',
  }
  const body = (...data: readonly object[]) => ({ code: '0', msg: '', data })

  it('are not those of the swap of the pair', () => {
    expect(importedFrom('okx', [body(ofSpot), body(swap)])).toEqual({
      rules: {},
      refused: {
        'BTC-USDT': 'its tiers are those of spot margin, which is not a contract',
        'BTC-USDT-SWAP': expect.stringContaining('its tiers are missing'),
      },
    })
  })

  it('are named beside those of the swap, which are taken', () => {
    const { rules, refused } = importedFrom('okx', [body(ofSpot), body(ofSwap), body(swap)])
    expect(rules['BTC-USDT-SWAP']!.maintenance).toMatchObject({ tiers: [{ cap: '100' }] })
    expect(refused).toEqual({ 'BTC-USDT': 'its tiers are those of spot margin, which is not a contract' })
  })
})

describe('tiers that overlap', () => {
  it('of OKX are refused', () => {
    const tier = (minSz: string, maxSz: string, mmr: string) => ({
      instFamily: 'BTC-USDT',
      tier: '1',
      minSz,
      maxSz,
      mmr,
      maxLever: '10',
    })
    const data = [tier('0', '100', '0.004'), tier('50', '200', '0.01')]
    expect(refusedOf('okx', { code: '0', data })).toEqual({
      'BTC-USDT-SWAP': 'its tiers overlap: one ends at 100 and the next begins at 50',
    })
  })

  it('of Binance are refused, and a gap between them', () => {
    const bracket = (notionalFloor: number, notionalCap: number, maintMarginRatio: number) => ({
      notionalFloor,
      notionalCap,
      maintMarginRatio,
      initialLeverage: 10,
    })
    const table = (...brackets: readonly object[]) => [{ symbol: 'ZZUSDT', brackets }]
    const first = bracket(0, 100, 0.01)
    expect(refusedOf('binance', table(first, bracket(50, 200, 0.02)))).toEqual({
      ZZUSDT: 'its tiers overlap: one ends at 100 and the next begins at 50',
    })
    expect(refusedOf('binance', table(first, bracket(101, 200, 0.02)))).toEqual({
      ZZUSDT: 'its tiers have a gap between 100 and 101: a tier is missing',
    })
    expect(refusedOf('binance', table(first, bracket(100, 200, 0.02)))).toEqual({})
  })
})

it('an initial margin rate of OKX that the maintenance margin rate is not below is named', () => {
  const tier = {
    instFamily: 'BTC-USDT',
    tier: '1',
    minSz: '0',
    maxSz: '1',
    mmr: '0.05',
    imr: '0.04',
    maxLever: '10',
  }
  expect(refusedOf('okx', { code: '0', data: [tier] })).toEqual({
    'BTC-USDT-SWAP': 'the tier up to 1 has the mmr 0.05: must be below its imr, 0.04',
  })
})
