/*
 * What the records of past mark prices hold, and what their parsers do with it. Shapes: the venues' documents, figures changed.
 *
 * venue        | path                                       | order        | envelope                    | evidence
 * -------------|--------------------------------------------|--------------|-----------------------------|---------------------
 * Bybit        | mark-price-kline, index-price-kline        | newest first | retCode, result.symbol/list | fixture, recording
 * Binance USDM | markPriceKlines, indexPriceKlines          | oldest first | the list alone              | fixture
 * Binance COIN | markPriceKlines                            | oldest first | the list alone              | fixture, recording
 * OKX          | history-mark-price-, history-index-candles | newest first | code, data; `0`: not ended  | fixture, recording
 * Kraken       | charts/v1/mark, charts/v1/spot             | oldest first | candles                     | fixture, recording
 * Deribit      | five-minute points of some options alone   | -            | no history                  | documents
 * others       | candles of trades alone                    | -            | no history                  | documents
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type MarkBar, type MarkHistory, venueId } from '../../src/domain/index.ts'
import { historyCarrying, VENUES } from '../../src/venues/index.ts'
import { sharedPath } from '../support/shared.ts'

const FROM_MS = 1_700_000_040_000
const BARS: readonly MarkBar[] = [
  {
    openTimeMs: FROM_MS,
    open: '37000.1',
    high: '37010.123456789012345678',
    low: '36990',
    close: '37005',
  },
  { openTimeMs: FROM_MS + 60_000, open: '37005', high: '37005', low: '36900.50', close: '36950' },
]

type Row = readonly unknown[]
const rowOf = ({ openTimeMs, open, high, low, close }: MarkBar): Row => [
  String(openTimeMs),
  open,
  high,
  low,
  close,
]
const ROWS = BARS.map(rowOf)

interface Fixture {
  readonly venue: string
  readonly id: string
  readonly symbol: string
  readonly url: string
  readonly body: (rows: readonly Row[]) => string
}

const bybitBody = (symbol: string) => (rows: readonly Row[]) =>
  JSON.stringify({
    retCode: 0,
    retMsg: 'OK',
    result: { symbol, category: 'linear', list: rows.toReversed() },
    retExtInfo: {},
    time: FROM_MS,
  })
const binanceBody = (rows: readonly Row[]) =>
  JSON.stringify(rows.map(([time, ...prices]) => [numberOf(time), ...prices, '0', 1, '0', 60, '0', '0', '0']))
const okxBody = (rows: readonly Row[]) =>
  JSON.stringify({ code: '0', msg: '', data: rows.map((row) => [...row, '1']).toReversed() })
const krakenBody = (rows: readonly Row[]) =>
  JSON.stringify({
    candles: rows.map(([time, open, high, low, close]) => ({
      time: numberOf(time),
      open,
      high,
      low,
      close,
      volume: '0',
    })),
    more_candles: false,
  })
/** Venues that state times as numbers of JSON. */
const numberOf = (time: unknown) =>
  typeof time === 'string' && /^\d{1,16}$/.test(time) ? Number(time) : time

const SPAN = { fromMs: FROM_MS, toMs: FROM_MS + 60_000 }
const [start, end] = [SPAN.fromMs, SPAN.toMs]
const FIXTURES: readonly Fixture[] = [
  {
    venue: 'bybit',
    id: 'bybit-klines',
    symbol: 'BTCUSDT',
    url: `/v5/market/mark-price-kline?category=linear&symbol=BTCUSDT&interval=1&start=${start}&end=${end}&limit=2`,
    body: bybitBody('BTCUSDT'),
  },
  {
    venue: 'bybit',
    id: 'bybit-klines',
    symbol: 'BTCUSDZ25',
    url: `/v5/market/mark-price-kline?category=inverse&symbol=BTCUSDZ25&interval=1&start=${start}&end=${end}&limit=2`,
    body: bybitBody('BTCUSDZ25'),
  },
  {
    venue: 'bybit',
    id: 'bybit-klines',
    symbol: 'ETH/USDC index',
    url: `/v5/market/index-price-kline?category=linear&symbol=ETHPERP&interval=1&start=${start}&end=${end}&limit=2`,
    body: bybitBody('ETHPERP'),
  },
  {
    venue: 'binance',
    id: 'binance-usdm-klines',
    symbol: '币安人生USDT',
    url: `/fapi/v1/markPriceKlines?symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&interval=1m&startTime=${start}&endTime=${end}&limit=2`,
    body: binanceBody,
  },
  {
    venue: 'binance',
    id: 'binance-usdm-klines',
    symbol: 'BTC/USDT index',
    url: `/fapi/v1/indexPriceKlines?pair=BTCUSDT&interval=1m&startTime=${start}&endTime=${end}&limit=2`,
    body: binanceBody,
  },
  {
    venue: 'binance',
    id: 'binance-coinm-klines',
    symbol: 'BTCUSD_PERP',
    url: `/dapi/v1/markPriceKlines?symbol=BTCUSD_PERP&interval=1m&startTime=${start}&endTime=${end}&limit=2`,
    body: binanceBody,
  },
  {
    venue: 'okx',
    id: 'okx-candles',
    symbol: 'BTC-USDT-SWAP',
    url: `/api/v5/market/history-mark-price-candles?instId=BTC-USDT-SWAP&bar=1m&before=${start - 1}&after=${end + 1}&limit=2`,
    body: okxBody,
  },
  {
    venue: 'okx',
    id: 'okx-candles',
    symbol: 'BTC/USD index',
    url: `/api/v5/market/history-index-candles?instId=BTC-USD&bar=1m&before=${start - 1}&after=${end + 1}&limit=2`,
    body: okxBody,
  },
  {
    venue: 'kraken',
    id: 'kraken-futures-candles',
    symbol: 'FI_XBTUSD_220930',
    url: `/api/charts/v1/mark/FI_XBTUSD_220930/1m?from=${start / 1_000}&to=${end / 1_000 + 59}`,
    body: krakenBody,
  },
  {
    venue: 'kraken',
    id: 'kraken-futures-candles',
    symbol: 'XBT/USD index',
    url: `/api/charts/v1/spot/PF_XBTUSD/1m?from=${start / 1_000}&to=${end / 1_000 + 59}`,
    body: krakenBody,
  },
]

function historyOf(venue: string, symbol: string): MarkHistory {
  const history = historyCarrying(venueId(venue), symbol, {})
  if (history === undefined) throw new Error(`${venue} has no record of ${symbol}`)
  return history
}

/** What the parser makes of a body: bars, or the message of its error. */
function readingOf(history: MarkHistory, symbol: string, body: string): readonly MarkBar[] | string {
  try {
    return history.parse(body, symbol)
  } catch (error) {
    expect(error).toMatchObject({ name: 'PlimsollError', code: 'INPUT_INVALID' })
    return (error as Error).message
  }
}

const changed = (field: number, value: unknown): readonly Row[] =>
  ROWS.map((row, index) => (index === 1 ? row.map((cell, at) => (at === field ? value : cell)) : row))

/** What is put into the second bar, and the rule that refuses it. The body may count its bars from the newest. */
const REFUSED: readonly (readonly [says: string, rows: readonly Row[], rule: RegExp])[] = [
  ['a price of zero', changed(3, '0.000'), /low is "0.000": must be a price above zero/],
  ['an empty price', changed(1, ''), /open is "": must be a price/],
  ['a negative price', changed(3, '-1'), /low is "-1": must be a price/],
  ['a price that is no number', changed(4, 'NaN'), /close is "NaN": must be a price/],
  ['1e999', changed(2, '1e999'), /high is "1e999": must be a price/],
  ['a missing price', changed(4, null), /close is null: must be a price/],
  ['an object for a price', changed(4, {}), /close is \{\}: must be a price/],
  ['more digits than the grammar has', changed(2, `1${'0'.repeat(15)}`), /high is "10{15}": must be a price/],
  ['a low above the high', changed(3, '37005.01'), /low is "37005.01"|high is "37005"/],
  ['a close above the high', changed(4, '37005.01'), /high is "37005": must be at least the close/],
  ['an open below the low', changed(1, '36900.49'), /low is "36900.50": must be at most the open/],
  ['a time inside of a minute', changed(0, String(FROM_MS + 60_001)), /must be a whole minute/],
  ['a time in seconds', changed(0, String(FROM_MS / 1_000)), /must be a whole minute/],
  ['no time', changed(0, null), /openTimeMs is null: must be a whole minute/],
  ['two bars of one minute', changed(0, String(FROM_MS)), /openTimeMs is .*must not be that of two bars/],
]

describe.each(FIXTURES)('the record $id of $symbol', ({ venue, id, symbol, url, body }) => {
  const history = historyOf(venue, symbol)

  it('is asked for the bars of a span, the last minute included', () => {
    expect(history.id).toBe(id)
    expect(history.requestUrl('http://host', symbol, SPAN.fromMs, SPAN.toMs)).toBe(`http://host${url}`)
  })

  it('gives bars in time order with the digits that the body has', () => {
    expect(history.parse(body(ROWS), symbol)).toEqual(BARS)
    expect(history.parse(body([]), symbol)).toEqual([])
  })

  it('reads a price that the body states as a number by its digits', () => {
    const text = body(ROWS).replaceAll(`"${BARS[0]!.high}"`, BARS[0]!.high)
    expect(history.parse(text, symbol)[0]!.high).toBe(BARS[0]!.high)
    expect(history.parse(body(changed(3, '3.69e4')), symbol)[1]!.low).toBe('36900')
  })

  it.each(REFUSED)('refuses a body with %s', (_says, rows, rule) => {
    expect(readingOf(history, symbol, body(rows))).toMatch(rule)
  })

  it('refuses a body that is cut at any character', () => {
    const whole = body(ROWS)
    for (let length = 0; length < whole.length; length++)
      expect(readingOf(history, symbol, whole.slice(0, length))).toEqual(expect.any(String))
  })

  it.each([
    ['an empty body', ''],
    ['null', 'null'],
    ['text after the end', '[]x'],
    ['a text', '"text"'],
    ['a page of HTML', '<html></html>'],
    ['an empty bar', '[[]]'],
    ['an error of Binance', '{"code":-1121,"msg":"Invalid symbol."}'],
    ['an object without a list', '{"retCode":0,"result":{}}'],
    ['an object for a list', '{"code":"0","data":{}}'],
    ['an object for candles', '{"candles":{}}'],
    ['a number for a candle', '{"candles":[1]}'],
    ['a list that opens 100,000 times', '['.repeat(100_000)],
    ['a list in 40 lists', `${'['.repeat(40)}${']'.repeat(40)}`],
    ['a megabyte of one text', JSON.stringify('x'.repeat(1_000_000))],
  ])('refuses %s', (_says, text) => {
    const message = readingOf(history, symbol, text)
    expect(message).toEqual(expect.any(String))
    expect(message.length).toBeLessThan(400)
  })

  it('refuses a body with __proto__ or a name twice', () => {
    const whole = body(ROWS)
    if (!whole.startsWith('{')) return
    for (const extra of ['{"__proto__":{},', '{"code":"0","code":"0",'])
      expect(readingOf(history, symbol, whole.replace('{', extra))).toContain('the body is')
  })
})

describe('what the venue says of itself', () => {
  it('an error of Bybit and of OKX is refused with its words', () => {
    const bybit = historyOf('bybit', 'BTCUSDT')
    const tooMany = '{"retCode":10006,"retMsg":"Too many visits!","result":{}}'
    expect(readingOf(bybit, 'BTCUSDT', tooMany)).toBe(
      'retCode is "10006": must be 0; the venue says "Too many visits!"',
    )
    const okx = historyOf('okx', 'BTC-USDT-SWAP')
    const none = '{"code":"51001","msg":"Instrument ID does not exist","data":[]}'
    expect(readingOf(okx, 'BTC-USDT-SWAP', none)).toBe(
      'code is "51001": must be 0; the venue says "Instrument ID does not exist"',
    )
  })

  it('bars of another market are refused where the body names it', () => {
    const history = historyOf('bybit', 'BTCUSDT')
    expect(readingOf(history, 'BTCUSDT', bybitBody('ETHUSDT')(ROWS))).toBe(
      'result.symbol is "ETHUSDT": must be BTCUSDT',
    )
  })

  it('a bar of OKX whose minute has not ended is left out', () => {
    const body = JSON.stringify({
      code: '0',
      data: [
        [...ROWS[1]!, '0'],
        [...ROWS[0]!, '1'],
      ],
    })
    expect(historyOf('okx', 'BTC-USDT-SWAP').parse(body, 'BTC-USDT-SWAP')).toEqual([BARS[0]])
  })
})

describe('which markets have a record', () => {
  it('has unique ids, beside those of the sources too', () => {
    const ids = VENUES.flatMap(({ sources, markHistory = [] }) =>
      [...sources, ...markHistory].map(({ id }) => id),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is the one of its venue that carries it', () => {
    const idOf = (venue: string, symbol: string) => historyCarrying(venueId(venue), symbol, {})?.id
    expect(idOf('binance', 'BTCUSDT_240628')).toBe('binance-usdm-klines')
    expect(idOf('binance', 'ETHUSD_250627')).toBe('binance-coinm-klines')
    // Multi-assets mode values assets by index prices of their own, which have no bars.
    expect(idOf('binance', 'BTC/USD index')).toBeUndefined()
    expect(idOf('okx', 'XBTUSD')).toBeUndefined()
    for (const venue of ['deribit', 'bitmex', 'hyperliquid', 'dydx', 'coinbase', 'cme', 'nyse'])
      expect(idOf(venue, 'BTC-PERPETUAL')).toBeUndefined()
  })

  it('is not asked of the venue while its stream is replaced by a test network', () => {
    const idWith = (urls: Record<string, string>) => historyCarrying(venueId('bybit'), 'BTCUSDT', urls)?.id
    expect(idWith({ 'bybit-linear': 'ws://test' })).toBeUndefined()
    expect(idWith({ 'bybit-linear': 'ws://test', 'bybit-klines': 'http://test' })).toBe('bybit-klines')
    expect(idWith({ 'bybit-inverse': 'ws://test' })).toBe('bybit-klines')
    expect(idWith({ 'bybit-linear': 'wss://stream.bybit.com/v5/public/linear' })).toBe('bybit-klines')
  })
})

/** Recorded bars of hours, days and months open at whole minutes too. */
const RECORDED: readonly (readonly [file: string, venue: string, symbol: string, held: number | RegExp])[] = [
  ['binance-coinm/rest-mark/gct-markPriceKlines-0.json', 'binance', 'BTCUSD_201225', 4],
  ['binance-coinm/rest-mark/gct-markPriceKlines-1.json', 'binance', 'BTCUSD_PERP', 5],
  ['kraken-futures/rest-mark/nautilus-http_futures_candles_mark.json', 'kraken', 'PF_XBTUSD', 3],
  // An example of the documents, whose times are inside of a minute.
  [
    'okx/rest-mark/jkorf-endpoints-unifiedapi-exchangedata-getmarkpriceklines.json',
    'okx',
    'BTC-USDT-SWAP',
    /openTimeMs is "1597026383085": must be a whole minute/,
  ],
  // Answers of the interface before v5, and of a client that renames the fields.
  ['bybit/rest-mark/gct-linear-mark-kline.json', 'bybit', 'BTCUSDT', /retCode is missing/],
  ['bybit/rest-mark/gct-inverse-mark-kline.json', 'bybit', 'BTCUSD', /retCode is missing/],
  ['bybit/rest-mark/hirokisan-mark-price-kline.json', 'bybit', 'BTCUSDT', /retCode is missing/],
]

describe('recorded bodies', () => {
  const recordings = sharedPath('recordings')
  it.skipIf(recordings === undefined).each(RECORDED)('%s', (file, venue, symbol, held) => {
    const body = readFileSync(`${recordings}/${file}`, 'utf8')
    const reading = readingOf(historyOf(venue, symbol), symbol, body)
    if (typeof held === 'number') expect(reading).toHaveLength(held)
    else expect(reading).toMatch(held)
  })

  it.skipIf(recordings === undefined)('the bars of Bybit in the envelope of v5', () => {
    const file = `${recordings}/bybit/rest-mark/hirokisan-mark-price-kline.json`
    const { list } = JSON.parse(readFileSync(file, 'utf8')) as { list: Record<string, string>[] }
    const rows = list.map((bar) => [bar.StartTime, bar.Open, bar.High, bar.Low, bar.Close])
    const bars = historyOf('bybit', 'BTCUSDT').parse(bybitBody('BTCUSDT')(rows), 'BTCUSDT')
    expect(bars).toHaveLength(200)
    expect(bars.at(-1)).toEqual({
      openTimeMs: 1_676_851_200_000,
      open: '24279.66',
      high: '24978',
      low: '23851.48',
      close: '24881.63',
    })
  })
})
