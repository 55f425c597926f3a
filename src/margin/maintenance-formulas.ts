// The maintenance margin that a venue asks of a position, without the fee of closing, as the venues' documents write it.
import { assert } from '../errors.ts'
import { type Algebra, magnitude } from './algebra.ts'
import { optionMaintenanceOf } from './option-formulas.ts'
import { type Market, type RuledPosition, roundedMargin, type SizedPosition } from './position-value.ts'
import { max, parseRate, type Rational, sub, ZERO } from './rational.ts'
import { parseCap } from './tiers.ts'

/** Maintenance margin without the fee of closing. */
export function maintenanceOf<N>(sized: SizedPosition<N>, markValue: N, market: Market<N>): N {
  const { algebra, ruled, isLong } = sized
  const { rules } = ruled
  const { maintenance } = rules
  const value = maintenanceValueOf(sized, markValue)
  const share = (rate: string) => algebra.mul(algebra.read(rate), value)
  const own = ownRateOf(ruled)
  if (own !== undefined) return algebra.mul(algebra.of(own), value)
  switch (maintenance.kind) {
    case 'marginal-tiers':
      return algebra.rising(value, (at) => {
        const tier = tierOf(algebra, maintenance.tiers, at)
        const deduction = algebra.read(tier.maintenanceDeduction)
        return algebra.sub(algebra.mul(algebra.read(tier.maintenanceMarginRate), at), deduction)
      })
    case 'whole-tiers':
      if (maintenance.basis === 'contracts')
        return share(tierOf(algebra, maintenance.tiers, magnitude(algebra, sized.size)).maintenanceMarginRate)
      return algebra.rising(value, (at) => {
        const { maintenanceMarginRate } = tierOf(algebra, maintenance.tiers, at)
        return algebra.mul(algebra.read(maintenanceMarginRate), at)
      })
    case 'size-rate':
      return algebra.mul(value, sizeRateOf(sized, markValue, maintenance))
    case 'per-contract':
      return algebra.mul(magnitude(algebra, sized.size), algebra.read(maintenance.amount))
    case 'side-rates':
      return share(isLong ? maintenance.long : maintenance.short)
    case 'used-margin':
      return usedMarginOf(sized, markValue, maintenance.share)
    case 'initial-share': {
      const { initialRate, share: part } = maintenance
      return algebra.mul(algebra.read(part), roundedMargin(sized, share(initialRate)))
    }
    case 'option-standard':
      return optionMaintenanceOf(sized, markValue, market.underlyingPrice)
  }
}

/** The value on which it is asked. */
export function maintenanceValueOf<N>({ algebra, ruled, entryValue }: SizedPosition<N>, markValue: N): N {
  switch (ruled.rules.maintenancePrice) {
    case 'entry':
      return entryValue
    case 'larger':
      return algebra.larger(entryValue, markValue)
    default:
      return markValue
  }
}

/** Kraken spot: the used margin of a long position is fixed at entry, that of a short one follows the price. */
export function usedMarginOf<N>(
  { algebra, ruled, isLong, entryValue }: SizedPosition<N>,
  markValue: N,
  share: string,
): N {
  const { leverage, symbol } = ruled.position
  assert(leverage !== undefined, `position ${symbol} states the leverage that its used margin needs`)
  const used = algebra.div(isLong ? entryValue : markValue, algebra.read(leverage))
  return algebra.mul(algebra.read(share), used)
}

/** The maintenance margin rate that the venue gives to this position alone; undefined where its table holds. */
export function ownRateOf({ position }: RuledPosition): Rational | undefined {
  const { maintenanceMarginRate } = position
  return maintenanceMarginRate === undefined ? undefined : parseRate(maintenanceMarginRate)
}

/** The first tier whose cap is not below; the last for all above. */
export function tierOf<N, Tier extends { readonly cap: string }>(
  algebra: Algebra<N>,
  tiers: readonly Tier[],
  measure: N,
): Tier {
  let low = 0
  let high = tiers.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (algebra.compare(measure, algebra.of(parseCap(tiers[middle]!.cap))) <= 0) high = middle
    else low = middle + 1
  }
  return tiers[low]!
}

/** base + increment·size in coin (Deribit); the size of an inverse contract in coin is its value. */
export function sizeRateOf<N>(
  { algebra, ruled, amount }: SizedPosition<N>,
  markValue: N,
  rate: { base: string; increment: string },
): N {
  const coins = ruled.rules.contribution === 'inverse' ? markValue : amount
  return algebra.add(algebra.read(rate.base), algebra.mul(algebra.read(rate.increment), coins))
}

/**
 * The maintenance margin with the fee of closing and the funding that counts in it, on the value at entry. BitMEX: ceil((
 * maintenance rate + funding to pay)·|cost| + closing fee); the sum is rounded once, by the caller.
 */
export function askedMaintenanceOf<N>(
  { algebra, isLong, ruled, entryValue }: SizedPosition<N>,
  tiered: N,
  closingFee: N,
  { fundingRate }: Market<N>,
): N {
  const asked = algebra.add(tiered, closingFee)
  if (ruled.rules.fundingInMaintenance !== true) return asked
  const payable = max(ZERO, isLong ? fundingRate : sub(ZERO, fundingRate))
  return algebra.add(asked, algebra.mul(algebra.of(payable), entryValue))
}
