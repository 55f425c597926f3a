import type { CollateralRules } from '../../domain/index.ts'
import { add, formatDecimal, ONE, parseDecimal, sub } from '../../margin/index.ts'
import { type CollateralTerms, multiAssetRules, oneRatio } from './collateral.ts'

/**
 * An asset of multi-assets mode: what is owned counts at the bid side of its index, index·(1 − bid buffer), and what is owed at
 * the ask side, index·(1 + ask buffer). Buffers are fractions. Documents of USDⓈ-M, "Multi-Assets Mode Asset Index".
 */
export function bufferedRules(
  bidBuffer: string,
  askBuffer: string,
  asOf: string,
  terms: Partial<CollateralTerms> = {},
): CollateralRules {
  return multiAssetRules(oneRatio(formatDecimal(sub(ONE, parseDecimal(bidBuffer)))), asOf, {
    source: '/fapi/v1/assetIndex',
    discounts: 'equity',
    liabilityRatio: formatDecimal(add(ONE, parseDecimal(askBuffer))),
    // The ratio of the mode is the margin of positions over the equity of assets; a debt has none of its own.
    liabilityMaintenanceRate: '0',
    ...terms,
  })
}
