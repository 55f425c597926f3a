import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/venues/index.ts'
import { read } from './record.ts'

const malformed = { kind: 'malformed', ticks: [], unchanged: [], indexPrices: [] }
const bybit = (data: string, rest = '', type = 'snapshot') =>
  `{"topic":"tickers.BTCUSDT","type":"${type}","data":{"symbol":"BTCUSDT",${data}}${rest},"cs":1,"ts":1}`
const binance = (fields: string) => `{"e":"markPriceUpdate","E":1,"s":"BTCUSDT",${fields}}`

describe('a mark price that a frame states twice', () => {
  it.each([
    ['with two values', bybit('"markPrice":"1","markPrice":"2"')],
    ['with the key written in two ways', bybit('"markPrice":"1","mark\\u0050rice":"2"')],
    ['in two objects of data', bybit('"markPrice":"1"', ',"data":{"symbol":"BTCUSDT","markPrice":"2"}')],
    ['with a second data that lacks it', bybit('"markPrice":"1"', ',"data":{"symbol":"BTCUSDT"}', 'delta')],
  ])('is malformed at Bybit: %s', (_, frame) => {
    expect(read(sourceOf('bybit-linear').createParser(), frame)).toEqual(malformed)
  })

  it.each([
    ['bare', binance('"p":"1","p":"2"')],
    ['wrapped', `{"stream":"btcusdt@markPrice@1s","data":${binance('"p":"1","p":"2"')}}`],
    ['with the key written in two ways', binance('"p":"1","\\u0070":"2"')],
    ['in an array', `[${binance('"p":"1"')},${binance('"p":"1","p":"2"')}]`],
    ['in a wrapped array', `{"stream":"!markPrice@arr","data":[${binance('"p":"1","p":"2"')}]}`],
    [
      'in two objects of data',
      `{"stream":"btcusdt@markPrice@1s","data":${binance('"p":"1"')},"data":${binance('"p":"2"')}}`,
    ],
  ])('is malformed at Binance: %s', (_, frame) => {
    expect(read(sourceOf('binance-usdm').createParser(), frame)).toEqual(malformed)
  })

  it('is not seen in escapes that stand for something else', () => {
    const parser = sourceOf('bybit-linear').createParser()
    expect(read(parser, bybit('"markPrice":"1","note":"\\\\u0022markPrice"')).ticks).toHaveLength(1)
    expect(read(parser, bybit('"mark\\u0050rice":"1"')).ticks).toHaveLength(1)
  })

  it('is not seen in a text that is the same as the key', () => {
    const parser = sourceOf('bybit-linear').createParser()
    expect(read(parser, bybit('"markPrice":"1","note":"markPrice"')).ticks).toHaveLength(1)
    expect(read(parser, bybit('"markPrice":"1","note":"markPrice","markPrice" \n:"1"')).ticks).toHaveLength(0)
  })
})
