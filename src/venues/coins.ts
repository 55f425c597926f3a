// The coin whose price an instrument follows, by the grammar of venues whose tables do not state it.

/** A thousand PEPE in one unit, and more: 1000PEPE, 1000000MOG, 1MBABYDOGE; SHIB1000 of Bybit; kPEPE of Hyperliquid. */
const UNITS_BEFORE = /^(?:10{3,}|1M|k)(?=[\p{Lu}\p{Lo}]{2})/u
const UNITS_AFTER = /(?<=[\p{Lu}\p{Lo}]{2})10{3,}$/u

/** The coin of an asset that a venue counts by the thousand: PEPE of 1000PEPE. */
export function coinOfAsset(asset: string): string {
  return asset.replace(UNITS_BEFORE, '').replace(UNITS_AFTER, '')
}

/** How many coins one unit of an asset is: `1000` of 1000PEPE, kPEPE and SHIB1000, `1` of BTC. */
export function coinsInUnit(asset: string): string {
  const stated = (UNITS_BEFORE.exec(asset) ?? UNITS_AFTER.exec(asset))?.[0]
  if (stated === undefined) return '1'
  if (stated === 'k') return '1000'
  return stated === '1M' ? '1000000' : stated
}
