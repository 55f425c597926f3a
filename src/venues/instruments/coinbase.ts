import type { ContractStatus, InstrumentList } from '../../domain/index.ts'
import { isObject, type JsonObject } from '../frame.ts'
import { positiveIn, textOrUndefined, tickSizeField } from '../imports/body.ts'
import { refuseBody } from '../mark-bars.ts'
import { expiryIn, instrumentList } from './statement.ts'

/** A page has some 500 kB. */
const BODY_BYTES_MAX = 8 * 1_048_576
const PAGES_MAX = 10

/** Of the US exchange; perpetuals of the International one bear other names in this list. */
const US_FUTURE = /-CDE$/

/** `/api/v3/brokerage/market/products` of futures, "List Public Products". */
export function coinbaseInstruments(symbols: RegExp): readonly InstrumentList[] {
  return [
    instrumentList({
      id: 'coinbase-cfm-instruments',
      url: 'https://api.coinbase.com',
      carries: (symbol) => symbols.test(symbol) && US_FUTURE.test(symbol),
      requestUrl(url, cursor) {
        const query = new URLSearchParams({ product_type: 'FUTURE' })
        if (cursor !== undefined) query.set('cursor', cursor)
        return `${url}/api/v3/brokerage/market/products?${query}`
      },
      pagesMax: PAGES_MAX,
      // The venue allows 10 requests a second from an address.
      requestsPerSecondMax: 1,
      bodyBytesMax: BODY_BYTES_MAX,
      form: {
        list: 'products',
        symbol: 'product_id',
        envelope: cursorOf,
        statusOf,
        expiryOf: (entry) => expiryIn(detailsOf(entry), 'contract_expiry'),
        termsOf,
      },
    }),
  ]
}

function cursorOf({ pagination }: JsonObject): string | undefined {
  if (!isObject(pagination) || pagination.has_next !== true) return undefined
  return (
    textOrUndefined(pagination, 'next_cursor') ??
    refuseBody(
      'pagination.next_cursor',
      pagination.next_cursor,
      'must be a text where a further page follows',
    )
  )
}

function detailsOf({ future_product_details: details }: JsonObject): JsonObject {
  return isObject(details) ? details : refuseBody('future_product_details', details, 'must be a JSON object')
}

/** A product that is disabled may be halted, so it is not taken for closed. */
function statusOf({ is_disabled }: JsonObject): ContractStatus {
  if (typeof is_disabled !== 'boolean') return refuseBody('is_disabled', is_disabled, 'must be true or false')
  return is_disabled ? 'settling' : 'listed'
}

function termsOf(entry: JsonObject) {
  const details = detailsOf(entry)
  // Those of the International exchange have no code.
  if (textOrUndefined(details, 'contract_code') === undefined) return {}
  return {
    multiplier: positiveIn(details, 'contract_size'),
    settlementAsset: textOrUndefined(entry, 'quote_currency_id'),
    ...tickSizeField(entry.price_increment),
  }
}
