import { describe, expect, it } from 'vitest'
import { NO_CAP } from '../../../src/domain/index.ts'
import { parseVenueId, ruleBookOf } from '../../../src/venues/index.ts'
import { collateralFrom, HOSTILE, leavesOf, withLeaf } from './support.ts'

const MULTI_ASSET = { basis: 'coin', poolKind: 'multi-asset', asOf: '2026-08-01' }

const bybitTier = (minQty: string, maxQty: string, collateralRatio: string) => ({
  minQty,
  maxQty,
  collateralRatio,
})
const BYBIT = {
  currency: 'BTC',
  collateralRatioList: [bybitTier('1000000', '', '0'), bybitTier('0', '1000000', '0.85')],
}
const OKX = {
  amt: '0',
  ccy: 'BTC',
  details: [
    { discountRate: '0.98', liqPenaltyRate: '0.02', maxAmt: '20', minAmt: '0', tier: '1', disCcyEq: '1000' },
    {
      discountRate: '0.9775',
      liqPenaltyRate: '0.0225',
      maxAmt: '25',
      minAmt: '20',
      tier: '2',
      disCcyEq: '2000',
    },
  ],
  minDiscountRate: '0',
}
const BINANCE = {
  symbol: 'ADAUSD',
  index: '1.92957370',
  bidBuffer: '0.10000000',
  askBuffer: '0.10000000',
  bidRate: '1.73661633',
  askRate: '2.12253107',
}
const KRAKEN = {
  type: 'multiCollateralMarginAccount',
  currencies: {
    XBT: { quantity: 0.1185308247, value: 4998.721054420551, collateralValue: 4886.49976674881 },
  },
}

const BODIES: Readonly<Record<string, object>> = {
  bybit: BYBIT,
  okx: OKX,
  binance: BINANCE,
  kraken: KRAKEN,
}

describe('collateral of a venue', () => {
  it('Bybit: tiers in coin, of which an empty bound is none', () => {
    const { collateral, refused } = collateralFrom('bybit', [{ result: { list: [BYBIT] } }])
    expect(refused).toEqual({})
    expect(collateral.BTC).toMatchObject({
      ...MULTI_ASSET,
      source: '/v5/spot-margin-trade/collateral',
      tiers: [
        { cap: '1000000', ratio: '0.85' },
        { cap: NO_CAP, ratio: '0' },
      ],
      discounts: 'wallet',
      liabilityMaintenanceRate: null,
    })
  })

  it.each([
    { marginCollateral: true, collateralSwitch: false },
    { marginCollateral: false, collateralSwitch: true },
  ])('Bybit: an asset that is switched off (%j) counts as nothing', (flags) => {
    const { collateral } = collateralFrom('bybit', [BYBIT, { currency: 'BTC', ...flags }])
    expect(collateral.BTC!.tiers).toEqual([{ cap: NO_CAP, ratio: '0' }])
    const on = { currency: 'BTC', marginCollateral: true, collateralSwitch: true }
    expect(collateralFrom('bybit', [BYBIT, on]).collateral.BTC!.tiers).toHaveLength(2)
  })

  it('Bybit: the collateral of an account without tiers is refused, and says which body to add', () => {
    const info = { currency: 'BTC', marginCollateral: true, collateralSwitch: true, collateralRatio: '0.95' }
    expect(collateralFrom('bybit', [info])).toMatchObject({
      collateral: {},
      refused: {
        'collateralRules.BTC': 'its tiers are missing: add the body of /v5/spot-margin-trade/collateral',
      },
    })
  })

  it('OKX: discount tiers in coin; above the last the least rate holds', () => {
    expect(collateralFrom('okx', [{ code: '0', data: [OKX] }]).collateral.BTC).toMatchObject({
      ...MULTI_ASSET,
      tiers: [
        { cap: '20', ratio: '0.98' },
        { cap: '25', ratio: '0.9775' },
        { cap: NO_CAP, ratio: '0' },
      ],
      discounts: 'equity',
      liabilityMaintenanceRate: null,
    })
  })

  it('OKX: tiers that end, without the rate above them, are refused', () => {
    const { minDiscountRate: _, ...endless } = OKX
    expect(collateralFrom('okx', [endless]).refused).toEqual({
      'collateralRules.BTC': 'its last tier ends at 25: what counts above it is not stated',
    })
  })

  it('OKX: an older body without details is refused, since its unit is not known', () => {
    const older = { ccy: 'BTC', discountInfo: [{ discountRate: '1', maxAmt: '5000000', minAmt: '0' }] }
    expect(collateralFrom('okx', [older]).refused).toEqual({
      'collateralRules.BTC': 'it states discountInfo without details: the unit of its tiers is not known',
    })
  })

  it('Binance: bid and ask side of the asset index, as its worked example prints them', () => {
    const { ADA } = collateralFrom('binance', [[BINANCE]]).collateral
    expect(ADA).toMatchObject({
      ...MULTI_ASSET,
      tiers: [{ cap: NO_CAP, ratio: '0.9' }],
      liabilityRatio: '1.1',
      liabilityMaintenanceRate: '0',
      discounts: 'equity',
    })
    const [bid, ask] = [ADA!.tiers[0]!.ratio, ADA!.liabilityRatio].map(
      (ratio) => Number(ratio) * Number(BINANCE.index),
    )
    expect(bid).toBeCloseTo(Number(BINANCE.bidRate), 7)
    expect(ask).toBeCloseTo(Number(BINANCE.askRate), 7)
  })

  it('Binance: the ratios of cross margin, which do not decide its liquidation, are refused', () => {
    const ratios = [{ collaterals: [{ minUsdValue: '0', discountRate: '1' }], assetNames: ['BTC', 'ADA'] }]
    const { collateral, refused } = collateralFrom('binance', [ratios, [BINANCE]])
    expect(Object.keys(collateral)).toEqual(['ADA'])
    expect(refused).toEqual({
      'collateralRules.BTC': expect.stringContaining('does not say when cross margin is liquidated'),
    })
  })

  it('Kraken: the ratio of the multi-collateral wallet, haircut and conversion fee together', () => {
    const { XBT } = collateralFrom('kraken', [{ accounts: { flex: KRAKEN } }]).collateral
    expect(XBT).toMatchObject({
      ...MULTI_ASSET,
      tiers: [{ cap: NO_CAP, ratio: '0.97755' }],
      discounts: 'wallet',
    })
  })

  it('Kraken: an empty balance states no ratio', () => {
    const empty = { ...KRAKEN, currencies: { XBT: { quantity: 0, value: 0, collateralValue: 0 } } }
    expect(collateralFrom('kraken', [empty]).refused).toEqual({
      'collateralRules.XBT': expect.stringContaining('value is "0": must be a number above zero'),
    })
  })

  it('Kraken: a balance that is printed with too few digits states no ratio', () => {
    const walletOf = (value: number, collateralValue: number) => ({
      ...KRAKEN,
      currencies: { XBT: { quantity: 1, value, collateralValue } },
    })
    for (const [value, counted] of [
      [0.01, 0.01],
      [1.2, 1.1],
      [99.99, 97.5],
    ] as const) {
      expect(collateralFrom('kraken', [walletOf(value, counted)])).toEqual({
        collateral: {},
        refused: {
          'collateralRules.XBT': `value is ${value} and collateralValue is ${counted}: too few digits for a ratio to 0.0001; give a body with a larger balance, or state the ratio in the rules file`,
        },
      })
    }
    for (const [value, counted] of [
      [100, 97.5],
      [0.0123456, 0.0120369],
    ] as const) {
      expect(collateralFrom('kraken', [walletOf(value, counted)]).refused).toEqual({})
    }
  })

  it('that two bodies state differently is refused', () => {
    const other = { ...BINANCE, bidBuffer: '0.2' }
    expect(collateralFrom('binance', [BINANCE, other])).toMatchObject({
      collateral: {},
      refused: { 'collateralRules.ADA': 'the bodies state it twice with different rules' },
    })
    expect(Object.keys(collateralFrom('binance', [BINANCE, BINANCE]).collateral)).toEqual(['ADA'])
  })

  it.each([
    ['a gap', [bybitTier('0', '10', '0.9'), bybitTier('20', '', '0')], /a gap between 10 and 20/],
    ['an overlap', [bybitTier('0', '10', '0.9'), bybitTier('5', '', '0')], /overlap/],
    ['no tier from 0', [bybitTier('5', '', '0.9')], /must begin at 0/],
    ['a ratio that rises', [bybitTier('0', '10', '0.5'), bybitTier('10', '', '0.9')], /must not be above/],
    ['a ratio above 1', [bybitTier('0', '', '95')], /at most 1/],
    ['no tiers', [], /tiers are missing/],
    ['a tier that is no object', ['0.9'], /not an object/],
  ])('with %s is refused', (_, collateralRatioList, reason) => {
    const { collateral, refused } = collateralFrom('bybit', [{ currency: 'BTC', collateralRatioList }])
    expect(collateral).toEqual({})
    expect(refused).toEqual({ 'collateralRules.BTC': expect.stringMatching(reason) })
  })

  it.each(Object.entries(BODIES))(
    'of %s is taken or refused by name, whatever a field holds',
    (venue, body) => {
      expect(collateralFrom(venue, [body]).refused).toEqual({})
      for (const path of leavesOf(body)) {
        for (const leaf of HOSTILE) {
          const named = `${path.join('.')} is ${JSON.stringify(leaf)}`
          const { collateral, refused } = collateralFrom(venue, [withLeaf(body, path, leaf)])
          const count = Object.keys(collateral).length + Object.keys(refused).length
          // An object that is not of the kind any more is passed over.
          if (path.join('.') !== 'type') expect(count, named).toBe(1)
          for (const { tiers } of Object.values(collateral)) {
            for (const { ratio } of tiers) expect(Number(ratio), named).toBeLessThanOrEqual(1)
          }
        }
      }
    },
  )
})

it('the book of Binance holds the ratios of 2022, with their day and source, for multi-asset pools', () => {
  const book = ruleBookOf(parseVenueId('binance'))
  expect([...book.collateralAssets!()]).toHaveLength(9)
  expect(book.collateralOf!('SOL', 'multi-asset')).toMatchObject({
    tiers: [{ cap: NO_CAP, ratio: '0.9' }],
    liabilityRatio: '1.1',
    poolKind: 'multi-asset',
    asOf: '2022-01-01',
    source: expect.stringContaining('FAQ of 2022'),
    assumptions: [expect.stringContaining('ask buffers')],
  })
  expect(book.collateralOf!('DOGE', 'multi-asset')).toBeUndefined()
})
