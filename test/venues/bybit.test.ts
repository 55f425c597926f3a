/*
 * What Bybit sends, and what its parser does with it. Evidence is the fixture, test or document that shows it.
 *
 * bybit-linear, bybit-inverse
 * channel         | variants                        | role           | action                         | evidence
 * ----------------|---------------------------------|----------------|--------------------------------|------------------------
 * tickers.SYMBOL  | snapshot                        | mark, index    | prices; replaces what is known | fixtures; v5 "Ticker"
 *                 | delta with a mark               | mark           | price; index and funding kept  | fixtures
 *                 | delta without a mark            | confirmation   | unchanged                      | fixtures; ccxt 21451
 *                 | delta before any snapshot       | nothing known  | no price                       | fixtures
 *                 | lower `cs`, same or older time  | overtaken      | ignored                        | sequence.test.ts
 *                 | lower `cs`, later time          | restart        | read as new                    | sequence.test.ts
 *                 | a mark that is no price         | fault          | malformed; nothing confirms it | fixtures, sequence.test.ts
 *                 | a mark stated twice             | fault          | malformed                      | twice.test.ts
 *                 | an option, without `cs`         | mark           | price                          | below
 *                 | a spot ticker, without a mark   | none           | ignored                        | fixtures
 *                 | topic and symbol differ         | fault          | malformed                      | fixtures
 * allLiquidation  | any                             | none           | ignored                        | fixtures
 * private topics  | position, wallet, order         | none           | ignored                        | fixtures, recorded.test.ts
 * reply           | subscribe, success              | whole request  | acknowledged                   | fixtures; v5 "Connect"
 *                 | unsubscribe, success            | whole request  | acknowledged                   | fixtures; every-venue.test.ts
 *                 | success false                   | whole request  | rejected, all of its words     | fixtures
 *                 | ping or pong                    | sign of life   | heartbeat                      | fixtures
 *                 | auth, success                   | none           | ignored                        | fixtures
 */
import { expect, it } from 'vitest'
import type { FrameSink } from '../../src/domain/index.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { DEAF_SINK, read, socketOf } from './record.ts'

const snapshot = (symbol: string) =>
  JSON.stringify({ topic: `tickers.${symbol}`, type: 'snapshot', data: { symbol, markPrice: '1' }, ts: 1 })

it('a parser remembers 4,096 markets; frames of further ones are ignored, those of known ones are not', () => {
  const parser = sourceOf('bybit-linear').createParser()
  for (let index = 0; index < 4_096; index++) {
    expect(read(parser, snapshot(`S${index}USDT`)).kind).toBe('ticks')
  }
  expect(read(parser, snapshot('ONEMOREUSDT'))).toEqual({
    kind: 'ignored',
    ticks: [],
    unchanged: [],
    indexPrices: [],
  })
  expect(read(parser, snapshot('S7USDT')).kind).toBe('ticks')
})

it('options are read like any ticker, although they have no sequence', () => {
  const parser = sourceOf('bybit-linear').createParser()
  expect(read(parser, snapshot('BTC-28JUN24-60000-P')).ticks).toHaveLength(1)
  const delta = snapshot('BTC-28JUN24-60000-P').replace('snapshot', 'delta')
  expect(read(parser, delta).ticks).toHaveLength(1)
})

it('the funding that a mark carries is one object a market, so that a tick allocates none', () => {
  const parser = sourceOf('bybit-linear').createParser()
  const seen = new Set<object>()
  const sink: FrameSink = {
    ...DEAF_SINK,
    price: (_kind, _symbol, _price, _time, funding) => void (funding && seen.add(funding)),
  }
  for (let count = 0; count < 10; count++) parser.parse(snapshot('BTCUSDT'), sink)
  expect(seen.size).toBe(1)
})

it.each(['bybit-linear', 'bybit-inverse'])(
  'the arguments of a full connection to %s stay below 21,000 characters even for the longest symbols',
  (id) => {
    const source = socketOf(id)
    const longest = Array.from({ length: source.symbolsPerConnectionMax }, (_, index) =>
      `${index}`.padStart(40, 'A'),
    )
    const characters = source
      .subscribe(longest)
      .map(({ frame }) => JSON.stringify(JSON.parse(frame).args).length)
    expect(characters.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(21_000)
  },
)

it('an answer is for the whole request, and a refusal says why in the words of the venue', () => {
  const heard: unknown[] = []
  const sink: FrameSink = {
    ...DEAF_SINK,
    acknowledged: (symbols) => void heard.push(symbols),
    rejected: (symbol, reason) => void heard.push([symbol, reason]),
  }
  const parser = sourceOf('bybit-linear').createParser()
  const refusal = '{"success":false,"ret_msg":"error:handler not found","op":"subscribe"}'
  parser.parse('{"success":true,"ret_msg":"","op":"subscribe"}', sink)
  parser.parse(refusal, sink)
  expect(heard).toEqual(['request', ['request', refusal]])
})

it('a delta with only an index price confirms the mark and gives the index', () => {
  const heard: string[] = []
  const sink: FrameSink = {
    ...DEAF_SINK,
    price: (kind, symbol, price) => void heard.push(`${kind} ${symbol} ${price}`),
    unchanged: (symbol) => void heard.push(`unchanged ${symbol}`),
  }
  const parser = sourceOf('bybit-linear').createParser()
  parser.parse(snapshot('BTCUSDT'), sink)
  const data = { symbol: 'BTCUSDT', indexPrice: '1.5' }
  parser.parse(JSON.stringify({ topic: 'tickers.BTCUSDT', type: 'delta', data, ts: 2 }), sink)
  expect(heard).toEqual(['mark BTCUSDT 1', 'unchanged BTCUSDT', 'index BTC/USDT index 1.5'])
})
