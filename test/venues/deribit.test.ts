/*
 * What Deribit sends, and what its parser does with it. Evidence is the fixture, test or document that shows it.
 *
 * deribit-public
 * channel        | variants                            | role          | action                      | evidence
 * ---------------|-------------------------------------|---------------|-----------------------------|---------------------------
 * ticker.SYMBOL  | each frame is the whole state       | mark, index   | price; of an option in coin | fixtures, recorded.test.ts
 *                | another instrument than the channel | fault         | malformed                   | fixtures
 *                | an option without a future          | mark          | price of its underlying too | fixtures; unlisted.test.ts
 *                | no price, no time, twice            | fault         | malformed                   | fixtures
 * other channels | quote, index, volatility            | none          | ignored                     | fixtures, recorded.test.ts
 * heartbeat      | test_request                        | sign of life  | reply public/test           | below
 * result         | channels that are taken             | by name       | acknowledged                | fixtures; below
 *                | channels that were ended            | by name       | acknowledged: of none       | every-venue.test.ts
 *                | of public/test                      | sign of life  | heartbeat                   | fixtures
 * error          | any                                 | whole request | rejected                    | fixtures, recorded.test.ts
 */
import { expect, it } from 'vitest'
import { answersOf } from './record.ts'

it('an answer names the channels that are taken, and says nothing of the others', () => {
  const result = ['ticker.BTC-PERPETUAL.100ms', 'book.BTC-PERPETUAL.100ms']
  expect(
    answersOf(
      'deribit-public',
      JSON.stringify({ jsonrpc: '2.0', id: 1, result }),
      JSON.stringify({ jsonrpc: '2.0', id: 2, result: [] }),
      JSON.stringify({ jsonrpc: '2.0', id: 3, error: { code: 10028, message: 'too_many_requests' } }),
    ),
  ).toEqual([
    ['acknowledged', ['BTC-PERPETUAL']],
    ['acknowledged', []],
    ['rejected', 'request'],
  ])
})

it('gives the sign of life that the venue asks for', () => {
  const frame = JSON.stringify({ jsonrpc: '2.0', method: 'heartbeat', params: { type: 'test_request' } })
  expect(answersOf('deribit-public', frame)).toEqual([['reply', 'public/test']])
})
