import { MARK_BAR_MS, type MarkHistory } from '../domain/index.ts'
import { isObject } from './frame.ts'
import { barsOf, listIn, objectOfBody, refuseBody } from './mark-bars.ts'

/** The venue gives up to 2,000; a quarter of them is read in a few milliseconds, which live prices wait for. */
const BARS_PER_REQUEST_MAX = 500
/** The venue states no limit for candles. */
const REQUESTS_PER_SECOND_MAX = 1
/** A page of 500 candles has some 60 kB. */
const BODY_BYTES_MAX = 1_048_576
const SECOND_MS = 1_000

/**
 * `/api/charts/v1/mark/SYMBOL/1m`, and `spot` for the index price that the contract follows, oldest candle first ("Charts",
 * "Market Candles"). Times are asked for in seconds and answered in milliseconds. The body does not name the market.
 */
export function krakenMarkHistory(
  symbols: RegExp,
  contractOf: (symbol: string) => string | undefined,
): MarkHistory {
  return {
    id: 'kraken-futures-candles',
    url: 'https://futures.kraken.com',
    carries: (symbol) => symbols.test(contractOf(symbol) ?? symbol),
    requestUrl(url, symbol, fromMs, toMs) {
      const contract = contractOf(symbol)
      const lastMs = toMs + MARK_BAR_MS - SECOND_MS
      const query = new URLSearchParams({
        from: String(fromMs / SECOND_MS),
        to: String(lastMs / SECOND_MS),
      })
      const kind = contract === undefined ? 'mark' : 'spot'
      return `${url}/api/charts/v1/${kind}/${contract ?? symbol}/1m?${query}`
    },
    barsPerRequestMax: BARS_PER_REQUEST_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    bodyBytesMax: BODY_BYTES_MAX,
    parse(body) {
      const candles = listIn(objectOfBody(body), 'candles')
      return barsOf(
        candles.map((candle, index) => {
          if (!isObject(candle)) return refuseBody(`bar ${index + 1}`, candle, 'must be an object')
          const { time, open, high, low, close } = candle
          return { openTimeMs: time, open, high, low, close }
        }),
      )
    },
  }
}
