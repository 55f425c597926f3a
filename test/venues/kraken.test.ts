/*
 * What Kraken sends, and what its parsers do with it. Evidence is the fixture, test or document that shows it.
 *
 * kraken-futures-public
 * channel     | variants                        | role          | action                        | evidence
 * ------------|---------------------------------|---------------|-------------------------------|---------------------------
 * ticker      | each frame is the whole state   | mark, index   | price, with the relative rate | fixtures, recorded.test.ts
 *             | no price, no time, twice        | fault         | malformed                     | fixtures
 * ticker_lite | any                             | none          | ignored: it has no mark       | recorded.test.ts
 * heartbeat   | any                             | sign of life  | heartbeat                     | fixtures
 * book, trade | any                             | none          | ignored                       | recorded.test.ts
 * event       | subscribed to ticker            | by name       | acknowledged                  | fixtures; below
 *             | subscribed to another feed      | none          | ignored                       | fixtures
 *             | unsubscribed                    | none          | ignored                       | fixtures; every-venue.test.ts
 *             | error or alert, a product named | by name       | rejected                      | fixtures; below
 *             | error or alert, none named      | whole request | rejected                      | fixtures; below
 *             | info                            | none          | ignored                       | fixtures
 *
 * kraken-spot
 * channel     | variants                        | role          | action                        | evidence
 * ------------|---------------------------------|---------------|-------------------------------|---------------------------
 * ticker      | a last trade                    | mark          | price, named as a last trade  | fixtures; "Ticker (Level 1)"
 *             | an entry that cannot be read    | fault         | noMark; the others count      | fixtures
 *             | no price, two of them, no pair  | fault         | malformed                     | fixtures
 * heartbeat   | any                             | sign of life  | heartbeat                     | fixtures; "Heartbeat"
 * pong        | any                             | sign of life  | heartbeat                     | fixtures; "Ping"
 * book, trade | any                             | none          | ignored                       | fixtures
 * answer      | subscribe to ticker             | by name       | acknowledged                  | fixtures
 *             | to another channel, unsubscribe | none          | ignored                       | fixtures
 *             | an error that names a pair      | by name       | rejected                      | fixtures
 *             | an error that names none        | whole request | rejected                      | fixtures
 */
import { expect, it } from 'vitest'
import { answersOf, socketOf } from './record.ts'

it('pings with the ping of the protocol, since the venue drops a client that sends none for 60 s', () => {
  expect(socketOf('kraken-futures-public').heartbeat).toEqual({ everyMs: 30_000, frame: 'protocol' })
})

it('an answer is for the products that it names; an error that names none is for the request', () => {
  expect(
    answersOf(
      'kraken-futures-public',
      JSON.stringify({ event: 'subscribed', feed: 'ticker', product_ids: ['PI_XBTUSD'] }),
      JSON.stringify({ event: 'error', message: 'Invalid product id: "PF_ABCUSD"' }),
      JSON.stringify({ event: 'alert', message: 'Rate limit exceeded' }),
    ),
  ).toEqual([
    ['acknowledged', ['PI_XBTUSD']],
    ['rejected', 'PF_ABCUSD'],
    ['rejected', 'request'],
  ])
})
