// What an asset of a pool brings to the margin balance, as pieces of what moves the amount of it that is held.
import type { CollateralRules } from '../domain/index.ts'
import type { Tiered } from './pieces.ts'
import { debtRateOf, type PoolAsset, type PoolTerms } from './pool-formulas.ts'
import type { PricedAsset } from './priced-assets.ts'
import { add, max, mul, neg, ONE, parseRate, type Rational, sub, ZERO } from './rational.ts'
import { type ExactTier, parseCap } from './tiers.ts'

/** What an asset gains with w, in units of it: money in the wallet, and PnL that is not realised. */
export interface AssetGain {
  readonly wallet: Rational
  readonly contribution: Rational
}

/** As a part of `Pieces`: slope·w − Σ tiered. */
export interface CountedGain {
  readonly slope: Rational
  readonly tiered: readonly Tiered[]
}

/** Whether both count with the weights of the tiers together, so that what is asked in the asset moves no side of its index price. */
export function isCountedInCoin({ asset: { weights } }: PricedAsset): boolean {
  return weights?.basis !== 'value'
}

/**
 * What the asset counts, times `factor`, less what its debts ask for, at an index price, but for a constant. The amounts of
 * `priced` are those at w = `at`, where `added` more is in the wallet. Of spot margin the wallet stays on its side of zero.
 */
export function countedGain(
  pool: PoolTerms,
  priced: PricedAsset,
  gain: AssetGain,
  at: Rational,
  indexPrice: Rational,
  factor: Rational = ONE,
  added: Rational = ZERO,
): CountedGain {
  const { wallet, liability, weights } = priced.asset
  const price = mul(factor, indexPrice)
  const all = add(gain.wallet, gain.contribution)
  const own = add(wallet, added)
  const debts = debtsAlong(pool, priced.asset, own, gain.wallet, at, indexPrice)
  if (weights === undefined) return { slope: mul(all, price), tiered: debts }
  const weighed = (held: Rational, moving: Rational): Tiered[] =>
    moving.n === 0n ? debts : [...debts, weightsAlong(weights, held, moving, at, indexPrice, factor)]
  if (pool.liquidationLevel !== undefined) {
    const held = add(max(own, ZERO), priced.contribution)
    return { slope: ZERO, tiered: weighed(held, all) }
  }
  const owned = sub(own, liability)
  if (weights.discounts === 'wallet')
    return { slope: mul(gain.contribution, price), tiered: weighed(owned, gain.wallet) }
  return { slope: ZERO, tiered: weighed(add(owned, priced.contribution), all) }
}

/** What the wallet is below zero, as tiers: all of it, and nothing above zero. */
const BELOW_ZERO: readonly ExactTier[] = [
  { cap: ZERO, maintenanceMarginRate: ONE, maintenanceDeduction: ZERO },
  { cap: ONE, maintenanceMarginRate: ZERO, maintenanceDeduction: ZERO },
]

/** What is asked for a wallet of own + gain·(w − at) that is below zero. */
function debtsAlong(
  pool: PoolTerms,
  asset: PoolAsset,
  own: Rational,
  gain: Rational,
  at: Rational,
  indexPrice: Rational,
): Tiered[] {
  const rate = debtRateOf(pool, asset)
  if (gain.n === 0n || rate.n === 0n) return []
  const start = sub(own, mul(gain, at))
  return [{ tiers: BELOW_ZERO, start, slope: gain, worth: neg(mul(rate, indexPrice)) }]
}

/** The weights of held + gain·(w − at). */
function weightsAlong(
  rules: CollateralRules,
  held: Rational,
  gain: Rational,
  at: Rational,
  indexPrice: Rational,
  factor: Rational,
): Tiered {
  const tiers = weightTiersOf(rules)
  const start = sub(held, mul(gain, at))
  return rules.basis === 'coin'
    ? { tiers, start, slope: gain, worth: neg(mul(factor, indexPrice)) }
    : { tiers, start: mul(start, indexPrice), slope: mul(gain, indexPrice), worth: neg(factor) }
}

const weightTiers = new WeakMap<CollateralRules, readonly ExactTier[]>()

/** The weights of an asset as tiers that ask for what it counts. What is owed is the first one. */
function weightTiersOf(rules: CollateralRules): readonly ExactTier[] {
  const known = weightTiers.get(rules)
  if (known !== undefined) return known
  const owed = {
    cap: ZERO,
    maintenanceMarginRate: parseRate(rules.liabilityRatio),
    maintenanceDeduction: ZERO,
  }
  const tiers: ExactTier[] = [owed]
  // The tiers below count with their own ratios: ratio·amount + constant.
  let constant = ZERO
  rules.tiers.forEach(({ cap, ratio }, index) => {
    const tier = { cap: parseCap(cap), maintenanceMarginRate: parseRate(ratio) }
    tiers.push({ ...tier, maintenanceDeduction: neg(constant) })
    const next = rules.tiers[index + 1]
    if (next === undefined) return
    const lost = sub(tier.maintenanceMarginRate, parseRate(next.ratio))
    constant = add(constant, mul(tier.cap, lost))
  })
  weightTiers.set(rules, tiers)
  return tiers
}
