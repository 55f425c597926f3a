import type { InstrumentList } from '../../domain/index.ts'
import { tickSizeField } from '../imports/body.ts'
import { instrumentList, statusIn } from './statement.ts'

/** The list has some 200 kB. */
const BODY_BYTES_MAX = 8 * 1_048_576

/** `status` of a perpetual market of the Indexer. In final settlement the chain closes all positions. */
const STATUSES = {
  ACTIVE: 'listed',
  PAUSED: 'listed',
  CANCEL_ONLY: 'listed',
  POST_ONLY: 'listed',
  INITIALIZING: 'pre-launch',
  FINAL_SETTLEMENT: 'closed',
} as const

/** `/v4/perpetualMarkets` of the Indexer: an object of markets by their names. Nothing expires. */
export function dydxInstruments(symbols: RegExp): readonly InstrumentList[] {
  return [
    instrumentList({
      id: 'dydx-instruments',
      url: 'https://indexer.dydx.trade',
      carries: (symbol) => symbols.test(symbol),
      requestUrl: (url) => `${url}/v4/perpetualMarkets`,
      pagesMax: 1,
      // The Indexer allows 100 requests in 10 seconds.
      requestsPerSecondMax: 1,
      bodyBytesMax: BODY_BYTES_MAX,
      form: {
        list: 'markets',
        symbol: 'ticker',
        statusOf: (entry) => statusIn(entry, 'status', STATUSES),
        expiryOf: () => undefined,
        termsOf: (entry) => tickSizeField(entry.tickSize),
      },
    }),
  ]
}
