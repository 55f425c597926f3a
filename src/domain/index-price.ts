import { ASSET_PATTERN } from './asset.ts'

const ASSET = ASSET_PATTERN.source.slice(1, -1)
const SUFFIX = ' index'
const INDEX_PATTERN = new RegExp(`^(${ASSET})/(${ASSET})${SUFFIX}$`, 'u')

/**
 * The name of an index price: `BTC/USD index` is the price of one BTC in US dollars, as a venue values it. Feeds and markets hold
 * it beside the symbols of contracts, which have no space.
 */
export function indexName(asset: string, currency: string): string {
  return `${asset}/${currency}${SUFFIX}`
}

export function isIndexName(name: string): boolean {
  return name.endsWith(SUFFIX)
}

/** What an index price is of; undefined for a text that `indexName` does not give. */
export function indexOf(name: string): { readonly asset: string; readonly currency: string } | undefined {
  const [, asset, currency] = INDEX_PATTERN.exec(name) ?? []
  return asset === undefined || currency === undefined ? undefined : { asset, currency }
}
