import type { CollateralRules } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { compare, ONE, parseRate, type Rational } from './rational.ts'
import { parseCap } from './tiers.ts'

/** How many times a debt may count. Binance's buffers of the ask side are a few per cent. */
const LIABILITY_RATIO_MAX: Rational = { n: 2n, d: 1n }

/**
 * Refuses a debt that counts less than itself or more than twice, which a percentage or a buffer alone would make of it; and tiers
 * of a collateral whose caps do not rise or whose ratios do, with RULES_INVALID; the path is inside the rules of
 * the asset. A larger amount of an asset never counts at a better ratio (Bybit, Binance and OKX publish falling ones).
 */
export function checkCollateral(asset: string, { tiers, liabilityRatio }: CollateralRules): void {
  const times = parseRate(liabilityRatio)
  if (compare(times, ONE) < 0 || compare(times, LIABILITY_RATIO_MAX) > 0) {
    refuse(asset, 'liabilityRatio', liabilityRatio, 'a debt counts once to twice: a buffer of 5 % is 1.05')
  }
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
