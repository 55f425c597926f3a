/*
 * What Binance sends, and what its parser does with it. Evidence is the fixture, test or document that shows it.
 *
 * binance-usdm, binance-coinm
 * channel           | variants                       | role           | action                       | evidence
 * ------------------|--------------------------------|----------------|------------------------------|-----------------------------
 * SYMBOL@markPrice  | wrapped in `stream`, or bare   | mark, index    | prices, funding              | fixtures; "Mark Price Stream"
 * !assetIndex@arr   | wrapped in `stream`, or bare   | index          | prices in dollars            | indexes.test.ts; "Multi-Assets Mode Asset Index"
 *                   | a dated contract               | mark           | price without funding        | fixtures
 *                   | a mark that is no price        | fault          | malformed                    | fixtures
 *                   | a mark stated twice            | fault          | malformed                    | twice.test.ts
 *                   | stream and symbol differ       | fault          | malformed                    | fixtures, symbols.test.ts
 * !markPrice@arr    | wrapped or bare array          | marks          | prices, entry by entry       | fixtures
 *                   | one entry that is no price     | fault          | noMark; the others count     | fixtures; below
 *                   | an entry stated twice          | fault          | the array is malformed       | twice.test.ts
 * other events      | 24hrTicker, forceOrder, account| none           | ignored                      | fixtures, recorded.test.ts
 * reply             | result null with an id         | whole request  | acknowledged                 | fixtures; "Live Subscribing"
 *                   | the same of UNSUBSCRIBE        | whole request  | acknowledged                 | every-venue.test.ts; "Live Subscribing"
 *                   | error, or code with msg        | whole request  | rejected, all of its words   | fixtures
 *                   | a list of subscriptions        | none           | ignored                      | fixtures
 * ping              | WebSocket control frame        | sign of life   | the socket answers by itself | "Connect"
 *
 * binance-margin-index
 * channel           | variants                       | role           | action                       | evidence
 * ------------------|--------------------------------|----------------|------------------------------|-----------------------------
 * priceIndex        | the index price of one pair    | index          | price                        | fixtures; "Query Margin PriceIndex"
 *                   | no price, two of them, no pair | fault          | malformed                    | fixtures
 *                   | code with msg                  | whole request  | rejected                     | fixtures; polled-venues.test.ts
 */
import { expect, it } from 'vitest'
import type { FrameSink } from '../../src/domain/index.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { argumentsOf, DEAF_SINK, saidOf, socketOf } from './record.ts'

it('a connection takes at most 1,024 streams for USDⓈ-M, 200 for COIN-M, and a request 200', () => {
  expect(socketOf('binance-usdm').symbolsPerConnectionMax).toBeLessThanOrEqual(1_024)
  expect(socketOf('binance-coinm').symbolsPerConnectionMax).toBeLessThanOrEqual(200)
  const symbols = Array.from({ length: 1_000 }, (_, index) => `S${index}USDT`)
  const sizes = socketOf('binance-usdm')
    .subscribe(symbols)
    .map(({ frame }) => argumentsOf(frame).length)
  expect(sizes).toEqual([200, 200, 200, 200, 200])
})

it('USDⓈ-M marks are asked for under /market/, the only path that sends them', () => {
  expect(new URL(socketOf('binance-usdm').url).pathname).toBe('/market/stream')
  expect(argumentsOf(socketOf('binance-usdm').subscribe(['BTCUSDT'])[0]!.frame)).toEqual([
    'btcusdt@markPrice@1s',
  ])
})

it('an answer is for the whole request, and a refusal says why in the words of the venue', () => {
  const heard: unknown[] = []
  const sink: FrameSink = {
    ...DEAF_SINK,
    acknowledged: (symbols) => void heard.push(symbols),
    rejected: (symbol, reason) => void heard.push([symbol, reason]),
  }
  const parser = sourceOf('binance-usdm').createParser()
  const refusal = '{"error":{"code":2,"msg":"Invalid request"},"id":1}'
  parser.parse('{"result":null,"id":1}', sink)
  parser.parse(refusal, sink)
  expect(heard).toEqual(['request', ['request', refusal]])
})

it('the funding that a mark carries is one object a parser, so that a tick allocates none', () => {
  const seen = new Set<object>()
  const sink: FrameSink = {
    ...DEAF_SINK,
    price: (_kind, _symbol, _price, _time, funding) => void (funding && seen.add(funding)),
  }
  const parser = sourceOf('binance-usdm').createParser()
  for (let time = 1; time < 10; time++)
    parser.parse(JSON.stringify({ e: 'markPriceUpdate', E: time, s: 'BTCUSDT', p: '1' }), sink)
  expect(seen.size).toBe(1)
})

it('an entry of an array that cannot be read is named beside those that can', () => {
  const entry = (s: string, p: unknown) => ({ e: 'markPriceUpdate', E: 1_700_000_000_000, s, p })
  expect(saidOf('binance-usdm', JSON.stringify([entry('ETHUSDT', null), entry('BTCUSDT', '2'), 7]))).toEqual([
    'ETHUSDT unreadable',
    'BTCUSDT 2',
    'undefined unreadable',
    'ticks',
  ])
})
