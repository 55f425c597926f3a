/*
 * What dYdX sends, and what its parser does with it. Evidence is the fixture, test or document that shows it.
 *
 * dydx-indexer
 * channel        | variants                         | role          | action                          | evidence
 * ---------------|----------------------------------|---------------|---------------------------------|---------------------------
 * v4_markets     | subscribed: the state of all     | mark          | prices without a time           | fixtures; recorded.test.ts
 *                | subscribed, no market in it      | answer        | acknowledged                    | fixtures
 *                | channel_data with oracle prices  | mark          | prices; the others unchanged    | fixtures; recorded.test.ts
 *                | channel_batch_data               | mark          | prices in their order           | fixtures
 *                | other fields alone               | none          | ignored: the chain may stand    | fixtures
 *                | a price that cannot be read      | fault         | no mark until the next one      | fixtures
 *                | such a price alone, two prices   | fault         | malformed                       | fixtures
 * other channels | trades, subaccounts              | none          | ignored                         | fixtures; recorded.test.ts
 * connected      | the greeting                     | none          | ignored                         | fixtures
 * error          | any                              | whole request | rejected                        | fixtures; recorded.test.ts
 */
import { expect, it } from 'vitest'
import { socketOf } from './record.ts'

it('one channel is asked for once, whatever markets are wanted, and brings them all', () => {
  const { subscribe, statesEveryMarket } = socketOf('dydx-indexer')
  const requests = subscribe(['BTC-USD', 'ETH-USD']).map(({ frame }) => JSON.parse(frame) as unknown)
  expect(requests).toMatchObject([{ type: 'subscribe', channel: 'v4_markets' }])
  expect(statesEveryMarket).toBe(true)
})
