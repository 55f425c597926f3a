import { describe, expect, it } from 'vitest'
import { HOSTILE, importedFrom, leavesOf, type Path, withLeaf } from './support.ts'

const BODIES: Readonly<Record<string, object>> = {
  bybit: {
    result: {
      list: [
        {
          id: 1,
          symbol: 'ZZUSDT',
          riskLimitValue: '1000',
          maintenanceMargin: '0.01',
          initialMargin: '0.02',
          maxLeverage: '50.00',
          mmDeduction: '0',
        },
      ],
    },
  },
  binance: [
    {
      symbol: 'ZZUSDT',
      notionalCoef: 1,
      brackets: [
        {
          bracket: 1,
          initialLeverage: 10,
          notionalCap: 1000,
          notionalFloor: 0,
          maintMarginRatio: 0.01,
          cum: 0,
        },
      ],
    },
  ],
  okx: {
    code: '0',
    data: [
      {
        instFamily: 'BTC-USDT',
        instId: '',
        tier: '1',
        minSz: '0',
        maxSz: '100',
        mmr: '0.004',
        imr: '0.01',
        maxLever: '100',
      },
      {
        instType: 'SWAP',
        instId: 'BTC-USDT-SWAP',
        instFamily: 'BTC-USDT',
        ctType: 'linear',
        ctVal: '0.01',
        ctMult: '1',
        settleCcy: 'USDT',
      },
    ],
  },
  bitmex: [
    {
      symbol: 'XBTUSD',
      typ: 'FFWCSX',
      rootSymbol: 'XBT',
      quoteCurrency: 'USD',
      settlCurrency: 'ZZt',
      isInverse: true,
      isQuanto: false,
      multiplier: -100000000,
      initMargin: 0.01,
      maintMargin: 0.005,
      takerFee: 0.0005,
      riskLimit: 20000000000,
      riskStep: 10000000000,
      lotSize: 100,
      underlying: 'XBT',
    },
    { asset: 'XBT', currency: 'ZZt', scale: 8 },
  ],
  deribit: {
    result: [
      {
        instrument_name: 'BTC-27DEC24-100000-C',
        kind: 'option',
        option_type: 'call',
        strike: 100000,
        base_currency: 'BTC',
        quote_currency: 'BTC',
        settlement_currency: 'BTC',
        taker_commission: 0.0003,
      },
      {
        instrument_name: 'BTC-PERPETUAL',
        kind: 'future',
        base_currency: 'BTC',
        quote_currency: 'USD',
        settlement_currency: 'BTC',
        taker_commission: 0.0005,
      },
    ],
  },
  kraken: {
    instruments: [
      {
        symbol: 'PF_ZZUSD',
        type: 'flexible_futures',
        contractSize: 1,
        marginLevels: [
          { numNonContractUnits: 0, initialMargin: 0.02, maintenanceMargin: 0.01 },
          { numNonContractUnits: 1000, initialMargin: 0.04, maintenanceMargin: 0.02 },
        ],
      },
    ],
  },
  hyperliquid: {
    universe: [
      { name: 'ZZ', szDecimals: 2, maxLeverage: 50, marginTableId: 77 },
      { name: 'YY', szDecimals: 2, maxLeverage: 3, marginTableId: 3 },
    ],
    marginTables: [
      [
        77,
        {
          description: '',
          marginTiers: [
            { lowerBound: '0.0', maxLeverage: 50 },
            { lowerBound: '100', maxLeverage: 3 },
          ],
        },
      ],
    ],
  },
  coinbase: [
    { symbol: 'ZZ-PERP', type: 'PERP', base_imf: '0.1' },
    {
      product_id: 'ZZ-20DEC30-CDE',
      future_product_details: {
        contract_code: 'ZZ',
        contract_size: '0.1',
        contract_root_unit: 'BTC',
        overnight_margin_rate: { long_margin_rate: '0.25', short_margin_rate: '0.3' },
      },
    },
  ],
  dydx: {
    markets: {
      'ZZ-USD': {
        ticker: 'ZZ-USD',
        status: 'ACTIVE',
        initialMarginFraction: '0.05',
        maintenanceMarginFraction: '0.03',
        openInterest: '1',
        openInterestLowerCap: '5',
        openInterestUpperCap: '10',
      },
    },
  },
}

describe('the import of a body', () => {
  it.each(Object.entries(BODIES))('of %s takes all of it as it is', (venue, body) => {
    const { rules, refused } = importedFrom(venue, [body])
    expect(refused).toEqual({})
    expect(Object.keys(rules).length).toBeGreaterThan(0)
  })

  it.each(Object.entries(BODIES))(
    'of %s ends at no value of no field: its symbol is refused',
    (venue, body) => {
      for (const path of leavesOf(body)) {
        for (const leaf of HOSTILE) {
          const read = () => importedFrom(venue, [withLeaf(body, path, leaf)])
          expect(read, `${path.join('.')} is ${JSON.stringify(leaf)}`).not.toThrow()
        }
      }
    },
  )

  it.each([
    ['kraken', ['instruments', 0, 'marginLevels', 0, 'maintenanceMargin'], '0'],
    ['hyperliquid', ['universe', 1, 'maxLeverage'], '0'],
    ['coinbase', [0, 'base_imf'], '0'],
    ['binance', [0, 'brackets', 0, 'notionalCap'], '1e308'],
    ['binance', [0, 'brackets', 0, 'maintMarginRatio'], '1e-300'],
    ['dydx', ['markets', 'ZZ-USD', 'initialMarginFraction'], '2'],
    ['okx', ['data', 0, 'minSz'], '5'],
    ['kraken', ['instruments', 0, 'marginLevels', 0, 'numNonContractUnits'], '10'],
    ['bybit', ['result', 'list', 0, 'maintenanceMargin'], '0'],
    ['binance', [0, 'brackets', 0, 'maintMarginRatio'], '0'],
    ['okx', ['data', 0, 'mmr'], '0'],
    ['bitmex', [0, 'maintMargin'], '0'],
    ['bitmex', [0, 'initMargin'], '1'],
    ['coinbase', [1, 'future_product_details', 'overnight_margin_rate', 'long_margin_rate'], '0'],
    ['coinbase', [1, 'future_product_details', 'overnight_margin_rate', 'short_margin_rate'], '0'],
    ['dydx', ['markets', 'ZZ-USD', 'maintenanceMarginFraction'], '0'],
    ['binance', [0, 'brackets', 0, 'notionalFloor'], '500'],
    ['okx', ['data', 0, 'imr'], '0.004'],
  ] as [string, Path, string][])('of %s refuses the symbol where %j is %s', (venue, path, leaf) => {
    const whole = importedFrom(venue, [BODIES[venue]])
    const { rules, refused } = importedFrom(venue, [withLeaf(BODIES[venue]!, path, leaf)])
    expect(Object.keys(rules).length).toBe(Object.keys(whole.rules).length - 1)
    expect(Object.values(refused)).toEqual([expect.stringMatching(/must|at most 1|more digits/)])
  })
})
