import { feeRateAtMarkOf } from './closing-fee.ts'
import { isInitialAtEntry } from './exact-rules.ts'
import type { Known } from './formula-figures.ts'
import type { Leg } from './leg.ts'
import { type StraightPosition, straightAccountOf } from './straight.ts'

/** The legs of a margin account that straight pieces say exactly; undefined for any other one. */
export function straightLegsOf({ formula }: Known): readonly Leg[] | undefined {
  const { pool, marginMode, positions, walletBalance } = formula
  if (pool !== undefined) return undefined
  const straight = straightAccountOf({ marginMode, positions, currency: '' }, walletBalance)
  if (straight === undefined || straight.uncertainty.n !== 0n) return undefined
  if (!straight.positions.every(isStraight)) return undefined
  return straight.positions.map((curve, index) => {
    const ruled = positions[index]!
    return {
      curve,
      position: ruled.position,
      closingFeeRate: feeRateAtMarkOf(ruled),
      isInitialAtEntry: isInitialAtEntry(ruled),
    }
  })
}

function isStraight({ tiers, isFundingAsked }: StraightPosition): boolean {
  return !isFundingAsked && tiers.every(({ increment }) => increment === undefined)
}
