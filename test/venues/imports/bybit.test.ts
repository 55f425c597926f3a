import { describe, expect, it } from 'vitest'
import { importedFrom } from './support.ts'

const row = (symbol: string, riskLimitValue: string, maintenanceMargin: string, maxLeverage: string) => ({
  symbol,
  riskLimitValue,
  maintenanceMargin,
  maxLeverage,
})
const ETH = [
  { ...row('ETHUSDT', '900000', '0.005', '100.00'), mmDeduction: '' },
  { ...row('ETHUSDT', '1200000', '0.0056', '90.00'), mmDeduction: '540' },
]
const page = (list: readonly object[]) => ({ retCode: 0, result: { category: 'linear', list } })
const tiersOf = (rules: object | undefined) =>
  (rules as { maintenance: { tiers: unknown } }).maintenance.tiers

describe('risk limits of Bybit', () => {
  it('become marginal tiers, in the order of their caps and with the deductions of the recurrence', () => {
    const { rules, refused } = importedFrom('bybit', [page([...ETH].reverse())])
    expect(refused).toEqual({})
    expect(rules.ETHUSDT).toEqual({
      contribution: 'linear',
      multiplier: '1',
      settlementAsset: 'USDT',
      takerFeeRate: '0.00055',
      asOf: '2026-08-01',
      maintenance: {
        kind: 'marginal-tiers',
        basis: 'notional',
        tiers: [
          { cap: '900000', maintenanceMarginRate: '0.005', maxLeverage: '100', maintenanceDeduction: '0' },
          { cap: '1200000', maintenanceMarginRate: '0.0056', maxLeverage: '90', maintenanceDeduction: '540' },
        ],
      },
      assumptions: ['the taker fee rate is that of accounts without a discount, 0.00055'],
    })
  })

  it('come in pages, of which several symbols may share one', () => {
    const { rules } = importedFrom('bybit', [
      page([ETH[0]!, row('ADAUSDT', '200000', '0.0075', '75')]),
      page([ETH[1]!]),
    ])
    expect(Object.keys(rules)).toEqual(['ETHUSDT', 'ADAUSDT'])
    expect(tiersOf(rules.ETHUSDT)).toHaveLength(2)
  })

  it('of an inverse contract are in coin, and per cent in older bodies', () => {
    const list = [row('BTCUSD', '150', '0.5', '100.00'), row('BTCUSD', '300', '1', '66.67')]
    expect(importedFrom('bybit', [page(list)]).rules.BTCUSD).toMatchObject({
      contribution: 'inverse',
      settlementAsset: 'BTC',
      maintenance: {
        basis: 'coin',
        tiers: [
          { cap: '150', maintenanceMarginRate: '0.005' },
          { cap: '300', maintenanceMarginRate: '0.01', maintenanceDeduction: '0.75' },
        ],
      },
    })
  })

  it('of older versions of the API have other names', () => {
    const v2 = { symbol: 'BTCUSD', limit: 150, maintain_margin: '0.5', max_leverage: '100', section: ['1'] }
    const v3 = { symbol: 'BTCPERP', limit: '100000', maintainMargin: '0.0040', maxLeverage: '125.00' }
    const { rules } = importedFrom('bybit', [{ result: [v2] }, { result: [v3] }])
    expect(rules.BTCUSD).toMatchObject({ maintenance: { tiers: [{ maintenanceMarginRate: '0.005' }] } })
    expect(rules.BTCPERP).toMatchObject({
      settlementAsset: 'USDC',
      maintenance: { tiers: [{ maintenanceMarginRate: '0.004' }] },
    })
  })

  it('are refused for a symbol whose stated deduction breaks the recurrence, naming the tier', () => {
    const list = [ETH[0]!, { ...ETH[1]!, mmDeduction: '541' }]
    expect(importedFrom('bybit', [page(list)])).toEqual({
      rules: {},
      refused: {
        ETHUSDT:
          'the tier up to 1200000 states the deduction 541; the recurrence of the deductions gives 540',
      },
    })
  })

  it('are refused for a symbol with a rate that reaches the initial margin in one tier of several', () => {
    const list = [ETH[0]!, row('ETHUSDT', '1200000', '0.0125', '80')]
    expect(importedFrom('bybit', [page(list)]).refused.ETHUSDT).toBe(
      'tiers[1].maintenanceMarginRate of ETHUSDT is 0.0125, which is not below 1/80, the initial margin rate of its leverage',
    )
  })

  it('with a rate that reaches the initial margin are refused, not read as per cent, in a table of one tier too', () => {
    const { rules, refused } = importedFrom('bybit', [page([row('XUSDT', '1000', '0.02', '50')])])
    expect(rules).toEqual({})
    expect(refused.XUSDT).toContain('0.02, which is not below 1/50')
  })

  it('before July 2025 are those of the older rule: of the value at entry, with the fee of closing', () => {
    const old = importedFrom('bybit', [page(ETH)], { asOf: '2025-06-30' }).rules.ETHUSDT
    expect(old).toMatchObject({ maintenancePrice: 'entry' })
    expect(old).not.toHaveProperty('closingFee')
    const young = importedFrom('bybit', [page(ETH)], { asOf: '2025-07-01' }).rules.ETHUSDT
    expect(young).not.toHaveProperty('maintenancePrice')
    expect(young).not.toHaveProperty('closingFee')
  })
})

describe('contracts of Bybit', () => {
  const contract = {
    symbol: 'ETHUSDT',
    contractType: 'LinearPerpetual',
    settleCoin: 'USDT',
    baseCoin: 'ETH',
  }

  it('without risk limits are refused by name', () => {
    expect(importedFrom('bybit', [{ result: { list: [contract] } }]).refused).toEqual({
      ETHUSDT: 'its risk limits are missing: add the body of /v5/market/risk-limit',
    })
  })

  it('state the asset in which they settle, and their coin', () => {
    expect(importedFrom('bybit', [{ list: [contract] }, page(ETH)]).rules.ETHUSDT).toMatchObject({
      baseAsset: 'ETH',
    })
    const odd = { ...contract, symbol: 'BTC-26DEC25', settleCoin: 'USDT' }
    const body = page([row('BTC-26DEC25', '1000', '0.01', '50')])
    expect(importedFrom('bybit', [body]).rules['BTC-26DEC25']).toMatchObject({ settlementAsset: 'USDC' })
    expect(importedFrom('bybit', [{ list: [odd] }, body]).rules['BTC-26DEC25']).toMatchObject({
      settlementAsset: 'USDT',
    })
  })

  it('of version 2 state their fee', () => {
    const v2 = { name: 'ETHUSDT', base_currency: 'ETH', quote_currency: 'USDT', taker_fee: '0.00075' }
    const { rules } = importedFrom('bybit', [{ result: [v2] }, page(ETH)])
    expect(rules.ETHUSDT).toMatchObject({ takerFeeRate: '0.00075' })
    expect(rules.ETHUSDT).not.toHaveProperty('assumptions')
  })

  it('that are options or spot pairs are passed over', () => {
    const option = {
      symbol: 'BTC-1JAN27-50000-C',
      optionsType: 'Call',
      contractType: 'x',
      settleCoin: 'USDC',
    }
    const spot = { symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT' }
    expect(importedFrom('bybit', [[option, spot]])).toEqual({ rules: {}, refused: {} })
  })
})

it('a symbol that bodies state twice is taken when they agree, and refused when they differ', () => {
  const first = page([row('ADAUSDT', '200000', '0.0075', '75')])
  expect(tiersOf(importedFrom('bybit', [first, first]).rules.ADAUSDT)).toHaveLength(1)
  const other = page([row('ADAUSDT', '200000', '0.01', '75')])
  expect(importedFrom('bybit', [first, other]).refused.ADAUSDT).toBe(
    'the bodies state the rates 0.0075 and 0.01 for the tier up to 200000',
  )
})
