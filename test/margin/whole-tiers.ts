import type { Curve } from '../../src/margin/curve.ts'
import { type MarginAccount, parseDecimal, ZERO } from '../../src/margin/index.ts'

/** [cap, rate] of tiers whose rate applies to the whole position. */
export type WholeTier = readonly [cap: string, rate: string]

export function wholeTiers(...tiers: readonly WholeTier[]): Curve['tiers'] {
  return tiers.map(([cap, rate]) => ({
    cap: parseDecimal(cap),
    maintenanceMarginRate: parseDecimal(rate),
    maintenanceDeduction: ZERO,
  }))
}

/** The margin account with other tiers in each of its curves. */
export function withTiers(
  marginAccount: MarginAccount,
  tiersOf: (curve: Curve) => Curve['tiers'],
): MarginAccount {
  const legs = marginAccount.legs.map((leg) => ({
    ...leg,
    curve: { ...leg.curve, tiers: tiersOf(leg.curve) },
  }))
  return { ...marginAccount, legs, curves: legs.map(({ curve }) => curve) }
}
