import { describe, expect, it } from 'vitest'
import { indexName, isIndexName, type PollSource } from '../../src/domain/index.ts'
import { sourceCarrying, sourceOf, VENUES } from '../../src/venues/index.ts'
import { answersOf, indexPricesOf, saidOf, socketOf } from './record.ts'

const TIME = 1_700_000_000_000

describe('an index price', () => {
  it.each([
    ['bybit', 'BTC/USDT', 'bybit-linear', 'BTCUSDT'],
    ['bybit', 'BTC/USDC', 'bybit-linear', 'BTCPERP'],
    ['bybit', 'BTC/USD', 'bybit-inverse', 'BTCUSD'],
    ['binance', 'BTC/USDT', 'binance-usdm', 'BTCUSDT'],
    ['binance', 'USDT/USD', 'binance-usdm', '!assetIndex@arr'],
    ['okx', 'BTC/USD', 'okx-public', 'BTC/USD index'],
    ['kraken', 'XBT/USD', 'kraken-futures-public', 'PF_XBTUSD'],
    ['deribit', 'BTC/USD', 'deribit-public', 'BTC-PERPETUAL'],
    ['deribit', 'SOL/USDC', 'deribit-public', 'SOL_USDC-PERPETUAL'],
    ['bitmex', 'XBT/USD', 'bitmex-public', 'XBTUSD'],
    ['bitmex', 'ETH/USDT', 'bitmex-public', 'ETHUSDT'],
  ])('of %s, %s, is carried by %s in the channel %s', (venue, pair, source, channel) => {
    const name = `${pair} index`
    const { id } = VENUES.find((one) => one.id === venue)!
    expect(sourceCarrying(id, name)?.id).toBe(source)
    const { channelOf = (symbol: string) => symbol } = socketOf(source)
    expect(channelOf(name)).toBe(channel)
  })

  it.each([
    ['bybit', 'USDT/USD'],
    ['bybit', 'BTC/EUR'],
    ['kraken', 'XBT/USDT'],
    ['okx', 'BTC/ETH'],
    ['coinbase', 'BTC/USD'],
  ])('of %s, %s, is carried by no source', (venue, pair) => {
    const { id } = VENUES.find((one) => one.id === venue)!
    expect(sourceCarrying(id, `${pair} index`)).toBeUndefined()
  })

  it('has a name that no venue gives to a contract', () => {
    const name = indexName('BTC', 'USD')
    expect(isIndexName(name)).toBe(true)
    for (const { symbol } of VENUES) expect(symbol.test(name)).toBe(false)
  })

  it.each([
    ['bybit-linear', ['BTCUSDT', 'BTC/USDT index', 'ETHUSDT'], ['tickers.BTCUSDT', 'tickers.ETHUSDT']],
    ['kraken-futures-public', ['XBT/USD index', 'PF_XBTUSD'], ['PF_XBTUSD']],
    ['deribit-public', ['BTC-PERPETUAL', 'BTC/USD index'], ['ticker.BTC-PERPETUAL.100ms']],
    ['bitmex-public', ['XBTUSD', 'XBT/USD index'], ['instrument:XBTUSD']],
    [
      'binance-usdm',
      ['BTC/USD index', 'BTCUSDT', 'BTC/USDT index', 'USDT/USD index'],
      ['!assetIndex@arr', 'btcusdt@markPrice@1s'],
    ],
    [
      'okx-public',
      ['BTC-USDT-SWAP', 'BTC/USDT index'],
      [
        { channel: 'mark-price', instId: 'BTC-USDT-SWAP' },
        { channel: 'funding-rate', instId: 'BTC-USDT-SWAP' },
        { channel: 'index-tickers', instId: 'BTC-USDT' },
      ],
    ],
  ])('is asked for at %s once with the marks of its channel', (source, wanted, topics) => {
    const [request, ...rest] = socketOf(source).subscribe(wanted)
    const { args, params, product_ids } = JSON.parse(request!.frame)
    expect(args ?? params?.channels ?? params ?? product_ids).toEqual(topics)
    expect([...request!.symbols].sort()).toEqual([...wanted].sort())
    expect(rest).toEqual([])
  })
})

describe('Bybit', () => {
  const ticker = (type: string, data: object, ts: number, symbol = 'BTCUSDT') =>
    JSON.stringify({ topic: `tickers.${symbol}`, type, data: { symbol, ...data }, cs: ts, ts })

  it('confirms it with each delta, until it states none or two', () => {
    const frames = [
      ticker('snapshot', { markPrice: '1', indexPrice: '2' }, TIME),
      ticker('delta', { ask1Price: '3' }, TIME + 1),
      ticker('delta', { indexPrice: '' }, TIME + 2),
      ticker('delta', { ask1Price: '3' }, TIME + 3),
      ticker('delta', { indexPrice: '4' }, TIME + 4),
      ticker('delta', { indexPrice: '5' }, TIME + 5).replace('"5"', '"5","indexPrice":"6"'),
      ticker('delta', { ask1Price: '3' }, TIME + 6),
      ticker('snapshot', { markPrice: '1' }, TIME + 7),
      ticker('snapshot', { markPrice: '1', indexPrice: '9' }, TIME + 8, '1000PEPEUSDT'),
      ticker('snapshot', { markPrice: '1', indexPrice: '9' }, TIME + 9, 'BTC-26DEC25'),
    ]
    expect(indexPricesOf('bybit-linear', ...frames)).toEqual([
      ['BTC/USDT index', '2', TIME],
      ['BTC/USDT index', '2', TIME + 1],
      ['BTC/USDT index', '4', TIME + 4],
      // The price of a thousand PEPE is not that of PEPE.
      ['1000PEPE/USDT index', '9', TIME + 8],
    ])
  })
})

describe('Binance', () => {
  const asset = (s: string, i: unknown, E = TIME) => ({
    e: 'assetIndexUpdate',
    E,
    s,
    i,
    b: '0.10',
    a: '0.10',
    B: '1',
  })
  const wrapped = (data: unknown, stream = '!assetIndex@arr') => JSON.stringify({ stream, data })

  it('states the index prices of multi-assets mode in one message', () => {
    const frame = wrapped([asset('ADAUSD', '0.27462452'), asset('USDTUSD', '0.99987691'), asset('USD', '1')])
    expect(indexPricesOf('binance-usdm', frame)).toEqual([
      ['ADA/USD index', '0.27462452', TIME],
      ['USDT/USD index', '0.99987691', TIME],
    ])
    const parser = sourceOf('binance-usdm').createParser()
    const sink = { price() {}, unchanged() {}, noMark() {}, acknowledged() {}, rejected() {}, reply() {} }
    for (const bad of [asset('ADAUSD', '0'), asset('ADAUSD', 1), asset('', '1'), asset('ADAUSD', '1', 0)])
      expect(parser.parse(wrapped([bad]), sink)).toBe('malformed')
    expect(parser.parse(wrapped([asset('USD', '1')]), sink)).toBe('ignored')
  })

  it('is not read where one message states it twice', () => {
    const mark = { e: 'markPriceUpdate', E: TIME, s: 'BTCUSDT', p: '2', i: '3' }
    const twice = (frame: string) => frame.replace('"i":"3"', '"i":"4","i":"3"')
    const single = wrapped(mark, 'btcusdt@markPrice@1s')
    const list = wrapped([asset('ADAUSD', '3'), asset('BTCUSD', '5')])
    expect(indexPricesOf('binance-usdm', single)).toEqual([['BTC/USDT index', '3', TIME]])
    expect(indexPricesOf('binance-usdm', twice(single), twice(list))).toEqual([])
    expect(indexPricesOf('binance-usdm', list)).toHaveLength(2)
  })
})

describe('the price index of Binance for margin', () => {
  it('is asked for pair by pair and read under its name', () => {
    const source = sourceOf('binance-margin-index') as PollSource
    expect(source.requestUrl('https://gateway', ['BNB/BTC index'])).toBe(
      'https://gateway/sapi/v1/margin/priceIndex?symbol=BNBBTC',
    )
    const answer = JSON.stringify({ calcTime: TIME, price: '0.00333930', symbol: 'BNBBTC' })
    expect(indexPricesOf('binance-margin-index', answer)).toEqual([['BNB/BTC index', '0.00333930', TIME]])
  })
})

describe('OKX', () => {
  const arg = { channel: 'index-tickers', instId: 'BTC-USD' }
  const pushed = (entry: object) => JSON.stringify({ arg, data: [entry] })

  it('acknowledges and refuses it by its own name', () => {
    const refusal = {
      event: 'error',
      code: '60018',
      msg: "Wrong URL or channel:index-tickers,instId:BTC-USD doesn't exist.",
    }
    expect(
      answersOf('okx-public', JSON.stringify({ event: 'subscribe', arg }), JSON.stringify(refusal)),
    ).toEqual([
      ['acknowledged', ['BTC/USD index']],
      ['rejected', 'BTC/USD index'],
    ])
  })

  it('is read once a message, and not where it is no price', () => {
    const entry = { instId: 'BTC-USD', idxPx: '60000.1', ts: String(TIME) }
    expect(indexPricesOf('okx-public', pushed(entry))).toEqual([['BTC/USD index', '60000.1', TIME]])
    const bad = [{ ...entry, idxPx: '' }, { ...entry, ts: '0' }, { ...entry, instId: 7 }, {}].map(pushed)
    const twice = pushed(entry).replace('"idxPx"', '"idxPx":"1","idxPx"')
    expect(indexPricesOf('okx-public', ...bad, twice)).toEqual([])
  })

  it('stands beside an entry that cannot be read: that one is counted, the others count', () => {
    const entry = (instId: unknown, idxPx: string) => ({ instId, idxPx, ts: String(TIME) })
    const data = [entry('BTC-USD', ''), entry('ETH-USD', '3000.5'), entry(7, '1'), {}]
    const push = JSON.stringify({ arg, data })
    expect(indexPricesOf('okx-public', push)).toEqual([['ETH/USD index', '3000.5', TIME]])
    const unreadable = ['BTC/USD index', 'undefined', 'undefined'].map((name) => `${name} unreadable`)
    expect(saidOf('okx-public', push)).toEqual([...unreadable, 'ticks'])
    const alone = JSON.stringify({ arg, data: [data[0]] })
    expect(saidOf('okx-public', alone)).toEqual(['BTC/USD index unreadable', 'malformed'])
  })
})

describe('BitMEX', () => {
  it('confirms it with each row of its perpetual, and takes none of a dated contract', () => {
    const row = (action: string, symbol: string, columns: object) =>
      JSON.stringify({
        table: 'instrument',
        action,
        data: [{ symbol, ...columns, timestamp: new Date(TIME).toISOString() }],
      })
    const whole = { markPrice: 2, indicativeSettlePrice: 3.5 }
    const frames = [
      row('partial', 'XBTUSD', whole),
      row('update', 'XBTUSD', { lastPrice: 1 }),
      row('partial', 'XBTU21', whole),
      row('update', 'XBTUSD', { indicativeSettlePrice: null }),
      row('update', 'XBTUSD', { lastPrice: 1 }),
    ]
    expect(indexPricesOf('bitmex-public', ...frames)).toEqual([
      ['XBT/USD index', '3.5', TIME],
      ['XBT/USD index', '3.5', TIME],
    ])
  })
})
