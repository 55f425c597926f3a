import { type InstrumentList, shownValue } from '../../domain/index.ts'
import { okxTermsOf } from '../imports/okx.ts'
import { refuseBody } from '../mark-bars.ts'
import { expiryIn, instrumentList, statusIn } from './statement.ts'

/** A list has some 300 kB. */
const BODY_BYTES_MAX = 8 * 1_048_576

/** `state` of `/api/v5/public/instruments`; a contract that is suspended, rebased or tested has its mark and its margin. */
const STATUSES = {
  live: 'listed',
  suspend: 'listed',
  rebase: 'listed',
  post_only: 'listed',
  test: 'listed',
  preopen: 'pre-launch',
  settlement: 'settling',
  expired: 'closed',
} as const

function listOf(type: 'SWAP' | 'FUTURES', symbols: RegExp): InstrumentList {
  return instrumentList({
    id: `okx-${type.toLowerCase()}-instruments`,
    url: 'https://www.okx.com',
    carries: (symbol) => symbols.test(symbol),
    requestUrl: (url) => `${url}/api/v5/public/instruments?instType=${type}`,
    pagesMax: 1,
    // The venue takes 20 requests in 2 seconds from an address, counted for this endpoint alone.
    requestsPerSecondMax: 3,
    limitId: 'okx-instruments',
    bodyBytesMax: BODY_BYTES_MAX,
    form: {
      list: 'data',
      symbol: 'instId',
      envelope({ code, msg }) {
        if (code !== '0') refuseBody('code', code, `must be 0; the venue says ${shownValue(msg)}`)
        return undefined
      },
      statusOf: (entry) => statusIn(entry, 'state', STATUSES),
      // Of a swap the time at which the venue takes it off, empty where none is announced.
      expiryOf: (entry) => expiryIn(entry, 'expTime'),
      termsOf: okxTermsOf,
    },
  })
}

export const okxInstruments: readonly InstrumentList[] = [
  listOf('SWAP', /-SWAP$/),
  listOf('FUTURES', /-\d{6}$/),
]
