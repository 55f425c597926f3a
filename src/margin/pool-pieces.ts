// What an asset of a pool brings to the margin balance, as pieces of what moves the amount of it that is held.
import type { CollateralRules } from '../domain/index.ts'
import type { Tiered } from './pieces.ts'
import type { PoolTerms } from './pool-formulas.ts'
import type { PricedAsset } from './priced-assets.ts'
import { add, mul, neg, ONE, parseRate, type Rational, sub, ZERO } from './rational.ts'
import { type ExactTier, parseCap } from './tiers.ts'

/** What an asset gains with w, in units of it: money in the wallet, and PnL that is not realised. */
export interface AssetGain {
  readonly wallet: Rational
  readonly contribution: Rational
}

/** As a part of `Pieces`: slope·w − tiered. */
export interface CountedGain {
  readonly slope: Rational
  readonly tiered: Tiered | undefined
}

/** Whether both count with the weights of the tiers together, so that what is asked in the asset moves no side of its index price. */
export function isCountedInCoin({ asset: { rules } }: PricedAsset): boolean {
  return rules?.basis !== 'value'
}

/**
 * What the asset counts, times `factor`, at an index price, but for a constant. The amounts of `priced` are those at w = `at`,
 * where `added` more is in the wallet.
 */
export function countedGain(
  { liquidationLevel }: PoolTerms,
  priced: PricedAsset,
  gain: AssetGain,
  at: Rational,
  indexPrice: Rational,
  factor: Rational = ONE,
  added: Rational = ZERO,
): CountedGain {
  const { wallet, liability, rules } = priced.asset
  const price = mul(factor, indexPrice)
  const all = add(gain.wallet, gain.contribution)
  if (rules === undefined) return { slope: mul(all, price), tiered: undefined }
  const own = add(wallet, added)
  if (liquidationLevel !== undefined) {
    const held = add(own, priced.contribution)
    return { slope: ZERO, tiered: weightsAlong(rules, held, all, at, indexPrice, factor) }
  }
  const owned = sub(own, liability)
  if (rules.discounts === 'wallet')
    return {
      slope: mul(gain.contribution, price),
      tiered: weightsAlong(rules, owned, gain.wallet, at, indexPrice, factor),
    }
  const held = add(owned, priced.contribution)
  return { slope: ZERO, tiered: weightsAlong(rules, held, all, at, indexPrice, factor) }
}

/** The weights of held + gain·(w − at); undefined where the amount stays. */
function weightsAlong(
  rules: CollateralRules,
  held: Rational,
  gain: Rational,
  at: Rational,
  indexPrice: Rational,
  factor: Rational,
): Tiered | undefined {
  if (gain.n === 0n) return undefined
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
