import { MARK_BAR_MS, type MarkHistory, shownValue } from '../domain/index.ts'
import { INDEXES, INVERSE_SYMBOL, LINEAR_SYMBOL } from './bybit-contracts.ts'
import { isObject } from './frame.ts'
import { IndexCarriers } from './index-names.ts'
import { barsOfRows, listIn, objectOfBody, refuseBody } from './mark-bars.ts'

/** The venue gives up to 1,000; half of them are read in a few milliseconds, which live prices wait for. */
const BARS_PER_REQUEST_MAX = 500
/** The venue bans an address that sends more than 120 a second over 5 seconds, for 10 minutes. */
const REQUESTS_PER_SECOND_MAX = 10
/** A page of 500 bars has some 40 kB. */
const BODY_BYTES_MAX = 1_048_576

const carriers = new IndexCarriers(INDEXES)

/**
 * `/v5/market/mark-price-kline` and `/v5/market/index-price-kline`, newest bar first. An index price is asked for by the contract
 * that carries it in the stream.
 */
export const bybitMarkHistory: MarkHistory = {
  id: 'bybit-klines',
  url: 'https://api.bybit.com',
  carries: (symbol) => categoryOf(contractOf(symbol)) !== undefined,
  requestUrl(url, symbol, fromMs, toMs) {
    const contract = contractOf(symbol)
    const query = new URLSearchParams({
      category: categoryOf(contract) ?? '',
      symbol: contract,
      interval: '1',
      start: String(fromMs),
      end: String(toMs),
      limit: String((toMs - fromMs) / MARK_BAR_MS + 1),
    })
    return `${url}/v5/market/${contract === symbol ? 'mark' : 'index'}-price-kline?${query}`
  },
  barsPerRequestMax: BARS_PER_REQUEST_MAX,
  requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
  bodyBytesMax: BODY_BYTES_MAX,
  parse(body, symbol) {
    const { retCode, retMsg, result } = objectOfBody(body)
    if (retCode !== '0') refuseBody('retCode', retCode, `must be 0; the venue says ${shownValue(retMsg)}`)
    if (!isObject(result)) return refuseBody('result', result, 'must be an object')
    const contract = contractOf(symbol)
    if (result.symbol !== contract) refuseBody('result.symbol', result.symbol, `must be ${contract}`)
    return barsOfRows(listIn(result, 'list'))
  },
}

function contractOf(symbol: string): string {
  return carriers.contractOf(symbol) ?? symbol
}

function categoryOf(contract: string): 'linear' | 'inverse' | undefined {
  if (LINEAR_SYMBOL.test(contract)) return 'linear'
  return INVERSE_SYMBOL.test(contract) ? 'inverse' : undefined
}
