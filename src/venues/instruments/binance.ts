import type { InstrumentList } from '../../domain/index.ts'
import { binanceTickSizeOf } from '../imports/binance.ts'
import { decimalOf, textOrUndefined } from '../imports/body.ts'
import { expiryIn, instrumentList, statusIn } from './statement.ts'

/** The list of USDⓈ-M has some 1 MB. */
const BODY_BYTES_MAX = 16 * 1_048_576

/** "Contract status" of both parts' documents. */
const STATUSES = {
  PENDING_TRADING: 'pre-launch',
  TRADING: 'listed',
  PRE_DELIVERING: 'settling',
  DELIVERING: 'settling',
  DELIVERED: 'closed',
  PRE_SETTLE: 'settling',
  SETTLING: 'settling',
  CLOSE: 'closed',
} as const

interface Part {
  readonly id: string
  readonly url: string
  readonly path: string
  readonly symbols: RegExp
  /** The field of the status. */
  readonly status: string
  readonly contribution: 'linear' | 'inverse'
}

/** `exchangeInfo` of both parts, one body of all contracts, which weighs 1 of what the parts count together. */
export function binanceInstruments(usdm: RegExp, coinm: RegExp): readonly InstrumentList[] {
  return [
    listOf({
      id: 'binance-usdm-instruments',
      url: 'https://fapi.binance.com',
      path: '/fapi/v1/exchangeInfo',
      symbols: usdm,
      status: 'status',
      contribution: 'linear',
    }),
    listOf({
      id: 'binance-coinm-instruments',
      url: 'https://dapi.binance.com',
      path: '/dapi/v1/exchangeInfo',
      symbols: coinm,
      status: 'contractStatus',
      contribution: 'inverse',
    }),
  ]
}

function listOf({ id, url, path, symbols, status, contribution }: Part): InstrumentList {
  return instrumentList({
    id,
    url,
    carries: (symbol) => symbols.test(symbol),
    requestUrl: (base) => `${base}${path}`,
    pagesMax: 1,
    requestsPerSecondMax: 5,
    limitId: 'binance-klines',
    bodyBytesMax: BODY_BYTES_MAX,
    form: {
      list: 'symbols',
      symbol: 'symbol',
      statusOf: (entry) => statusIn(entry, status, STATUSES),
      // Of a perpetual the year 2100, or the time of its delisting.
      expiryOf: (entry) => expiryIn(entry, 'deliveryDate'),
      termsOf: (entry) => ({
        contribution,
        // Contracts of USDⓈ-M are one coin each, and state no size.
        multiplier: decimalOf(entry.contractSize),
        settlementAsset: textOrUndefined(entry, 'marginAsset'),
        ...binanceTickSizeOf(entry),
      }),
    },
  })
}
