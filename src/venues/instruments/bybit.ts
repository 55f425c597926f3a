import { type InstrumentList, shownValue } from '../../domain/index.ts'
import { INVERSE_SYMBOL, LINEAR_SYMBOL } from '../bybit-contracts.ts'
import { isObject, type JsonObject } from '../frame.ts'
import { textOrUndefined } from '../imports/body.ts'
import { bybitContributionOf, bybitTickSizeOf } from '../imports/bybit.ts'
import { refuseBody } from '../mark-bars.ts'
import { expiryIn, instrumentList, statusIn } from './statement.ts'

/** The venue gives up to 1,000. A page of 500 has some 500 kB. */
const CONTRACTS_PER_PAGE = 500
const PAGES_MAX = 10
const BODY_BYTES_MAX = 4 * 1_048_576

/** `/v5/market/instruments-info`; `Delivering` and `Closed` are listed for a time only. */
const STATUSES = {
  PreLaunch: 'pre-launch',
  Trading: 'listed',
  Delivering: 'settling',
  Closed: 'closed',
} as const

function listOf(category: 'linear' | 'inverse', symbols: RegExp): InstrumentList {
  return instrumentList({
    id: `bybit-${category}-instruments`,
    url: 'https://api.bybit.com',
    carries: (symbol) => symbols.test(symbol),
    requestUrl(url, cursor) {
      const query = new URLSearchParams({ category, limit: String(CONTRACTS_PER_PAGE) })
      if (cursor !== undefined) query.set('cursor', cursor)
      return `${url}/v5/market/instruments-info?${query}`
    },
    pagesMax: PAGES_MAX,
    // The venue counts all requests of an address together.
    requestsPerSecondMax: 10,
    limitId: 'bybit-klines',
    bodyBytesMax: BODY_BYTES_MAX,
    form: {
      list: 'list',
      symbol: 'symbol',
      envelope: cursorOf,
      statusOf: (entry) => statusIn(entry, 'status', STATUSES),
      // Of a perpetual the time of its delisting, 0 where none is announced.
      expiryOf: (entry) => expiryIn(entry, 'deliveryTime'),
      // The size of a contract is no field of the list.
      termsOf: (entry) => ({
        contribution: bybitContributionOf(textOrUndefined(entry, 'symbol') ?? '', entry),
        settlementAsset: textOrUndefined(entry, 'settleCoin'),
        ...bybitTickSizeOf(entry),
      }),
    },
  })
}

function cursorOf({ retCode, retMsg, result }: JsonObject): string | undefined {
  if (retCode !== '0') refuseBody('retCode', retCode, `must be 0; the venue says ${shownValue(retMsg)}`)
  if (!isObject(result)) return refuseBody('result', result, 'must be an object')
  const { nextPageCursor } = result
  return typeof nextPageCursor === 'string' && nextPageCursor !== '' ? nextPageCursor : undefined
}

export const bybitInstruments: readonly InstrumentList[] = [
  listOf('linear', LINEAR_SYMBOL),
  listOf('inverse', INVERSE_SYMBOL),
]
