import type { CollateralRules } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { compare, parseRate } from './rational.ts'
import { parseCap } from './tiers.ts'

/**
 * Refuses tiers of a collateral whose caps do not rise or whose ratios do, with RULES_INVALID; the path is inside the rules of
 * the asset. A larger amount of an asset never counts at a better ratio (Bybit, Binance and OKX publish falling ones).
 */
export function checkCollateral(asset: string, { tiers }: CollateralRules): void {
  tiers.forEach(({ cap, ratio }, index) => {
    const below = tiers[index - 1]
    if (below === undefined) return
    if (compare(parseCap(cap), parseCap(below.cap)) <= 0) {
      refuse(asset, `tiers[${index}].cap`, cap, `it must be above the cap before it, ${below.cap}`)
    }
    if (compare(parseRate(ratio), parseRate(below.ratio)) > 0) {
      refuse(
        asset,
        `tiers[${index}].ratio`,
        ratio,
        `it must not be above the ratio before it, ${below.ratio}`,
      )
    }
  })
}

function refuse(asset: string, path: string, value: string, rule: string): never {
  throw new PlimsollError('RULES_INVALID', `${path} of ${asset} is ${value}, ${rule}`, { path })
}
