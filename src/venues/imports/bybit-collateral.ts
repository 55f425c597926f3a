import type { RulesBody } from '../../domain/index.ts'
import { type BodyRecord, recordsOf, refuse, symbolIn, type Taken } from './body.ts'
import { collateralTiersOf, multiAssetRules, oneRatio } from './collateral.ts'

export const BYBIT_COLLATERAL = '/v5/spot-margin-trade/collateral'

const FIELDS = { from: 'minQty', to: 'maxQty', ratio: 'collateralRatio' }

/**
 * The assets of `/v5/spot-margin-trade/collateral`: bounds in coin, `""` for no upper one. With the body of
 * `/v5/account/collateral-info` an asset that the venue does not take, or that the user has switched off, counts as nothing.
 * That body alone states no tiers (its `collateralRatio` is "no longer accurate" since 2025-02-19), so its assets are refused.
 * Documents v5, "Get Tiered Collateral Ratio" and "Get Collateral Info".
 */
export function takeBybitCollateral(taken: Taken, bodies: readonly RulesBody[], asOf: string): void {
  const isTiered = (record: BodyRecord) => record.collateralRatioList !== undefined
  const isOfAccount = ({ currency, marginCollateral, collateralSwitch }: BodyRecord) =>
    typeof currency === 'string' && (marginCollateral !== undefined || collateralSwitch !== undefined)
  const ofAccount = new Map(recordsOf(bodies, isOfAccount).map((record) => [record.currency, record]))
  const named = new Set<string>()
  for (const record of recordsOf(bodies, isTiered)) {
    const asset = symbolIn(record, 'currency')
    named.add(asset)
    taken.takeCollateral(asset, () => {
      const tiers = collateralTiersOf(record.collateralRatioList, FIELDS, undefined)
      const counts = isTaken(ofAccount.get(asset))
      return multiAssetRules(counts ? tiers : oneRatio('0'), asOf, {
        source: BYBIT_COLLATERAL,
        discounts: 'wallet',
      })
    })
  }
  for (const currency of ofAccount.keys()) {
    const asset = currency as string
    if (named.has(asset)) continue
    taken.takeCollateral(asset, () => refuse(`its tiers are missing: add the body of ${BYBIT_COLLATERAL}`))
  }
}

/** Whether the venue takes the asset as margin, and the user has not switched it off. */
function isTaken(record: BodyRecord | undefined): boolean {
  if (record === undefined) return true
  const { marginCollateral = true, collateralSwitch = true } = record
  for (const [field, flag] of Object.entries({ marginCollateral, collateralSwitch })) {
    if (typeof flag !== 'boolean') refuse(`${field} must be true or false`)
  }
  return marginCollateral === true && collateralSwitch === true
}
