// Standard margin of options (Deribit), for each unit in the coin or the quote currency in which they are priced.
import { assert } from '../errors.ts'
import type { SizedPosition } from './position-value.ts'
import { parseDecimal, parseRate, ZERO } from './rational.ts'

/**
 * Deribit, short options: call rate·U + mark; put max(rate·U, rate·mark) + mark, for each unit. An inverse option is
 * priced in coin, so its U is 1.
 */
export function optionMaintenanceOf<N>(
  { algebra, ruled, amount }: SizedPosition<N>,
  markValue: N,
  underlyingPrice: N,
): N {
  const { maintenance, option } = ruled.rules
  assert(maintenance.kind === 'option-standard' && option !== undefined, 'an option has its terms')
  const rate = algebra.of(parseRate(maintenance.maintenanceRate))
  const underlying = option.pricedIn === 'coin' ? amount : algebra.mul(amount, underlyingPrice)
  const ofUnderlying = algebra.mul(rate, underlying)
  const least =
    option.type === 'call' ? ofUnderlying : algebra.larger(ofUnderlying, algebra.mul(rate, markValue))
  return algebra.add(least, markValue)
}

/** Deribit: max(initialRate − OTM/U, initialRateMin)·U + mark, of a put at least its maintenance margin; 0 of a long option. */
export function optionInitialOf<N>(sized: SizedPosition<N>, markValue: N, underlyingPrice: N): N {
  const { algebra, ruled, amount, isLong } = sized
  const { maintenance, option } = ruled.rules
  assert(maintenance.kind === 'option-standard' && option !== undefined, 'an option has its terms')
  if (isLong) return algebra.of(ZERO)
  const strike = algebra.of(parseDecimal(option.strike))
  const zero = algebra.of(ZERO)
  const distance =
    option.type === 'call' ? algebra.sub(strike, underlyingPrice) : algebra.sub(underlyingPrice, strike)
  const outOfTheMoney = algebra.larger(distance, zero)
  const rate = algebra.larger(
    algebra.sub(algebra.of(parseRate(maintenance.initialRate)), algebra.div(outOfTheMoney, underlyingPrice)),
    algebra.of(parseRate(maintenance.initialRateMin)),
  )
  const underlying = option.pricedIn === 'coin' ? amount : algebra.mul(amount, underlyingPrice)
  const margin = algebra.add(algebra.mul(rate, underlying), markValue)
  return option.type === 'call'
    ? margin
    : algebra.larger(margin, optionMaintenanceOf(sized, markValue, underlyingPrice))
}
