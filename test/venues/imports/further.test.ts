import { describe, expect, it } from 'vitest'
import { importedFrom } from './support.ts'

describe('meta of Hyperliquid', () => {
  const meta = {
    universe: [
      { name: 'BTC', szDecimals: 5, maxLeverage: 40, marginTableId: 56 },
      { name: 'DYDX', szDecimals: 1, maxLeverage: 5, marginTableId: 5 },
      { name: 'HPOS', szDecimals: 0, maxLeverage: 3, onlyIsolated: true },
      { name: 'OLD', szDecimals: 0, maxLeverage: 3, isDelisted: true },
      { name: 'LOST', szDecimals: 0, maxLeverage: 10, marginTableId: 77 },
    ],
    marginTables: [
      [
        56,
        {
          description: 'tiered 40x',
          marginTiers: [
            { lowerBound: '0.0', maxLeverage: 40 },
            { lowerBound: '150000000.0', maxLeverage: 20 },
          ],
        },
      ],
    ],
  }

  it('becomes marginal tiers at half of the initial rate; the deduction of 150 million is 1,875,000', () => {
    expect(importedFrom('hyperliquid', [meta]).rules.BTC).toEqual({
      baseAsset: 'BTC',
      contribution: 'linear',
      multiplier: '1',
      settlementAsset: 'USDC',
      takerFeeRate: '0.00045',
      asOf: '2026-08-01',
      maintenance: {
        kind: 'marginal-tiers',
        basis: 'notional',
        tiers: [
          { cap: '150000000', maintenanceMarginRate: '0.0125', maxLeverage: '40', maintenanceDeduction: '0' },
          {
            cap: '9223372036854775807',
            maintenanceMarginRate: '0.025',
            maxLeverage: '20',
            maintenanceDeduction: '1875000',
          },
        ],
      },
      maintenanceShare: '1/2',
      closingFee: 'none',
      liquidation: 'passed',
    })
  })

  it('takes a table below 50 as a leverage, and a rate that does not end as a fraction', () => {
    const { rules } = importedFrom('hyperliquid', [meta])
    expect(rules.DYDX).toMatchObject({ maintenance: { tiers: [{ maintenanceMarginRate: '0.1' }] } })
    expect(rules.HPOS).toMatchObject({ maintenance: { tiers: [{ maintenanceMarginRate: '1/6' }] } })
  })

  it('takes a table of the body whatever its number is, and refuses a number below 50 that is another leverage', () => {
    const universe = [
      { name: 'BTC', szDecimals: 5, maxLeverage: 40, marginTableId: 1 },
      { name: 'ETH', szDecimals: 4, maxLeverage: 25, marginTableId: 2 },
    ]
    const marginTables = [[1, { marginTiers: [{ lowerBound: '0', maxLeverage: 40 }] }]]
    const { rules, refused } = importedFrom('hyperliquid', [{ universe, marginTables }])
    expect(rules.BTC).toMatchObject({ maintenance: { tiers: [{ maintenanceMarginRate: '0.0125' }] } })
    expect(refused).toEqual({
      ETH: 'its margin table 2 stands for a leverage of 2, but its maxLeverage is 25',
    })
  })

  it('refuses what is delisted and what has a table that the body lacks', () => {
    expect(importedFrom('hyperliquid', [meta]).refused).toEqual({
      OLD: 'the venue does not list it any more',
      LOST: 'its margin table 77 is not in the body',
    })
  })

  it('says of a coin whose margin table the body does not name that its tiers by size are not known', () => {
    const universe = [
      { name: 'BTC', szDecimals: 5, maxLeverage: 40 },
      { name: 'DYDX', szDecimals: 1, maxLeverage: 5, marginTableId: 5 },
    ]
    const { rules } = importedFrom('hyperliquid', [{ universe }])
    expect(rules.BTC!.assumptions).toEqual([
      'the body names no margin table: one tier at maxLeverage 40 for every size; a larger position may be asked for more',
    ])
    expect(rules.DYDX!.assumptions).toBeUndefined()
  })

  it('of exchanges of builders names the coin with its exchange and settles in their token', () => {
    const builder = (collateralToken: number, name: string) => ({
      collateralToken,
      marginTables: [],
      universe: [{ name, szDecimals: 3, maxLeverage: 20 }],
    })
    const body = [meta, builder(360, 'km:US500'), builder(999, 'new:GOLD')]
    const { rules, refused } = importedFrom('hyperliquid', [body])
    expect(rules['km:US500']).toMatchObject({ settlementAsset: 'USDH' })
    expect(refused['new:GOLD']).toContain('token 999')
    const spotMeta = {
      tokens: [{ name: 'GUSD', index: 999, tokenId: '0xab' }],
      universe: [{ name: '@1', index: 1 }],
    }
    expect(importedFrom('hyperliquid', [body, spotMeta]).rules['new:GOLD']).toMatchObject({
      settlementAsset: 'GUSD',
    })
  })

  it('says of which coins no wallet backs a position, and refuses a margin mode that it does not know', () => {
    const coin = (name: string, more: object) => ({ name, szDecimals: 0, maxLeverage: 3, ...more })
    const universe = [
      coin('A', {}),
      coin('B', { onlyIsolated: null, marginMode: null }),
      coin('C', { onlyIsolated: false, marginMode: 'normal' }),
      coin('D', { onlyIsolated: true }),
      coin('E', { marginMode: 'noCross' }),
      coin('F', { onlyIsolated: true, marginMode: 'strictIsolated' }),
      coin('G', { marginMode: 'portfolio' }),
      coin('H', { onlyIsolated: 'yes' }),
    ]
    const { rules, refused } = importedFrom('hyperliquid', [{ universe }])
    const said = Object.entries(rules).map(([symbol, { onlyIsolated }]) => [symbol, onlyIsolated])
    expect(said).toEqual([
      ['A', undefined],
      ['B', undefined],
      ['C', undefined],
      ['D', true],
      ['E', true],
      ['F', true],
    ])
    expect(refused).toEqual({
      G: 'marginMode is "portfolio": must be normal, noCross or strictIsolated',
      H: 'onlyIsolated is "yes": must be true or false',
    })
  })

  // Body of mainnet, 19 July 2026: contracts of a builder may only be isolated unless it lets wallets back them, and those bear both fields.
  it('lets a wallet back a contract of a builder that states no margin mode, as the venue does', () => {
    const coin = (name: string, more: object) => ({ name, szDecimals: 3, maxLeverage: 10, ...more })
    const universe = [
      coin('xyz:TSLA', { growthMode: 'enabled' }),
      coin('xyz:HOOD', { onlyIsolated: true, marginMode: 'noCross' }),
    ]
    const { rules } = importedFrom('hyperliquid', [{ universe, collateralToken: 0 }])
    expect([rules['xyz:TSLA']!.onlyIsolated, rules['xyz:HOOD']!.onlyIsolated]).toEqual([undefined, true])
  })

  it('is read with the contexts of the assets beside it', () => {
    expect(Object.keys(importedFrom('hyperliquid', [[meta, [{ markPx: '1', funding: '0' }]]]).rules)).toEqual(
      ['BTC', 'DYDX', 'HPOS'],
    )
  })
})

describe('markets of dYdX', () => {
  const sol = {
    ticker: 'SOL-USD',
    status: 'ACTIVE',
    initialMarginFraction: '0.05',
    maintenanceMarginFraction: '0.03',
    openInterest: '1000.5',
    openInterestLowerCap: '40000000',
    openInterestUpperCap: '100000000',
  }

  it('keep both fractions of the chain, with an initial margin that follows the open interest', () => {
    const { rules } = importedFrom('dydx', [{ markets: { 'SOL-USD': sol } }])
    expect(rules['SOL-USD']).toMatchObject({
      settlementAsset: 'USDC',
      maintenance: { kind: 'initial-share', initialRate: '0.05', share: '0.6' },
      initial: {
        kind: 'open-interest',
        rate: '0.05',
        lowerCap: '40000000',
        upperCap: '100000000',
        openInterest: '1000.5',
      },
      rounding: { unit: '0.000001', per: 'position' },
      closingFee: 'none',
      liquidation: 'passed',
    })
  })

  it('that are settled for good are refused, and so is a maintenance rate that reaches the initial one', () => {
    const markets = {
      a: { ...sol, ticker: 'A-USD', status: 'FINAL_SETTLEMENT' },
      b: { ...sol, ticker: 'B-USD', maintenanceMarginFraction: '0.05' },
    }
    const { rules, refused } = importedFrom('dydx', [{ markets }])
    expect(rules).toEqual({})
    expect(refused['A-USD']).toBe('the venue is settling it for good')
    expect(refused['B-USD']).toBe('the maintenance margin rate 0.05 is not below the initial one, 0.05')
  })

  it('of the type ISOLATED have positions in subaccounts of their own; another type than it and CROSS is refused', () => {
    const market = (ticker: string, marketType?: unknown) => [ticker, { ...sol, ticker, marketType }]
    const markets = Object.fromEntries([
      market('A-USD'),
      market('B-USD', 'CROSS'),
      market('C-USD', 'ISOLATED'),
      market('D-USD', 'PERPETUAL_MARKET_TYPE_ISOLATED'),
      market('E-USD', 'SHARED'),
    ])
    const { rules, refused } = importedFrom('dydx', [{ markets }])
    const said = Object.entries(rules).map(([symbol, { onlyIsolated }]) => [symbol, onlyIsolated])
    expect(said).toEqual([
      ['A-USD', undefined],
      ['B-USD', undefined],
      ['C-USD', true],
      ['D-USD', true],
    ])
    expect(refused).toEqual({ 'E-USD': 'marketType is "SHARED": must be CROSS or ISOLATED' })
  })

  it('with an address in their name are refused, because no symbol may hold commas', () => {
    const ticker = 'BUFFI,uniswap_v3,0x4c1b1302220d7de5c22b495e78b72f2dd2457d45-USD'
    const { refused } = importedFrom('dydx', [{ markets: { [ticker]: { ...sol, ticker } } }])
    expect(refused[ticker]).toContain('must be a venue symbol')
  })
})

describe('instruments of BitMEX', () => {
  const perpetual = {
    symbol: 'XBTUSD',
    underlying: 'XBT',
    typ: 'FFWCSX',
    settlCurrency: 'XBt',
    multiplier: -100000000,
    lotSize: 100,
    isInverse: true,
    isQuanto: false,
    initMargin: 0.01,
    maintMargin: 0.0035,
    riskLimit: 20000000000,
    riskStep: 10000000000,
    takerFee: 0.00075,
  }
  const { rules, refused } = importedFrom('bitmex', [
    [
      perpetual,
      { ...perpetual, symbol: 'ETHUSD', multiplier: 100, lotSize: 1, isInverse: false, isQuanto: true },
      { ...perpetual, symbol: 'ETHU26', typ: 'FFCCSX', multiplier: 1e8, isInverse: false },
      { ...perpetual, symbol: 'SOLUSDT', settlCurrency: 'USDt', multiplier: 10, isInverse: false },
      { ...perpetual, symbol: 'XBT_USDT', typ: 'IFXXXP' },
      { ...perpetual, symbol: 'ODDEUR', settlCurrency: 'EURc' },
      { ...perpetual, symbol: 'EQUAL', maintMargin: 0.01 },
    ],
  ])

  it('become whole tiers in the settlement asset: each step adds the base rate', () => {
    const { maintenance, ...terms } = rules.XBTUSD!
    expect(terms).toEqual({
      baseAsset: 'XBT',
      contribution: 'inverse',
      multiplier: '1',
      settlementAsset: 'XBT',
      takerFeeRate: '0.00075',
      asOf: '2026-08-01',
      maintenancePrice: 'entry',
      fundingInMaintenance: true,
      rounding: { unit: '0.00000001', per: 'lot', lotSize: '100' },
      closingFee: 'at-cost',
      liquidation: 'reached',
      assumptions: [
        'the risk limit follows the value of the position; an account that chose a higher one is asked for more',
      ],
    })
    expect(maintenance).toMatchObject({ kind: 'whole-tiers', basis: 'coin' })
    expect((maintenance as { tiers: unknown[] }).tiers.slice(0, 3)).toEqual([
      { cap: '200', maintenanceMarginRate: '0.0035', maxLeverage: '100' },
      { cap: '300', maintenanceMarginRate: '0.007', maxLeverage: '74.07' },
      { cap: '400', maintenanceMarginRate: '0.0105', maxLeverage: '58.82' },
    ])
  })

  it('count in settlement units a contract and a unit of price', () => {
    expect(rules.ETHUSD).toMatchObject({
      contribution: 'quanto',
      multiplier: '0.000001',
      maintenance: { basis: 'notional' },
    })
    expect(rules.ETHU26).toMatchObject({ contribution: 'linear', multiplier: '1', settlementAsset: 'XBT' })
    expect(rules.SOLUSDT).toMatchObject({
      multiplier: '0.00001',
      settlementAsset: 'USDT',
      rounding: { unit: '0.000001' },
    })
  })

  it('count funding in the maintenance margin of a perpetual alone', () => {
    expect(rules.ETHU26).not.toHaveProperty('fundingInMaintenance')
  })

  it('are refused by name where they are no contracts, or settle in an unknown unit, or contradict themselves', () => {
    expect(refused).toEqual({
      XBT_USDT: 'its typ is IFXXXP, a spot pair',
      ODDEUR: 'it settles in EURc, whose scale is not known: add the body of /api/v1/wallet/assets',
      EQUAL: 'maintMargin must be above zero and below initMargin',
    })
  })

  it('settle in any asset whose scale is beside them', () => {
    const assets = [{ asset: 'EUR', currency: 'EURc', scale: 2 }]
    const body = [{ ...perpetual, symbol: 'XBTEUR', settlCurrency: 'EURc', isInverse: false, multiplier: 5 }]
    expect(importedFrom('bitmex', [body, assets]).rules.XBTEUR).toMatchObject({
      settlementAsset: 'EUR',
      multiplier: '0.05',
    })
  })
})

describe('instruments of Deribit', () => {
  const future = {
    instrument_name: 'BTC-PERPETUAL',
    kind: 'future',
    base_currency: 'BTC',
    quote_currency: 'USD',
    settlement_currency: 'BTC',
    taker_commission: 0.0005,
  }
  const option = {
    ...future,
    instrument_name: 'BTC-25DEC26-100000-C',
    kind: 'option',
    quote_currency: 'BTC',
    option_type: 'call',
    strike: 100000.0,
    taker_commission: 0.0003,
  }

  it('that are futures get the rates of their coin on the day', () => {
    expect(importedFrom('deribit', [future]).rules['BTC-PERPETUAL']).toEqual({
      baseAsset: 'BTC',
      contribution: 'inverse',
      settlementAsset: 'BTC',
      takerFeeRate: '0.0005',
      asOf: '2026-08-01',
      multiplier: '1',
      maintenance: { kind: 'size-rate', base: '0.01', increment: '0.00005' },
      initial: { kind: 'size-rate', base: '0.02', increment: '0.00005' },
      closingFee: 'none',
      liquidation: 'passed',
    })
    const of2021 = importedFrom('deribit', [future], { asOf: '2021-07-22' }).rules['BTC-PERPETUAL']
    expect(of2021).toMatchObject({ maintenance: { base: '0.00525' }, initial: { base: '0.01' } })
    expect(
      importedFrom('deribit', [future], { asOf: '2026-08-05' }).rules['BTC-PERPETUAL']!.assumptions,
    ).toEqual([
      'the rates are those before 5 August 2026, when the venue announced another standard margin model without its figures',
    ])
  })

  it('that are linear settle in their quote currency', () => {
    const linear = {
      ...future,
      instrument_name: 'SOL_USDC-PERPETUAL',
      base_currency: 'SOL',
      quote_currency: 'USDC',
      settlement_currency: 'USDC',
    }
    expect(importedFrom('deribit', [linear]).rules['SOL_USDC-PERPETUAL']).toMatchObject({
      contribution: 'linear',
      settlementAsset: 'USDC',
      maintenance: { base: '0.02', increment: '0.000005' },
    })
  })

  it('that are options have their terms, and the future of their expiry as underlying if it is listed', () => {
    const listed = { ...future, instrument_name: 'BTC-25DEC26' }
    const { rules } = importedFrom('deribit', [[option, listed]])
    expect(rules['BTC-25DEC26-100000-C']).toMatchObject({
      contribution: 'option',
      settlementAsset: 'BTC',
      maintenance: {
        kind: 'option-standard',
        maintenanceRate: '0.075',
        initialRate: '0.15',
        initialRateMin: '0.1',
      },
      option: {
        type: 'call',
        strike: '100000',
        underlying: 'BTC-25DEC26',
        pricedIn: 'coin',
        takerFeeCap: '0.125',
      },
    })
    expect(rules['BTC-25DEC26-100000-C']).not.toHaveProperty('assumptions')
    const linear = {
      ...option,
      instrument_name: 'BTC_USDC-25DEC26-100000-C',
      quote_currency: 'USDC',
      settlement_currency: 'USDC',
    }
    const { taker_commission: _, ...unstated } = linear
    const pricedInUsdc = [linear, unstated].map((body) => importedFrom('deribit', [body]).rules)
    expect(pricedInUsdc.map((own) => own['BTC_USDC-25DEC26-100000-C'])).toMatchObject([
      { takerFeeRate: '0.0003', option: { pricedIn: 'quote' } },
      { takerFeeRate: '0.0005', option: { pricedIn: 'quote' } },
    ])
    const alone = importedFrom('deribit', [option]).rules['BTC-25DEC26-100000-C']!
    expect(alone.option!.underlying).toBe('BTC-PERPETUAL')
    expect(alone.assumptions).toEqual([
      'its underlying is a future of its expiry, which is not listed; the mark of BTC-PERPETUAL is used',
    ])
  })

  it('that are linear options of coins with a contract of several say so: a unit of size is one coin', () => {
    const of = (contract_size: number) => {
      const name = 'SOL_USDC-25DEC26-250-C'
      const usdc = { quote_currency: 'USDC', settlement_currency: 'USDC' }
      const body = {
        ...option,
        ...usdc,
        instrument_name: name,
        base_currency: 'SOL',
        strike: 250,
        contract_size,
      }
      return importedFrom('deribit', [body]).rules[name]!
    }
    expect(of(10)).toMatchObject({ multiplier: '1' })
    expect(of(10).assumptions).toContain(
      'a unit of size is one SOL, as amount and size of the interface count; a contract is 10 SOL',
    )
    expect(of(1).assumptions!.join()).not.toContain('a unit of size')
  })

  it('that are not active are refused by name, and those that expired before the day, unless the venue calls them active', () => {
    const dated = { ...future, instrument_name: 'BTC-25SEP20' }
    const expiry = Date.parse('2020-09-25T08:00:00Z')
    const read = (more: object, asOf = '2026-08-01') =>
      importedFrom('deribit', [{ ...dated, ...more }], { asOf }).refused['BTC-25SEP20']
    expect(read({ is_active: false })).toBe('is_active is false: it is no longer traded')
    expect(read({ is_active: false, expiration_timestamp: expiry })).toContain('is_active is false')
    expect(read({ expiration_timestamp: expiry })).toBe('it expired on 2020-09-25, before 2026-08-01')
    expect(read({ expiration_timestamp: expiry, is_active: true })).toBeUndefined()
    expect(read({ expiration_timestamp: expiry }, '2020-09-25')).toBeUndefined()
    expect(read({ expiration_timestamp: 32503708800000 })).toBeUndefined()
  })

  it('that are combinations, spot pairs or of another coin are refused by name', () => {
    const body = [
      { ...future, instrument_name: 'BTC-FS-1', kind: 'future_combo' },
      { ...future, instrument_name: 'BTC_USDC', kind: 'spot' },
      { ...future, instrument_name: 'XRP_USDC-PERPETUAL', base_currency: 'XRP' },
    ]
    expect(importedFrom('deribit', [body])).toEqual({
      rules: {},
      refused: {
        'BTC-FS-1': 'it is a combination of futures; its legs are positions of their own',
        BTC_USDC: 'it is a spot pair, which has no margin',
        'XRP_USDC-PERPETUAL': 'the standard margin of XRP on 2026-08-01 is not known',
      },
    })
  })
})

describe('instruments of Kraken Futures', () => {
  const levels = (bound: string) => [
    { [bound]: 0, initialMargin: 0.02, maintenanceMargin: 0.01 },
    { [bound]: 500000, initialMargin: 0.04, maintenanceMargin: 0.02 },
  ]
  const inverse = {
    symbol: 'pi_xbtusd',
    type: 'futures_inverse',
    tickSize: 0.5,
    contractSize: 1,
    marginLevels: levels('contracts'),
  }
  const linear = {
    symbol: 'PF_AAPLxUSD',
    type: 'flexible_futures',
    tickSize: 1,
    contractSize: 1,
    marginLevels: levels('numNonContractUnits'),
  }

  it('become whole tiers from lower bounds, linear of the value at entry, inverse of the larger one', () => {
    const { rules } = importedFrom('kraken-futures', [{ result: 'success', instruments: [inverse, linear] }])
    expect(Object.keys(rules)).toEqual(['PI_XBTUSD', 'PF_AAPLxUSD'])
    expect(rules.PI_XBTUSD).toMatchObject({
      contribution: 'inverse',
      settlementAsset: 'XBT',
      maintenance: {
        kind: 'whole-tiers',
        basis: 'contracts',
        tiers: [
          { cap: '500000', maintenanceMarginRate: '0.01', maxLeverage: '50' },
          { cap: '9223372036854775807', maintenanceMarginRate: '0.02', maxLeverage: '25' },
        ],
      },
      maintenancePrice: 'larger',
      initial: { kind: 'multiple', factor: '2' },
    })
    expect(rules.PI_XBTUSD).not.toHaveProperty('nettingGroup')
    expect(rules.PF_AAPLxUSD).toMatchObject({
      contribution: 'linear',
      settlementAsset: 'USD',
      maintenance: { basis: 'notional' },
      maintenancePrice: 'entry',
      nettingGroup: 'AAPLx',
    })
  })

  it('that are indices, lack their levels or have another ratio of the rates are refused by name', () => {
    const body = [
      { symbol: 'in_xbtusd', type: 'spot index', underlying: 'x' },
      { ...linear, symbol: 'PF_XUSD', marginLevels: [] },
      {
        ...linear,
        symbol: 'PF_YUSD',
        marginLevels: [{ numNonContractUnits: 0, initialMargin: 0.02, maintenanceMargin: 0.015 }],
      },
    ]
    expect(importedFrom('kraken', [body]).refused).toEqual({
      IN_XBTUSD: 'its type is spot index; futures_inverse and flexible_futures are read',
      PF_XUSD: 'its marginLevels are missing, and it has no others',
      PF_YUSD: 'a level has the rates 0.02 and 0.015; the first must be 2 times the second',
    })
  })
})

describe('margin levels of Kraken Futures by kind of client', () => {
  const level = (initialMargin: number) => ({
    numNonContractUnits: 0,
    initialMargin,
    maintenanceMargin: initialMargin / 2,
  })
  const contract = { symbol: 'PF_SOLUSD', type: 'flexible_futures', tickSize: 0.01, contractSize: 1 }
  const PROFESSIONAL = [level(0.02)]
  const RETAIL = [level(0.1)]
  const read = (levels: object) => {
    const { rules, refused } = importedFrom('kraken', [{ instruments: [{ ...contract, ...levels }] }])
    const { maintenance, assumptions } = rules.PF_SOLUSD ?? {}
    return {
      rate: maintenance && (maintenance as { tiers: { maintenanceMarginRate: string }[] }).tiers[0],
      clients: assumptions?.filter((text) => text.includes('client')),
      refused: refused.PF_SOLUSD,
    }
  }
  const taken = (maintenanceMarginRate: string, ...clients: string[]) => ({
    rate: expect.objectContaining({ maintenanceMarginRate }),
    clients,
    refused: undefined,
  })

  it('are those of professional clients, which is said where others are asked for another margin', () => {
    const said =
      'the rates are those of marginLevels; clients of retailMarginLevels are asked for another margin'
    expect(read({ marginLevels: PROFESSIONAL, retailMarginLevels: RETAIL })).toEqual(taken('0.01', said))
    expect(read({ marginLevels: PROFESSIONAL, retailMarginLevels: PROFESSIONAL })).toEqual(taken('0.01'))
  })

  it('are those of retail clients where the body states no others', () => {
    const said = 'the rates are those of retailMarginLevels; the body states none of professional clients'
    expect(read({ retailMarginLevels: RETAIL })).toEqual(taken('0.05', said))
    expect(read({ marginLevels: [], retailMarginLevels: RETAIL })).toEqual(taken('0.05', said))
  })

  it('are read from the schedules of a platform where the body states them there alone', () => {
    const europa = { retail: RETAIL, professional: PROFESSIONAL }
    const other =
      'the rates are those of marginSchedules.europa.professional; clients of marginSchedules.europa.retail are asked for another margin'
    expect(read({ marginSchedules: { europa } })).toEqual(taken('0.01', other))
    const alone =
      'the rates are those of marginSchedules.europa.retail; the body states none of professional clients'
    expect(read({ marginSchedules: { europa: { retail: RETAIL } } })).toEqual(taken('0.05', alone))
  })

  it('are refused where two platforms ask the same clients for different margins', () => {
    const marginSchedules = { a: { retail: RETAIL }, b: { retail: PROFESSIONAL } }
    expect(read({ marginSchedules }).refused).toBe(
      'marginSchedules.a.retail and marginSchedules.b.retail differ, and it has no marginLevels',
    )
  })
})

describe('products of Coinbase', () => {
  const details = {
    contract_code: 'BIP',
    contract_size: '0.01',
    intraday_margin_rate: { long_margin_rate: '0.1000185', short_margin_rate: '0.1000008' },
    overnight_margin_rate: { long_margin_rate: '0.245625', short_margin_rate: '0.306375' },
  }
  const products = {
    products: [
      { product_id: 'BIP-20DEC30-CDE', future_product_details: details },
      { product_id: 'BTC-USD', product_type: 'SPOT' },
      {
        product_id: 'BIT-24APR26-CDE',
        future_product_details: { contract_code: 'BIT', contract_size: '0.01' },
      },
    ],
  }

  it('become rates by side, of the overnight window unless the other is asked for', () => {
    const { rules, refused } = importedFrom('coinbase', [products])
    expect(rules['BIP-20DEC30-CDE']).toMatchObject({
      multiplier: '0.01',
      settlementAsset: 'USD',
      maintenance: { kind: 'side-rates', long: '0.245625', short: '0.306375' },
      initial: { kind: 'side-rates', long: '0.245625', short: '0.306375' },
      assumptions: [
        'the maintenance margin is the initial one, since the venue does not publish its rate',
        'the rates are those of the overnight window',
      ],
    })
    expect(refused).toEqual({
      'BTC-USD': 'it has no future_product_details: it is not a future',
      'BIT-24APR26-CDE': 'its overnight_margin_rate is missing',
    })
    expect(
      importedFrom('coinbase', [products], { window: 'intraday' }).rules['BIP-20DEC30-CDE'],
    ).toMatchObject({
      maintenance: { long: '0.1000185', short: '0.1000008' },
    })
  })

  it('that are perpetuals of the International Exchange ask for two thirds of 1 / max_leverage', () => {
    const perpetual = {
      product_id: 'BTC-PERP-INTX',
      product_type: 'FUTURE',
      future_product_details: {
        venue: '',
        contract_code: '',
        contract_size: '1',
        contract_root_unit: 'BTC',
        risk_managed_by: 'MANAGED_BY_VENUE',
        contract_expiry_type: 'PERPETUAL',
        perpetual_details: { max_leverage: '20', funding_rate: '0.00001' },
      },
    }
    const { rules, refused } = importedFrom('coinbase', [{ products: [perpetual] }])
    expect(refused).toEqual({})
    expect(rules['BTC-PERP-INTX']).toMatchObject({
      baseAsset: 'BTC',
      settlementAsset: 'USDC',
      maintenance: { tiers: [{ maintenanceMarginRate: '1/30', maxLeverage: '20' }] },
      initial: { kind: 'rate', rate: '0.05' },
      liquidation: 'passed',
    })
    const { max_leverage: _, ...withoutLeverage } = perpetual.future_product_details.perpetual_details
    const future_product_details = {
      ...perpetual.future_product_details,
      perpetual_details: withoutLeverage,
    }
    expect(
      importedFrom('coinbase', [{ ...perpetual, future_product_details }]).refused['BTC-PERP-INTX'],
    ).toContain('max_leverage is missing')
  })

  it('of the International Exchange that are spot pairs are refused as such', () => {
    const pair = { symbol: 'BTC-USDC', type: 'SPOT', base_imf: '1' }
    expect(importedFrom('coinbase', [[pair]]).refused['BTC-USDC']).toBe('its type is SPOT; PERP is read')
  })

  it('of the International Exchange ask for two thirds of the base rate', () => {
    const { rules } = importedFrom('coinbase-intx', [[{ symbol: 'BTC-PERP', base_imf: '0.1' }]])
    expect(rules['BTC-PERP']).toMatchObject({
      settlementAsset: 'USDC',
      maintenance: { tiers: [{ maintenanceMarginRate: '1/15', maxLeverage: '10' }] },
      initial: { kind: 'rate', rate: '0.1' },
      liquidation: 'passed',
    })
  })
})
