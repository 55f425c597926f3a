/*
 * What OKX sends, and what its parser does with it. Evidence is the fixture, test or document that shows it.
 *
 * okx-public
 * channel        | variants                     | role          | action                         | evidence
 * ---------------|------------------------------|---------------|--------------------------------|---------------------------
 * mark-price     | each push is the whole state | mark          | price, with the funding so far | fixtures, recorded.test.ts
 *                | no price, no time, twice     | fault         | malformed                      | fixtures
 *                | such an entry beside others  | fault         | noMark; the others count       | below
 * funding-rate   | swaps alone                  | funding       | kept for the next mark         | fixtures
 * index-tickers  | any                          | index         | price; confirms once a minute  | recorded.test.ts; "Index Tickers Channel"
 *                | such an entry beside others  | fault         | noMark; the others count       | indexes.test.ts
 * private topics | orders, positions, account   | none          | ignored                        | recorded.test.ts
 * event          | subscribe to mark-price      | by name       | acknowledged                   | fixtures; below
 *                | subscribe to funding-rate    | none          | ignored                        | fixtures
 *                | unsubscribe                  | none          | ignored                        | fixtures; every-venue.test.ts
 *                | error that names an instId   | by name       | rejected                       | fixtures; below
 *                | error that names none        | whole request | rejected                       | fixtures; below
 *                | notice                       | none          | ignored                        | fixtures
 * pong           | a bare word                  | sign of life  | heartbeat                      | fixtures
 */
import { expect, it } from 'vitest'
import { answersOf, saidOf, socketOf } from './record.ts'

it('asks for the mark of every market and for the funding of those that pay it', () => {
  const [request] = socketOf('okx-public').subscribe(['BTC-USDT-SWAP', 'BTC-USD-241227'])
  expect(JSON.parse(request!.frame)).toEqual({
    id: '1',
    op: 'subscribe',
    args: [
      { channel: 'mark-price', instId: 'BTC-USDT-SWAP' },
      { channel: 'funding-rate', instId: 'BTC-USDT-SWAP' },
      { channel: 'mark-price', instId: 'BTC-USD-241227' },
    ],
  })
})

it('a connection stays within the 480 subscriptions an hour that the venue takes', () => {
  const source = socketOf('okx-public')
  const symbols = Array.from({ length: source.symbolsPerConnectionMax }, (_, index) => `S${index}-USDT-SWAP`)
  const args = source.subscribe(symbols).flatMap(({ frame }) => JSON.parse(frame).args)
  expect(args).toHaveLength(480)
})

it('an answer is for one market; an error that names none is for the request', () => {
  const error = (msg: string) => JSON.stringify({ event: 'error', code: '60018', msg })
  const arg = { channel: 'mark-price', instId: 'BTC-USDT-SWAP' }
  expect(
    answersOf(
      'okx-public',
      JSON.stringify({ event: 'subscribe', arg }),
      error("Wrong URL or channel:mark-price,instId:ABC-USDT-SWAP doesn't exist."),
      error('Invalid request'),
    ),
  ).toEqual([
    ['acknowledged', ['BTC-USDT-SWAP']],
    ['rejected', 'ABC-USDT-SWAP'],
    ['rejected', 'request'],
  ])
})

it.each([
  ['no price', { markPx: '' }],
  ['null', { markPx: null }],
  ['no mark', {}],
  ['no time', { markPx: '1', ts: '' }],
])('a push of which one entry has %s has the marks of the others', (_, fields) => {
  const entry = (instId: string, own: object) => ({ instType: 'SWAP', instId, ts: '1700000000000', ...own })
  const push = (...data: readonly object[]) => JSON.stringify({ arg: { channel: 'mark-price' }, data })
  const bad = entry('ETH-USDT-SWAP', fields)
  const good = entry('BTC-USDT-SWAP', { markPx: '2' })
  expect(saidOf('okx-public', push(bad, good))).toEqual([
    'ETH-USDT-SWAP unreadable',
    'BTC-USDT-SWAP 2',
    'ticks',
  ])
  expect(saidOf('okx-public', push(bad))).toEqual(['ETH-USDT-SWAP unreadable', 'malformed'])
})
