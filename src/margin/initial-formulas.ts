// The initial margin that a venue asks of a position, as the venues' documents write it.
import { type Algebra, magnitude } from './algebra.ts'
import { bankruptcyFeeOf, costInitialOf, feeKindOf, leverageMarginOf } from './closing-fee.ts'
import { isInitialAtEntry } from './exact-rules.ts'
import { maintenanceOf, sizeRateOf, usedMarginOf } from './maintenance-formulas.ts'
import { optionInitialOf } from './option-formulas.ts'
import type { Market, SizedPosition } from './position-value.ts'
import { compare, ONE, parseDecimal, parseRate, type Rational, sub, ZERO } from './rational.ts'
import { parseCap } from './tiers.ts'

export function initialMarginOf<N>(sized: SizedPosition<N>, markValue: N, market: Market<N>): N | undefined {
  const { algebra, ruled, isLong, size } = sized
  const { initial, maintenance, contribution } = ruled.rules
  if (contribution === 'option' && maintenance.kind === 'option-standard')
    return optionInitialOf(sized, markValue, market.underlyingPrice)
  if (initial === undefined) {
    if (feeKindOf(ruled) === 'at-cost') return costInitialOf(sized)
    const margin = leverageMarginOf(sized, isInitialAtEntry(ruled) ? sized.entryValue : markValue)
    return margin === undefined ? undefined : algebra.add(margin, bankruptcyFeeOf(sized))
  }
  switch (initial.kind) {
    case 'rate':
      return algebra.mul(algebra.read(initial.rate), markValue)
    case 'size-rate':
      return algebra.mul(markValue, sizeRateOf(sized, markValue, initial))
    case 'per-contract':
      return algebra.mul(magnitude(algebra, size), algebra.read(initial.amount))
    case 'side-rates':
      return algebra.mul(algebra.read(isLong ? initial.long : initial.short), markValue)
    case 'used-margin':
      return usedMarginOf(sized, markValue, initial.share)
    case 'multiple':
      return multipleOf(sized, maintenanceOf(sized, markValue, market), initial)
    case 'open-interest': {
      const rate = openInterestRateOf(algebra, initial, market.markPrice)
      return rate === undefined ? undefined : algebra.mul(rate, markValue)
    }
  }
}

const MILLIONTH: Rational = { n: 1n, d: 1_000_000n }

/** The maintenance margin times the factor; up to `roundUpTo` for each unit of size, where the venue rounds. */
function multipleOf<N>(
  { algebra, size }: SizedPosition<N>,
  maintenance: N,
  { factor, roundUpTo }: { factor: string; roundUpTo?: string | undefined },
): N {
  const margin = algebra.mul(algebra.read(factor), maintenance)
  const units = magnitude(algebra, size)
  if (roundUpTo === undefined || algebra.compare(units, algebra.of(ZERO)) === 0) return margin
  return algebra.mul(units, algebra.round(algebra.div(margin, units), parseDecimal(roundUpTo), 'up'))
}

/**
 * dYdX: min(1, rate + max(0, (OI·P − lowerCap)/(upperCap − lowerCap))·(1 − rate)) in whole millionths; undefined
 * without the open interest.
 */
function openInterestRateOf<N>(
  algebra: Algebra<N>,
  {
    rate,
    lowerCap,
    upperCap,
    openInterest,
  }: { rate: string; lowerCap: string; upperCap: string; openInterest?: string | undefined },
  price: N,
): N | undefined {
  const base = parseRate(rate)
  const [lower, upper] = [parseCap(lowerCap), parseCap(upperCap)]
  if (compare(upper, lower) <= 0) return algebra.of(base)
  if (openInterest === undefined) return undefined
  const beyond = algebra.sub(algebra.mul(algebra.read(openInterest), price), algebra.of(lower))
  const share = algebra.div(algebra.larger(beyond, algebra.of(ZERO)), algebra.of(sub(upper, lower)))
  const scaled = algebra.add(algebra.of(base), algebra.mul(share, algebra.of(sub(ONE, base))))
  const one = algebra.of(ONE)
  return algebra.compare(scaled, one) > 0 ? one : algebra.round(scaled, MILLIONTH, 'toward-zero')
}
