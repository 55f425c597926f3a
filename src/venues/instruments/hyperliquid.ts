import type { ContractStatus, InstrumentList } from '../../domain/index.ts'
import { isObject, type JsonObject } from '../frame.ts'
import { decimalOf } from '../imports/body.ts'
import { COLLATERAL } from '../imports/hyperliquid.ts'
import { refuseBody } from '../mark-bars.ts'
import { instrumentList } from './statement.ts'

/** The metas of all exchanges have some 200 kB. */
const BODY_BYTES_MAX = 8 * 1_048_576

/** `info`, request `allPerpMetas`: one meta an exchange, each with its universe. Nothing expires. */
export function hyperliquidInstruments(symbols: RegExp): readonly InstrumentList[] {
  return [
    instrumentList({
      id: 'hyperliquid-instruments',
      url: 'https://api.hyperliquid.xyz',
      carries: (symbol) => symbols.test(symbol),
      requestUrl: (url) => `${url}/info`,
      requestBody: '{"type":"allPerpMetas"}',
      pagesMax: 1,
      // The request weighs 20 of the 1,200 that an address has in a minute.
      requestsPerSecondMax: 0.5,
      bodyBytesMax: BODY_BYTES_MAX,
      form: {
        list: undefined,
        contractsOf,
        symbol: 'name',
        statusOf,
        expiryOf: () => undefined,
        // The token is stated by its number; of one that is not known no name is.
        termsOf: ({ collateralToken }) => ({
          settlementAsset: COLLATERAL[decimalOf(collateralToken) ?? '0'],
        }),
      },
    }),
  ]
}

/** An exchange without a universe may list any contract. */
function contractsOf(meta: unknown): readonly unknown[] {
  if (!isObject(meta) || !Array.isArray(meta.universe)) return [undefined]
  const { universe, collateralToken } = meta
  return universe.map((asset) => (isObject(asset) ? { ...asset, collateralToken } : asset))
}

function statusOf({ isDelisted = null }: JsonObject): ContractStatus {
  if (isDelisted !== null && typeof isDelisted !== 'boolean')
    return refuseBody('isDelisted', isDelisted, 'must be true or false')
  return isDelisted === true ? 'closed' : 'listed'
}
