import { type ContractStatus, type InstrumentList, shownValue } from '../../domain/index.ts'
import { isObject, type JsonObject } from '../frame.ts'
import { tickSizeField } from '../imports/body.ts'
import { deribitTermsOf } from '../imports/deribit.ts'
import { refuseBody } from '../mark-bars.ts'
import { expiryIn, instrumentList } from './statement.ts'

/** The list of all options has some 4 MB. */
const BODY_BYTES_MAX = 32 * 1_048_576

const OPTION = /-[CP]$/

/** `public/get_instruments` of all currencies, of which the venue allows one a second. */
export function deribitInstruments(symbols: RegExp): readonly InstrumentList[] {
  return (['future', 'option'] as const).map((kind) =>
    instrumentList({
      id: `deribit-${kind}-instruments`,
      url: 'https://www.deribit.com',
      carries: (symbol) => symbols.test(symbol) && OPTION.test(symbol) === (kind === 'option'),
      requestUrl: (url) => `${url}/api/v2/public/get_instruments?currency=any&kind=${kind}&expired=false`,
      pagesMax: 1,
      requestsPerSecondMax: 0.5,
      limitId: 'deribit-instruments',
      bodyBytesMax: BODY_BYTES_MAX,
      form: {
        list: 'result',
        symbol: 'instrument_name',
        envelope({ error }) {
          if (isObject(error)) refuseBody('error', error.code, `the venue says ${shownValue(error.message)}`)
          return undefined
        },
        statusOf,
        expiryOf: (entry) => expiryIn(entry, 'expiration_timestamp'),
        // A unit of size is a dollar or a coin, whatever the size of a contract.
        termsOf: (entry) => ({ ...deribitTermsOf(entry), ...tickSizeField(entry.tick_size) }),
      },
    }),
  )
}

function statusOf({ is_active }: JsonObject): ContractStatus {
  if (typeof is_active !== 'boolean') return refuseBody('is_active', is_active, 'must be true or false')
  return is_active ? 'listed' : 'closed'
}
