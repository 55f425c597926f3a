import { MARK_BAR_MS, type MarkHistory } from '../domain/index.ts'
import { barsOfRows, listOfBody } from './mark-bars.ts'

/** Up to 499 bars weigh 2 of the 2,400 that an address may ask for in a minute; fewer than 100 weigh 1, 500 weigh 5. */
const BARS_PER_REQUEST_MAX = 499
/** 600 of those weights a minute: a quarter. */
const REQUESTS_PER_SECOND_MAX = 5
/** A page of 499 bars has some 80 kB. */
const BODY_BYTES_MAX = 1_048_576

export interface BinanceMarkHistoryOptions {
  readonly id: string
  readonly url: string
  /** `/fapi/v1` or `/dapi/v1`. */
  readonly path: string
  /** Whether the market is a contract of this part of the venue. */
  readonly isContract: (symbol: string) => boolean
  /** The pair whose index price has that name; undefined for a contract, and for an index without bars. */
  readonly pairOf: (symbol: string) => string | undefined
}

/**
 * `markPriceKlines` of a contract and `indexPriceKlines` of a pair, oldest bar first. Both parts of the venue count the requests of an
 * address together since 2026-06-30. The body does not name the market.
 */
export function binanceMarkHistory(options: BinanceMarkHistoryOptions): MarkHistory {
  const { id, url, path, isContract, pairOf } = options
  return {
    id,
    url,
    carries: (symbol) => isContract(symbol) || pairOf(symbol) !== undefined,
    requestUrl(base, symbol, fromMs, toMs) {
      const pair = pairOf(symbol)
      const query = new URLSearchParams({
        ...(pair === undefined ? { symbol } : { pair }),
        interval: '1m',
        startTime: String(fromMs),
        endTime: String(toMs),
        limit: String((toMs - fromMs) / MARK_BAR_MS + 1),
      })
      return `${base}${path}/${pair === undefined ? 'mark' : 'index'}PriceKlines?${query}`
    },
    barsPerRequestMax: BARS_PER_REQUEST_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    limitId: 'binance-klines',
    bodyBytesMax: BODY_BYTES_MAX,
    parse: (body) => barsOfRows(listOfBody(body)),
  }
}
