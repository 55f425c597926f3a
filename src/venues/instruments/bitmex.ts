import type { InstrumentList } from '../../domain/index.ts'
import { bitmexTermsOf } from '../imports/bitmex.ts'
import { tickSizeField } from '../imports/body.ts'
import { expiryIn, instrumentList, statusIn } from './statement.ts'

/** The list has some 300 kB. */
const BODY_BYTES_MAX = 8 * 1_048_576

/** `state` of an instrument; one is `Closed` outside of its hours, and listed. */
const STATUSES = {
  Open: 'listed',
  Closed: 'listed',
  Unlisted: 'closed',
  Expired: 'settling',
  Cleared: 'closed',
  Settled: 'closed',
} as const

/** `/api/v1/instrument/active`: what is open, and what has expired in the last 24 hours. */
export function bitmexInstruments(symbols: RegExp): readonly InstrumentList[] {
  return [
    instrumentList({
      id: 'bitmex-instruments',
      url: 'https://www.bitmex.com',
      carries: (symbol) => symbols.test(symbol),
      requestUrl: (url) => `${url}/api/v1/instrument/active`,
      pagesMax: 1,
      // Without a key the venue allows 30 requests a minute.
      requestsPerSecondMax: 0.2,
      bodyBytesMax: BODY_BYTES_MAX,
      form: {
        list: undefined,
        symbol: 'symbol',
        statusOf: (entry) => statusIn(entry, 'state', STATUSES),
        expiryOf: (entry) => expiryIn(entry, 'expiry'),
        termsOf: (entry) => ({ ...bitmexTermsOf(entry), ...tickSizeField(entry.tickSize) }),
      },
    }),
  ]
}
