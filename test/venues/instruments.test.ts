import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type InstrumentList,
  type InstrumentPage,
  type StatedTerms,
  venueId,
} from '../../src/domain/index.ts'
import { instrumentsCarrying, VENUES } from '../../src/venues/index.ts'
import { sharedPath } from '../support/shared.ts'

const EXPIRY_MS = 1_790_000_000_000
const EXPIRY_ISO = new Date(EXPIRY_MS).toISOString()

function listOf(venue: string, symbol: string): InstrumentList {
  const list = instrumentsCarrying(venueId(venue), symbol, {})
  if (list === undefined) throw new Error(`${venue} has no list of ${symbol}`)
  return list
}

function parse(list: InstrumentList, body: string): InstrumentPage {
  const steps = list.parse(body)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

const NO_TERMS: StatedTerms = {
  contribution: undefined,
  multiplier: undefined,
  settlementAsset: undefined,
  tickSize: undefined,
}

interface Fixture {
  readonly venue: string
  readonly symbol: string
  readonly url: string
  /** An entry of that symbol, status and expiry; undefined: of what never ends. */
  readonly entry: (symbol: unknown, status: unknown, expiryMs: number | undefined) => object
  /** Whether its contracts expire, and entries state it in a field of their own; absent where they do. */
  readonly expires?: false | 'inside'
  /** Further fields of every entry, and the terms that they state. */
  readonly more: object
  readonly terms: Partial<StatedTerms>
  readonly body: (entries: readonly unknown[]) => object
  /** Words of the venue and what they mean. */
  readonly statuses: Readonly<Record<string, string>> | readonly (readonly [unknown, string])[]
  /** What the venue says in place of a list, and the refusal. */
  readonly objection?: readonly [object, RegExp]
}

const FIXTURES: Readonly<Record<string, Fixture>> = {
  'bybit linear': {
    more: { contractType: 'LinearPerpetual', settleCoin: 'USDT', priceFilter: { tickSize: '0.10' } },
    terms: { contribution: 'linear', settlementAsset: 'USDT', tickSize: '0.1' },
    venue: 'bybit',
    symbol: 'BTCUSDT',
    url: 'http://h/v5/market/instruments-info?category=linear&limit=500',
    entry: (symbol, status, expiryMs = 0) => ({ symbol, status, deliveryTime: String(expiryMs) }),
    body: (list) => ({ retCode: 0, retMsg: 'OK', result: { category: 'linear', list, nextPageCursor: '' } }),
    statuses: { PreLaunch: 'pre-launch', Trading: 'listed', Delivering: 'settling', Closed: 'closed' },
    objection: [
      { retCode: 10001, retMsg: 'params error', result: { list: [] } },
      /retCode is "10001": .*params error/,
    ],
  },
  'bybit inverse': {
    more: { contractType: 'InverseFutures', settleCoin: 'BTC' },
    terms: { contribution: 'inverse', settlementAsset: 'BTC' },
    venue: 'bybit',
    symbol: 'BTCUSDZ26',
    url: 'http://h/v5/market/instruments-info?category=inverse&limit=500',
    entry: (symbol, status, expiryMs = 0) => ({ symbol, status, deliveryTime: String(expiryMs) }),
    body: (list) => ({ retCode: 0, retMsg: 'OK', result: { list, nextPageCursor: null } }),
    statuses: { Trading: 'listed' },
  },
  'binance usdm': {
    more: { marginAsset: 'USDT', filters: [{ filterType: 'PRICE_FILTER', tickSize: '0.10' }] },
    terms: { contribution: 'linear', settlementAsset: 'USDT', tickSize: '0.1' },
    venue: 'binance',
    symbol: 'BTCUSDT_261225',
    url: 'http://h/fapi/v1/exchangeInfo',
    entry: (symbol, status, deliveryDate = 4_133_404_800_000) => ({ symbol, status, deliveryDate }),
    body: (symbols) => ({ rateLimits: [{ limit: 1 }], assets: [], symbols }),
    statuses: { PENDING_TRADING: 'pre-launch', TRADING: 'listed', SETTLING: 'settling', CLOSE: 'closed' },
    objection: [{ code: -1003, msg: 'Too many requests.' }, /symbols is .*must be a JSON list of contracts/],
  },
  'binance coinm': {
    more: { contractSize: 100, marginAsset: 'BTC' },
    terms: { contribution: 'inverse', multiplier: '100', settlementAsset: 'BTC' },
    venue: 'binance',
    symbol: 'BTCUSD_PERP',
    url: 'http://h/dapi/v1/exchangeInfo',
    entry: (symbol, contractStatus, deliveryDate = 4_133_404_800_000) => ({
      symbol,
      contractStatus,
      deliveryDate,
    }),
    body: (symbols) => ({ symbols }),
    statuses: { TRADING: 'listed', DELIVERING: 'settling', DELIVERED: 'closed' },
  },
  'okx swap': {
    more: { ctType: 'linear', ctVal: '0.01', ctMult: '1', settleCcy: 'USDT', tickSz: '0.1' },
    terms: { contribution: 'linear', multiplier: '0.01', settlementAsset: 'USDT', tickSize: '0.1' },
    venue: 'okx',
    symbol: 'BTC-USDT-SWAP',
    url: 'http://h/api/v5/public/instruments?instType=SWAP',
    entry: (instId, state, expiryMs) => ({
      instId,
      state,
      expTime: expiryMs === undefined ? '' : String(expiryMs),
    }),
    body: (data) => ({ code: '0', msg: '', data }),
    statuses: { live: 'listed', suspend: 'listed', preopen: 'pre-launch', expired: 'closed' },
    objection: [
      { code: '50011', msg: 'Too Many Requests', data: [] },
      /code is "50011": .*Too Many Requests/,
    ],
  },
  'okx futures': {
    more: { ctType: 'inverse', ctVal: '100', ctMult: '1', settleCcy: 'BTC', tickSz: '' },
    terms: { contribution: 'inverse', multiplier: '100', settlementAsset: 'BTC' },
    venue: 'okx',
    symbol: 'BTC-USD-261225',
    url: 'http://h/api/v5/public/instruments?instType=FUTURES',
    entry: (instId, state, expiryMs) => ({
      instId,
      state,
      expTime: expiryMs === undefined ? '' : String(expiryMs),
    }),
    body: (data) => ({ code: '0', data }),
    statuses: { live: 'listed' },
  },
  bitmex: {
    more: { typ: 'FFCCSX', settlCurrency: 'XBt', multiplier: -1e8, isInverse: true, tickSize: 0.5 },
    terms: { contribution: 'inverse', multiplier: '1', settlementAsset: 'XBT', tickSize: '0.5' },
    venue: 'bitmex',
    symbol: 'XBTZ26',
    url: 'http://h/api/v1/instrument/active',
    entry: (symbol, state, expiryMs) => ({
      symbol,
      state,
      expiry: expiryMs === undefined ? null : EXPIRY_ISO,
    }),
    body: (entries) => entries as object,
    statuses: { Open: 'listed', Closed: 'listed', Settled: 'closed', Unlisted: 'closed' },
    objection: [{ error: { name: 'HTTPError' } }, /the body is .*must be a JSON list of contracts/],
  },
  'deribit futures': {
    more: {
      kind: 'future',
      base_currency: 'BTC',
      quote_currency: 'USD',
      settlement_currency: 'BTC',
      tick_size: 2.5,
    },
    terms: { contribution: 'inverse', settlementAsset: 'BTC', tickSize: '2.5' },
    venue: 'deribit',
    symbol: 'BTC-25DEC26',
    url: 'http://h/api/v2/public/get_instruments?currency=any&kind=future&expired=false',
    entry: (instrument_name, is_active, expiration_timestamp = 32_503_708_800_000) => ({
      instrument_name,
      is_active,
      expiration_timestamp,
    }),
    body: (result) => ({ jsonrpc: '2.0', result }),
    statuses: [
      [true, 'listed'],
      [false, 'closed'],
    ],
    objection: [
      { error: { code: 10028, message: 'too_many_requests' }, result: [] },
      /error is "10028": .*too_many/,
    ],
  },
  'deribit options': {
    more: { kind: 'option', base_currency: 'BTC', quote_currency: 'BTC', tick_size: 0.0001 },
    terms: { contribution: 'option', settlementAsset: 'BTC', tickSize: '0.0001' },
    venue: 'deribit',
    symbol: 'BTC-25DEC26-100000-C',
    url: 'http://h/api/v2/public/get_instruments?currency=any&kind=option&expired=false',
    entry: (instrument_name, is_active, expiration_timestamp = 32_503_708_800_000) => ({
      instrument_name,
      is_active,
      expiration_timestamp,
    }),
    body: (result) => ({ jsonrpc: '2.0', result }),
    statuses: [[true, 'listed']],
  },
  kraken: {
    more: { type: 'flexible_futures', contractSize: 1, tickSize: 0.5 },
    terms: { contribution: 'linear', multiplier: '1', tickSize: '0.5' },
    venue: 'kraken',
    symbol: 'PF_XBTUSD',
    url: 'http://h/derivatives/api/v3/instruments',
    entry: (symbol, tradeable, expiryMs) => ({
      symbol,
      tradeable,
      ...(expiryMs === undefined ? {} : { lastTradingTime: EXPIRY_ISO }),
    }),
    body: (instruments) => ({ result: 'success', instruments }),
    statuses: [
      [true, 'listed'],
      [false, 'settling'],
    ],
    objection: [
      { result: 'error', error: 'apiLimitExceeded', instruments: [] },
      /result is "error": .*apiLimit/,
    ],
  },
  hyperliquid: {
    more: {},
    terms: { settlementAsset: 'USDC' },
    venue: 'hyperliquid',
    symbol: 'kPEPE',
    url: 'http://h/info',
    entry: (name, isDelisted) => ({ name, isDelisted, maxLeverage: 10 }),
    expires: false,
    body: (universe) => [{ universe, collateralToken: 0 }],
    statuses: [
      [null, 'listed'],
      [false, 'listed'],
      [true, 'closed'],
    ],
  },
  dydx: {
    more: { tickSize: '0.10' },
    terms: { tickSize: '0.1' },
    venue: 'dydx',
    symbol: 'BTC-USD',
    url: 'http://h/v4/perpetualMarkets',
    entry: (ticker, status) => ({ ticker, status }),
    expires: false,
    body: (entries) => ({ markets: Object.fromEntries(entries.map((entry, index) => [`M${index}`, entry])) }),
    statuses: { ACTIVE: 'listed', PAUSED: 'listed', INITIALIZING: 'pre-launch', FINAL_SETTLEMENT: 'closed' },
    objection: [{ errors: [{ msg: 'gone' }] }, /markets is .*must be a JSON list of contracts/],
  },
  'coinbase cfm': {
    more: { quote_currency_id: 'USD', price_increment: '5' },
    terms: { multiplier: '0.01', settlementAsset: 'USD', tickSize: '5' },
    venue: 'coinbase',
    symbol: 'BIT-25DEC26-CDE',
    url: 'http://h/api/v3/brokerage/market/products?product_type=FUTURE',
    entry: (product_id, is_disabled, expiryMs) => ({
      product_id,
      is_disabled,
      future_product_details: {
        contract_code: 'BIT',
        contract_size: '0.01',
        contract_expiry: expiryMs === undefined ? null : EXPIRY_ISO,
      },
    }),
    expires: 'inside',
    body: (products) => ({ products, num_products: 1, pagination: { has_next: false } }),
    statuses: [
      [false, 'listed'],
      [true, 'settling'],
    ],
    objection: [
      { products: [], pagination: { has_next: true, next_cursor: '' } },
      /pagination.next_cursor is "": must be a text where a further page follows/,
    ],
  },
}

describe.each(Object.entries(FIXTURES))('the list of contracts of %s', (_, fixture) => {
  const { venue, symbol, body, url, more } = fixture
  const terms = { ...NO_TERMS, ...fixture.terms }
  const expiryMs = fixture.expires === false ? undefined : EXPIRY_MS
  const entry: Fixture['entry'] = (...of) => ({ ...more, ...fixture.entry(...of) })
  const list = listOf(venue, symbol)
  const statuses: readonly (readonly [unknown, string])[] = Array.isArray(fixture.statuses)
    ? fixture.statuses
    : Object.entries(fixture.statuses)
  const word = statuses.find(([, meaning]) => meaning === 'listed')![0]
  const read = (...entries: readonly unknown[]) => parse(list, JSON.stringify(body(entries)))

  it('is asked for by its address', () => {
    expect(list.requestUrl('http://h', undefined)).toBe(url)
  })

  it('states status and expiry of each contract, and no expiry of what never ends', () => {
    for (const [stated, status] of statuses)
      expect(read(entry(symbol, stated, EXPIRY_MS)).contracts).toEqual([{ symbol, status, expiryMs, terms }])
    expect(read(entry(symbol, word, undefined))).toEqual({
      contracts: [{ symbol, status: 'listed', expiryMs: undefined, terms }],
      unreadable: [],
      cursor: undefined,
    })
  })

  it('loses no contract to an entry that cannot be read, and says what is wrong with it', () => {
    const bad = [
      entry(symbol, 'odd', EXPIRY_MS),
      entry(7, word, EXPIRY_MS),
      entry('', word, EXPIRY_MS),
      null,
      'text',
      ...(fixture.expires === undefined ? ['soon', 1e300] : []).map((time) => ({
        ...entry(symbol, word, undefined),
        ...expiryField(entry, time),
      })),
    ]
    const good = entry(symbol, word, EXPIRY_MS)
    const { contracts, unreadable } = read(...bad, good)
    expect(contracts).toEqual([{ symbol, status: 'listed', expiryMs, terms }])
    expect(unreadable.map((one) => one.symbol)).toEqual([
      symbol,
      undefined,
      undefined,
      undefined,
      undefined,
      ...(fixture.expires === undefined ? [symbol, symbol] : []),
    ])
    expect(unreadable[0]!.reason).toMatch(/\[0\]: \w+ is "odd": must be /)
    if (fixture.expires === undefined)
      expect(unreadable[5]!.reason).toMatch(/\[5\]: \w+ is "soon": must be Unix time in milliseconds/)
  })

  it('is refused where the body is no answer, or lists nothing', () => {
    const refusalOf = (text: string) => {
      try {
        parse(list, text)
      } catch (error) {
        return error
      }
      return undefined
    }
    const texts = [
      '',
      'null',
      '{}',
      '[',
      '<html>',
      '{"data":1}',
      JSON.stringify(body([])),
      JSON.stringify(body([])).slice(0, -1),
    ]
    for (const text of texts)
      expect(refusalOf(text), text).toMatchObject({ name: 'PlimsollError', code: 'INPUT_INVALID' })
    if (fixture.objection === undefined) return
    const [answer, message] = fixture.objection
    expect(refusalOf(JSON.stringify(answer))).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(message),
    })
  })

  it('refuses an entry that states its contract twice', () => {
    const text = JSON.stringify(body(['HERE'])).replace('"HERE"', twice(entry(symbol, word, EXPIRY_MS)))
    expect(parse(list, text)).toMatchObject({ contracts: [], unreadable: [{ symbol: undefined }] })
  })
})

/** The field in which an entry states its expiry, with that value. */
function expiryField(entry: Fixture['entry'], value: unknown): object {
  const [with_, without] = [entry('A', 'x', EXPIRY_MS), entry('A', 'x', undefined)] as Record<
    string,
    unknown
  >[]
  const field = Object.keys(with_!).find((name) => with_![name] !== without![name])!
  return { [field]: value }
}

function twice(entry: object): string {
  const text = JSON.stringify(entry)
  return `${text.slice(0, -1)},${text.slice(1)}`
}

describe('the terms of a contract in a list', () => {
  const termsIn = (name: string, changes: object) => {
    const { venue, symbol, entry, more, body } = FIXTURES[name]!
    const word = venue === 'kraken' || venue === 'deribit' ? true : venue === 'bitmex' ? 'Open' : 'live'
    const text = JSON.stringify(body([{ ...more, ...entry(symbol, word, undefined), ...changes }]))
    const { contracts, unreadable } = parse(listOf(venue, symbol), text)
    return contracts[0]?.terms ?? unreadable[0]!.reason
  }

  it('are none of a kind that is not judged', () => {
    expect(termsIn('bitmex', { typ: 'IFXXXP', tickSize: null })).toEqual(NO_TERMS)
    expect(termsIn('bitmex', { settlCurrency: 'BMEx', tickSize: null })).toEqual(NO_TERMS)
    expect(termsIn('kraken', { type: 'futures_vanilla', tickSize: null })).toEqual(NO_TERMS)
  })

  it('are those that are given as rules: dollars of OKX, quanto contracts, contracts in a dollar token', () => {
    expect(termsIn('okx swap', { settleCcy: 'USDⓈ' })).toMatchObject({ settlementAsset: 'USD' })
    expect(termsIn('okx swap', { ctVal: '10', ctMult: '0.1' })).toMatchObject({ multiplier: '1' })
    const quanto = { typ: 'FFWCSX', isInverse: false, isQuanto: true, multiplier: 100 }
    expect(termsIn('bitmex', quanto)).toMatchObject({ contribution: 'quanto', multiplier: '0.000001' })
    const linear = { quote_currency: 'USDC', settlement_currency: 'USDC' }
    expect(termsIn('deribit futures', linear)).toMatchObject({
      contribution: 'linear',
      settlementAsset: 'USDC',
    })
  })

  it('make an entry unreadable where they are stated and none', () => {
    expect(termsIn('okx swap', { ctVal: '' })).toMatch(/ctVal is "": must be a number above zero/)
    expect(termsIn('okx swap', { ctType: '' })).toMatch(/its ctType is : must be linear or inverse/)
    expect(termsIn('kraken', { contractSize: 0 })).toMatch(/contractSize is "0": must be a number above zero/)
    expect(termsIn('bitmex', { multiplier: 0 })).toMatch(/multiplier is 0/)
  })
})

describe('the list that holds a contract', () => {
  it('is asked for by a POST at Hyperliquid, over all exchanges, and has the asset of each', () => {
    const list = listOf('hyperliquid', 'km:US500')
    expect(list.requestBody).toBe('{"type":"allPerpMetas"}')
    const metas = [
      { universe: [{ name: 'BTC' }] },
      { universe: [{ name: 'km:US500' }], collateralToken: 360 },
      { universe: [{ name: 'xyz:GOLD' }], collateralToken: 99999 },
    ]
    const assets = parse(list, JSON.stringify(metas)).contracts.map(({ terms }) => terms.settlementAsset)
    expect(assets).toEqual(['USDC', 'USDH', undefined])
    expect(parse(list, '[{"universe":[{"name":"BTC"}]},{"universe":7}]').unreadable).toMatchObject([
      { symbol: undefined },
    ])
  })

  it('has no terms of perpetuals of the International exchange at Coinbase, whose names are others', () => {
    const product = {
      product_id: 'BTC-PERP-INTX',
      is_disabled: false,
      future_product_details: { contract_size: '1' },
    }
    const body = JSON.stringify({ products: [product], pagination: { has_next: true, next_cursor: 'x=' } })
    const { contracts, cursor } = parse(listOf('coinbase', 'BIT-25DEC26-CDE'), body)
    expect(contracts).toMatchObject([{ symbol: 'BTC-PERP-INTX', terms: NO_TERMS }])
    expect(cursor).toBe('x=')
    expect(instrumentsCarrying(venueId('coinbase'), 'BTC-PERP', {})).toBeUndefined()
  })

  it('has pages at Bybit', () => {
    const list = listOf('bybit', 'BTCUSDT')
    const body = { retCode: 0, result: { list: [{ symbol: 'A', status: 'x' }], nextPageCursor: 'a%3Db' } }
    expect(parse(list, JSON.stringify(body)).cursor).toBe('a%3Db')
    expect(list.requestUrl('http://h', 'a%3Db')).toBe(
      'http://h/v5/market/instruments-info?category=linear&limit=500&cursor=a%253Db',
    )
  })

  it('is one of its venue, and none holds an index price or a contract of another kind', () => {
    const idOf = (venue: string, symbol: string) => instrumentsCarrying(venueId(venue), symbol, {})?.id
    expect(idOf('kraken', 'XBT/USD')).toBeUndefined()
    expect(idOf('cme', 'BTCZ26')).toBeUndefined()
    expect(idOf('nyse', 'BTCUSDT')).toBeUndefined()
    const ids = VENUES.flatMap(({ instruments = [] }) => instruments).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is not asked of the venue while its stream is replaced by a test network', () => {
    const idWith = (urls: Record<string, string>) =>
      instrumentsCarrying(venueId('bybit'), 'BTCUSDT', urls)?.id
    expect(idWith({ 'bybit-linear': 'ws://test' })).toBeUndefined()
    expect(idWith({ 'bybit-linear': 'ws://test', 'bybit-linear-instruments': 'http://test' })).toBe(
      'bybit-linear-instruments',
    )
    expect(idWith({ 'bybit-linear': 'wss://stream.bybit.com/v5/public/linear' })).toBe(
      'bybit-linear-instruments',
    )
  })
})

/** Recorded bodies: contracts that they list, and one of them. Entries of other kinds, such as options, are read too. */
const RECORDED: readonly (readonly [
  file: string,
  venue: string,
  symbol: string,
  listed: number,
  expiryMs: number | undefined,
])[] = [
  [
    'bybit/rest-instruments/nautilus-http_get_instruments_linear.json',
    'bybit',
    'ETHUSDT',
    2,
    1_702_592_000_000,
  ],
  [
    'bybit/rest-instruments/nautilus-http_get_instruments_inverse.json',
    'bybit',
    'BTCUSD',
    1,
    1_702_582_000_000,
  ],
  ['binance-usdm/rest-instruments/cryptofeed-exchangeInfo.json', 'binance', 'BTCUSDT', 121, undefined],
  ['binance-coinm/rest-instruments/gct-exchangeInfo-0.json', 'binance', 'BTCUSD_PERP', 24, undefined],
  ['binance-coinm/rest-instruments/cryptofeed-exchangeInfo.json', 'binance', 'BTCUSD_PERP', 36, undefined],
  ['okx/rest-instruments/cryptofeed-instruments-swap.json', 'okx', 'BTC-USDT-SWAP', 166, undefined],
  [
    'okx/rest-instruments/nautilus-http_get_instruments_futures.json',
    'okx',
    'BTC-USD-241227',
    6,
    1_735_286_400_000,
  ],
  [
    'bitmex/rest-instruments/cryptofeed-instrument-active.json',
    'bitmex',
    'XBTU21',
    34,
    Date.UTC(2021, 8, 24, 12),
  ],
  [
    'deribit/rest-instruments/cryptofeed-get_instruments-btc.json',
    'deribit',
    'BTC-PERPETUAL',
    398,
    undefined,
  ],
  [
    'deribit/rest-instruments/nautilus-http_get_instruments.json',
    'deribit',
    'BTC-27DEC24',
    4,
    1_735_300_800_000,
  ],
  ['kraken-futures/rest-tiers/nautilus-http_futures_instruments.json', 'kraken', 'PF_ETHUSD', 4, undefined],
  [
    'hyperliquid/rest-tiers/nautilus-http_all_perp_metas_non_usdc_collateral.json',
    'hyperliquid',
    'km:US500',
    3,
    undefined,
  ],
  [
    'coinbase-cfm/rest-instruments/nautilus-http_products_future.json',
    'coinbase',
    'BIP-20DEC30-CDE',
    2,
    Date.UTC(2030, 11, 20, 16),
  ],
]

describe('recorded lists of contracts', () => {
  const recordings = sharedPath('recordings')
  it.skipIf(recordings === undefined)('dYdX, in the envelope of a client', () => {
    const path = `${recordings}/dydx/rest-tiers/nautilus-http_get_perpetual_markets.json`
    const { contracts, unreadable } = parse(listOf('dydx', 'ETH-USD'), readFileSync(path, 'utf8'))
    expect(unreadable).toEqual([])
    expect(contracts.map(({ symbol }) => symbol)).toEqual(
      expect.arrayContaining(['BTC-USD', 'ETH-USD', 'SOL-USD']),
    )
  })

  it.skipIf(recordings === undefined).each(RECORDED)('%s', (file, venue, symbol, listed, expiryMs) => {
    const body = readFileSync(`${recordings}/${file}`, 'utf8')
    const { contracts, unreadable } = parse(listOf(venue, symbol), body)
    expect(unreadable).toEqual([])
    expect(contracts.filter(({ status }) => status === 'listed')).toHaveLength(listed)
    expect(contracts.find((one) => one.symbol === symbol)).toMatchObject({
      symbol,
      status: 'listed',
      expiryMs,
    })
  })
})
