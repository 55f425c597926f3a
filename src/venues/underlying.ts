import { indexName, indexOf, isIndexName, type Underlying, type VenueId } from '../domain/index.ts'
import { INDEXES as BYBIT } from './bybit-contracts.ts'
import { coinOfAsset, coinsInUnit } from './coins.ts'

/** Perpetual contracts of a venue by their names, whose first group is the asset, and the currency of their price. */
interface Perpetuals {
  readonly contract: RegExp
  readonly currency: string
}

/** Only perpetuals: a dated contract differs from its coin by a basis, an option by its strike. */
const PERPETUALS: Readonly<Record<string, readonly Perpetuals[]>> = {
  bybit: BYBIT,
  binance: [
    { contract: /^([\p{Lu}\p{Lo}\d]+)USDT$/u, currency: 'USDT' },
    { contract: /^([\p{Lu}\p{Lo}\d]+)USDC$/u, currency: 'USDC' },
    { contract: /^([A-Z\d]+)USD_PERP$/, currency: 'USD' },
  ],
  okx: [
    { contract: /^([A-Z\d]+)-USDT-SWAP$/, currency: 'USDT' },
    { contract: /^([A-Z\d]+)-USDC-SWAP$/, currency: 'USDC' },
    { contract: /^([A-Z\d]+)-USD-SWAP$/, currency: 'USD' },
  ],
  bitmex: [
    { contract: /^([A-Z\d]+)USDT$/, currency: 'USDT' },
    { contract: /^([A-Z\d]+)USD$/, currency: 'USD' },
  ],
  deribit: [
    { contract: /^([A-Z\d]+)-PERPETUAL$/, currency: 'USD' },
    { contract: /^([A-Z\d]+)_USDC-PERPETUAL$/, currency: 'USDC' },
  ],
  kraken: [{ contract: /^P[FI]_([A-Z\d]+)USD$/, currency: 'USD' }],
  hyperliquid: [{ contract: /^(k?[A-Z\d][A-Za-z\d]*)$/, currency: 'USDC' }],
  dydx: [{ contract: /^([A-Z\d]+)-USD$/, currency: 'USD' }],
}

/** Currencies that are a dollar, so that prices in them are compared. */
const DOLLARS: readonly string[] = ['USD', 'USDT', 'USDC']
/** Bitcoin by the name of ISO 4217. */
const COINS: Readonly<Record<string, string>> = { XBT: 'BTC' }
/** What the price of a perpetual contract, or an index price, follows; undefined for other contracts. */
export function underlyingOf(venue: VenueId, symbol: string): Underlying | undefined {
  if (isIndexName(symbol)) {
    const index = indexOf(symbol)
    return index === undefined ? undefined : named(index.asset, index.currency, undefined)
  }
  for (const { contract, currency } of PERPETUALS[venue] ?? []) {
    const asset = contract.exec(symbol)?.[1]
    if (asset !== undefined) return named(asset, currency, indexName(asset, currency))
  }
  return undefined
}

function named(asset: string, currency: string, index: string | undefined): Underlying {
  const bare = coinOfAsset(asset)
  const coin = COINS[bare] ?? bare
  const units = coinsInUnit(asset)
  const counted = units === '1' ? coin : `${units} ${coin}`
  return { name: DOLLARS.includes(currency) ? counted : `${counted}/${currency}`, coin, index }
}
