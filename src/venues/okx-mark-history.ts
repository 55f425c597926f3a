import { MARK_BAR_MS, type MarkHistory, shownValue } from '../domain/index.ts'
import { barsOfRows, listIn, objectOfBody, refuseBody } from './mark-bars.ts'

/** `limit` of a page. */
const BARS_PER_REQUEST_MAX = 100
/** The venue takes 10 requests in 2 seconds from an address. */
const REQUESTS_PER_SECOND_MAX = 3
/** A page of 100 bars has some 8 kB. */
const BODY_BYTES_MAX = 1_048_576
/** Where a row says whether the minute has ended: `0` for one that has not. */
const CONFIRM_AT = 5

/**
 * `/api/v5/market/history-mark-price-candles` and `history-index-candles`, newest bar first. `before` and `after` are open times
 * that the page leaves out. A bar that the venue does not call complete is left out. The body does not name the market.
 */
export function okxMarkHistory(
  symbols: RegExp,
  indexOf: (symbol: string) => string | undefined,
): MarkHistory {
  return {
    id: 'okx-candles',
    url: 'https://www.okx.com',
    carries: (symbol) => symbols.test(symbol) || indexOf(symbol) !== undefined,
    requestUrl(url, symbol, fromMs, toMs) {
      const index = indexOf(symbol)
      const query = new URLSearchParams({
        instId: index ?? symbol,
        bar: '1m',
        before: String(fromMs - 1),
        after: String(toMs + 1),
        limit: String((toMs - fromMs) / MARK_BAR_MS + 1),
      })
      return `${url}/api/v5/market/history-${index === undefined ? 'mark-price' : 'index'}-candles?${query}`
    },
    barsPerRequestMax: BARS_PER_REQUEST_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    bodyBytesMax: BODY_BYTES_MAX,
    parse(body) {
      const answer = objectOfBody(body)
      const { code, msg } = answer
      if (code !== '0') refuseBody('code', code, `must be 0; the venue says ${shownValue(msg)}`)
      return barsOfRows(listIn(answer, 'data').filter(isComplete))
    },
  }
}

/** A row without the field is for `barsOfRows` to judge. */
function isComplete(row: unknown): boolean {
  return !Array.isArray(row) || row[CONFIRM_AT] !== '0'
}
