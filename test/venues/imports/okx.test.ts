import { describe, expect, it } from 'vitest'
import { importedFrom } from './support.ts'

const tier = (instFamily: string, maxSz: string, mmr: string, maxLever: string, minSz = '0') => ({
  instFamily,
  instId: '',
  tier: '1',
  minSz,
  maxSz,
  mmr,
  imr: '0.1',
  maxLever,
})
const swap = {
  instType: 'SWAP',
  instId: 'SOL-USDT-SWAP',
  instFamily: 'SOL-USDT',
  ctType: 'linear',
  ctVal: '0.5',
  ctMult: '2',
  settleCcy: 'USDT',
}
const SOL = [tier('SOL-USDT', '500', '0.01', '50'), tier('SOL-USDT', '1000', '0.015', '33.3', '501')]
const data = (list: readonly object[]) => ({ code: '0', msg: '', data: list })

describe('position tiers of OKX', () => {
  it('are whole tiers in contracts, of the size that the instrument states', () => {
    expect(importedFrom('okx', [data([...SOL].reverse()), data([swap])])).toEqual({
      refused: {},
      rules: {
        'SOL-USDT-SWAP': {
          baseAsset: 'SOL',
          contribution: 'linear',
          multiplier: '1',
          settlementAsset: 'USDT',
          takerFeeRate: '0.0005',
          asOf: '2026-08-01',
          maintenance: {
            kind: 'whole-tiers',
            basis: 'contracts',
            tiers: [
              { cap: '500', maintenanceMarginRate: '0.01', maxLeverage: '50' },
              { cap: '1000', maintenanceMarginRate: '0.015', maxLeverage: '33.3' },
            ],
          },
          closingFee: 'at-mark',
          liquidation: 'reached',
          assumptions: [
            'the taker fee rate is that of accounts without a discount, 0.0005',
            'a size between two tiers, such as 1000.5 contracts, is in the upper one',
          ],
        },
      },
    })
  })

  it('are refused where one between two others is missing', () => {
    const upper = { ...tier('SOL-USDT', '1000', '0.015', '33.3'), minSz: '501' }
    const lower = tier('SOL-USDT', '500', '0.01', '50')
    expect(importedFrom('okx', [data([lower, upper, swap])]).refused).toEqual({})
    expect(importedFrom('okx', [data([lower, { ...upper, minSz: '600' }, swap])]).refused).toEqual({
      'SOL-USDT-SWAP': 'its tiers have a gap between 500 and 600: a tier is missing',
    })
  })

  it('alone are taken where the book knows the size of the contract, and refused by name elsewhere', () => {
    const { rules, refused } = importedFrom('okx', [data([tier('BTC-USDT', '1000', '0.004', '100'), ...SOL])])
    expect(rules['BTC-USDT-SWAP']).toMatchObject({ multiplier: '0.01', settlementAsset: 'USDT' })
    const dollars = importedFrom('okx', [data([tier('BTC-USD', '1000', '0.004', '100')])]).rules
    expect(dollars['BTC-USD-SWAP']).toMatchObject({ contribution: 'inverse', multiplier: '100' })
    expect(refused).toEqual({
      'SOL-USDT-SWAP': 'the size of its contract is missing: add the body of /api/v5/public/instruments',
    })
  })

  it('of spot margin are refused under the name of the pair', () => {
    const pair = { ...tier('', '50', '0.03', '10'), instId: 'BTC-USDT', uly: '' }
    expect(importedFrom('okx', [data([pair])]).refused).toEqual({
      'BTC-USDT': 'its tiers are those of spot margin, which is not a contract',
    })
  })

  it('of options are refused under the name of the family, and leave its swap alone', () => {
    const option = { ...tier('SOL-USDT', '100', '', ''), imr: '', optMgnFactor: '1' }
    const { rules, refused } = importedFrom('okx', [
      data([...SOL.map((row) => ({ ...row, optMgnFactor: '0' })), option]),
      data([swap]),
    ])
    expect(Object.keys(rules)).toEqual(['SOL-USDT-SWAP'])
    expect(refused).toEqual({
      'SOL-USDT':
        'its tiers with an optMgnFactor are those of options, which have no maintenance margin rate',
    })
  })

  it('of contracts that settle in USDⓈ are taken as of dollars, which is said', () => {
    const contract = { ...swap, instId: 'SOL-USD_UM-SWAP', instFamily: 'SOL-USD_UM', settleCcy: 'USDⓈ' }
    const { rules } = importedFrom('okx', [data([tier('SOL-USD_UM', '500', '0.01', '50')]), data([contract])])
    expect(rules['SOL-USD_UM-SWAP']).toMatchObject({ settlementAsset: 'USD' })
    expect(rules['SOL-USD_UM-SWAP']!.assumptions).toContain(
      'USDⓈ, the dollar and the stablecoins that the venue counts with it, is given as USD',
    )
  })

  it('are those of the swap where the bodies list a swap and a future of the family', () => {
    const future = { ...swap, instType: 'FUTURES', instId: 'SOL-USDT-261225' }
    const { rules, refused } = importedFrom('okx', [data(SOL), data([swap, future])])
    expect(Object.keys(rules)).toEqual(['SOL-USDT-SWAP'])
    expect(refused['SOL-USDT-261225']).toContain('are taken for its swap')
    expect(Object.keys(importedFrom('okx', [data(SOL), data([future])]).rules)).toEqual(['SOL-USDT-261225'])
  })

  it('whose rates fall or whose rate reaches the initial margin are refused', () => {
    const falling = [tier('SOL-USDT', '500', '0.015', '50'), tier('SOL-USDT', '1000', '0.01', '40', '501')]
    expect(importedFrom('okx', [data(falling), data([swap])]).refused['SOL-USDT-SWAP']).toBe(
      'tiers[1].maintenanceMarginRate of SOL-USDT-SWAP is 0.01, it must not be below the rate before it, 0.015',
    )
    const high = [tier('SOL-USDT', '500', '0.02', '50')]
    expect(importedFrom('okx', [data(high), data([swap])]).refused['SOL-USDT-SWAP']).toContain(
      'not below 1/50',
    )
  })
})

it('instruments of OKX without tiers are refused, naming the family to ask for', () => {
  expect(importedFrom('okx', [data([swap])]).refused).toEqual({
    'SOL-USDT-SWAP':
      'its tiers are missing: add the body of /api/v5/public/position-tiers of instFamily SOL-USDT',
  })
})

it('an inverse instrument of OKX counts dollars and settles in its coin', () => {
  const inverse = {
    ...swap,
    instId: 'ETH-USD-SWAP',
    instFamily: 'ETH-USD',
    ctType: 'inverse',
    ctVal: '10',
    ctMult: '1',
    settleCcy: 'ETH',
  }
  const { rules } = importedFrom('okx', [data([tier('ETH-USD', '100', '0.005', '100')]), data([inverse])])
  expect(rules['ETH-USD-SWAP']).toMatchObject({
    contribution: 'inverse',
    multiplier: '10',
    settlementAsset: 'ETH',
  })
})
