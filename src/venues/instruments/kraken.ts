import { type ContractStatus, type InstrumentList, shownValue } from '../../domain/index.ts'
import type { JsonObject } from '../frame.ts'
import { tickSizeField } from '../imports/body.ts'
import { krakenTermsOf } from '../imports/kraken.ts'
import { refuseBody } from '../mark-bars.ts'
import { expiryIn, instrumentList } from './statement.ts'

/** The list has some 1 MB. */
const BODY_BYTES_MAX = 16 * 1_048_576

/** `/derivatives/api/v3/instruments` of futures. Pairs on spot margin have no such list. */
export function krakenInstruments(futures: RegExp): readonly InstrumentList[] {
  return [
    instrumentList({
      id: 'kraken-futures-instruments',
      url: 'https://futures.kraken.com',
      carries: (symbol) => futures.test(symbol),
      requestUrl: (url) => `${url}/derivatives/api/v3/instruments`,
      pagesMax: 1,
      requestsPerSecondMax: 1,
      bodyBytesMax: BODY_BYTES_MAX,
      form: {
        list: 'instruments',
        symbol: 'symbol',
        envelope({ result, error }) {
          if (result !== 'success')
            refuseBody('result', result, `must be success; the venue says ${shownValue(error)}`)
          return undefined
        },
        statusOf,
        expiryOf: (entry) => expiryIn(entry, 'lastTradingTime'),
        termsOf: (entry) => ({ ...krakenTermsOf(entry), ...tickSizeField(entry.tickSize) }),
      },
    }),
  ]
}

/** A contract that is not tradeable may be halted, so it is not taken for closed. */
function statusOf({ tradeable }: JsonObject): ContractStatus {
  if (typeof tradeable !== 'boolean') return refuseBody('tradeable', tradeable, 'must be true or false')
  return tradeable ? 'listed' : 'settling'
}
