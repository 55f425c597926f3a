import { describe, expect, it } from 'vitest'
import { importedFrom } from './support.ts'

const bracket = (notionalCap: number, maintMarginRatio: number, initialLeverage: number, cum: number) => ({
  initialLeverage,
  notionalCap,
  maintMarginRatio,
  cum,
})
const ADA = { symbol: 'ADAUSDT', brackets: [bracket(5000, 0.0065, 75, 0), bracket(20000, 0.01, 50, 17.5)] }

describe('brackets of Binance USDⓈ-M', () => {
  it('become marginal tiers of a linear contract that settles in its quote currency', () => {
    expect(importedFrom('binance', [[ADA]])).toEqual({
      refused: {},
      rules: {
        ADAUSDT: {
          contribution: 'linear',
          multiplier: '1',
          settlementAsset: 'USDT',
          takerFeeRate: '0',
          asOf: '2026-08-01',
          maintenance: {
            kind: 'marginal-tiers',
            basis: 'notional',
            tiers: [
              { cap: '5000', maintenanceMarginRate: '0.0065', maxLeverage: '75', maintenanceDeduction: '0' },
              {
                cap: '20000',
                maintenanceMarginRate: '0.01',
                maxLeverage: '50',
                maintenanceDeduction: '17.5',
              },
            ],
          },
        },
      },
    })
  })

  it('keep every digit of a cap, which JSON.parse would round', () => {
    const text =
      '{"symbol":"ADAUSDT","brackets":[{"notionalCap":9223372036854775807,"maintMarginRatio":0.5,"initialLeverage":1,"cum":0}]}'
    expect(importedFrom('binance', [text]).rules.ADAUSDT).toMatchObject({
      maintenance: { tiers: [{ cap: '9223372036854775807' }] },
    })
  })

  it('with a coefficient of the user keep the printed caps and say so', () => {
    const { rules } = importedFrom('binance', [{ ...ADA, notionalCoef: 1.5 }])
    expect(rules.ADAUSDT).toMatchObject({
      maintenance: { tiers: [{ cap: '5000' }, { cap: '20000' }] },
      assumptions: ['notionalCoef is 1.5; the caps are taken as they are printed, not multiplied by it'],
    })
    expect(importedFrom('binance', [{ ...ADA, notionalCoef: 1.0 }]).rules.ADAUSDT).not.toHaveProperty(
      'assumptions',
    )
  })

  it('are refused for a symbol whose cum breaks the recurrence; rounded sums of floating-point numbers are not', () => {
    const broken = { symbol: 'XUSDT', brackets: [bracket(5000, 0.0065, 75, 0), bracket(20000, 0.01, 50, 18)] }
    const rounded = {
      symbol: 'YUSDT',
      brackets: [bracket(50, 0.004, 125, 0), bracket(90, 0.0046, 100, 0.030000000000000002)],
    }
    const { rules, refused } = importedFrom('binance', [[broken, rounded, ADA]])
    expect(Object.keys(rules).sort()).toEqual(['ADAUSDT', 'YUSDT'])
    expect(refused).toEqual({
      XUSDT: 'the tier up to 20000 states the deduction 18; the recurrence of the deductions gives 17.5',
    })
  })

  describe('as its page of leverage and margin lists them', () => {
    const listed = (from: number, cap: number, rate: number, leverage: number, amount: number) => ({
      bracketSeq: 1,
      bracketNotionalFloor: from,
      bracketNotionalCap: cap,
      bracketMaintenanceMarginRate: rate,
      cumFastMaintenanceAmount: amount,
      minOpenPosLeverage: 1,
      maxOpenPosLeverage: leverage,
    })
    const page = (symbol: string, second = 5000) => ({
      code: '000000',
      data: {
        brackets: [
          {
            symbol,
            updateTime: 1755000000000,
            notionalLimit: 100,
            riskBrackets: [listed(0, 5000, 0.0065, 75, 0), listed(second, 20000, 0.01, 50, 17.5)],
          },
        ],
      },
    })

    it('are the same rules as those of leverageBracket', () => {
      expect(importedFrom('binance', [page('ADAUSDT')])).toEqual(importedFrom('binance', [[ADA]]))
    })

    it('are refused with a gap between them', () => {
      expect(importedFrom('binance', [page('ADAUSDT', 6000)]).refused.ADAUSDT).toContain('6000')
    })

    it('are refused of a COIN-M contract, with its exchangeInfo too', () => {
      const contract = {
        symbol: 'ADAUSD_PERP',
        pair: 'ADAUSD',
        contractType: 'PERPETUAL',
        contractSize: 10,
        marginAsset: 'ADA',
      }
      const { rules, refused } = importedFrom('binance', [page('ADAUSD_PERP'), { symbols: [contract] }])
      expect(rules).toEqual({})
      expect(refused).toEqual({
        ADAUSD_PERP: 'riskBrackets are read of USDⓈ-M alone: add the body of /dapi/v2/leverageBracket',
      })
    })
  })

  it('of a contract quoted in BUSD are not taken for those of a COIN-M pair', () => {
    const { rules, refused } = importedFrom('binance', [{ ...ADA, symbol: 'BTCBUSD' }])
    expect(refused).toEqual({})
    expect(rules.BTCBUSD).toMatchObject({ contribution: 'linear', settlementAsset: 'BUSD' })
  })

  it('are refused where no asset is known in which the contract settles, unless exchangeInfo states it', () => {
    const odd = { ...ADA, symbol: 'ADAEUR' }
    expect(importedFrom('binance', [odd]).refused.ADAEUR).toContain('exchangeInfo')
    const contract = { symbol: 'ADAEUR', pair: 'ADAEUR', contractType: 'PERPETUAL', marginAsset: 'EUR' }
    expect(importedFrom('binance', [odd, { symbols: [contract] }]).rules.ADAEUR).toMatchObject({
      settlementAsset: 'EUR',
    })
  })
})

describe('brackets of Binance COIN-M', () => {
  const brackets = [
    { initialLeverage: 125, qtyCap: 5, qtylFloor: 0, maintMarginRatio: 0.004, cum: 0 },
    { initialLeverage: 100, qtyCap: 10, qtylFloor: 5, maintMarginRatio: 0.005, cum: 0.005 },
  ]
  const contracts = ['BTCUSD_PERP', 'BTCUSD_261225'].map((symbol) => ({
    symbol,
    pair: 'BTCUSD',
    contractType: 'PERPETUAL',
    contractSize: 100,
    marginAsset: 'BTC',
  }))

  it('are in coin; the size of a contract comes from exchangeInfo', () => {
    const { rules } = importedFrom('binance', [{ symbol: 'BTCUSD_PERP', brackets }, { symbols: contracts }])
    expect(rules.BTCUSD_PERP).toMatchObject({
      contribution: 'inverse',
      multiplier: '100',
      settlementAsset: 'BTC',
      maintenance: { basis: 'coin', tiers: [{ cap: '5' }, { cap: '10', maintenanceDeduction: '0.005' }] },
    })
    expect(rules.BTCUSD_PERP).not.toHaveProperty('assumptions')
  })

  it('without exchangeInfo have the size that contracts of the coin have, as an assumption', () => {
    const { rules } = importedFrom('binance', [[{ symbol: 'ETHUSD_PERP', brackets }]])
    expect(rules.ETHUSD_PERP).toMatchObject({ multiplier: '10', settlementAsset: 'ETH' })
    expect(rules.ETHUSD_PERP!.assumptions).toEqual([
      'a contract is 100 dollars of BTC and 10 dollars of any other coin',
    ])
  })

  it('by pair are those of each of its contracts', () => {
    const { rules } = importedFrom('binance', [{ pair: 'BTCUSD', brackets }, { symbols: contracts }])
    expect(Object.keys(rules)).toEqual(['BTCUSD_PERP', 'BTCUSD_261225'])
    expect(Object.keys(importedFrom('binance', [{ pair: 'BTCUSD', brackets }]).rules)).toEqual([
      'BTCUSD_PERP',
    ])
  })

  it('contracts without brackets are refused by name', () => {
    expect(importedFrom('binance', [{ symbols: contracts }]).refused).toEqual({
      BTCUSD_PERP: 'its brackets are missing: add the body of leverageBracket, which needs an API key',
      BTCUSD_261225: 'its brackets are missing: add the body of leverageBracket, which needs an API key',
    })
  })
})
