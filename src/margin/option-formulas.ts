// Standard margin of options (Deribit), for each unit in the coin or the quote currency in which they are priced.
import { assert } from '../errors.ts'
import type { RuledPosition, SizedPosition } from './position-value.ts'
import { ZERO } from './rational.ts'

/**
 * Symbol of the underlying whose mark counts in the maintenance margin of a position: of a short option in the quote currency.
 * A short one in coin is asked for a share of its coin, a long one for nothing. undefined for none.
 */
export function countedUnderlyingOf({ position, rules: { option } }: RuledPosition): string | undefined {
  return option?.pricedIn === 'quote' && position.size.startsWith('-') ? option.underlying : undefined
}

/** The same of the initial margin: of every short option, since its OTM/U counts in it. */
export function initialUnderlyingOf({ position, rules: { option } }: RuledPosition): string | undefined {
  return position.size.startsWith('-') ? option?.underlying : undefined
}

/**
 * Deribit, short options: call rate·U + mark; put max(rate·U, rate·mark) + mark, for each unit. An inverse option is
 * priced in coin, so its U is 1. 0 of a long option.
 */
export function optionMaintenanceOf<N>(
  sized: SizedPosition<N>,
  markValue: N,
  underlyingPrice: N | undefined,
): N {
  const { algebra, ruled, isLong } = sized
  const { maintenance, option } = ruled.rules
  assert(maintenance.kind === 'option-standard' && option !== undefined, 'an option has its terms')
  if (isLong) return algebra.of(ZERO)
  const rate = algebra.read(maintenance.maintenanceRate)
  const ofUnderlying = algebra.mul(rate, underlyingValueOf(sized, option.pricedIn, underlyingPrice))
  const least =
    option.type === 'call' ? ofUnderlying : algebra.larger(ofUnderlying, algebra.mul(rate, markValue))
  return algebra.add(least, markValue)
}

/**
 * Deribit: max(initialRate − OTM/U, initialRateMin)·U + mark, of a put at least its maintenance margin; 0 of a long
 * option. undefined without the underlying's price.
 */
export function optionInitialOf<N>(
  sized: SizedPosition<N>,
  markValue: N,
  underlyingPrice: N | undefined,
): N | undefined {
  const { algebra, ruled, isLong } = sized
  const { maintenance, option } = ruled.rules
  assert(maintenance.kind === 'option-standard' && option !== undefined, 'an option has its terms')
  if (isLong) return algebra.of(ZERO)
  if (underlyingPrice === undefined) return undefined
  const strike = algebra.read(option.strike)
  const zero = algebra.of(ZERO)
  const distance =
    option.type === 'call' ? algebra.sub(strike, underlyingPrice) : algebra.sub(underlyingPrice, strike)
  const outOfTheMoney = algebra.larger(distance, zero)
  const rate = algebra.larger(
    algebra.sub(algebra.read(maintenance.initialRate), algebra.div(outOfTheMoney, underlyingPrice)),
    algebra.read(maintenance.initialRateMin),
  )
  const underlying = underlyingValueOf(sized, option.pricedIn, underlyingPrice)
  const margin = algebra.add(algebra.mul(rate, underlying), markValue)
  return option.type === 'call'
    ? margin
    : algebra.larger(margin, optionMaintenanceOf(sized, markValue, underlyingPrice))
}

/** What the options are written on, in the coin or the quote currency in which they are priced. */
function underlyingValueOf<N>(
  { algebra, ruled, amount }: SizedPosition<N>,
  pricedIn: 'coin' | 'quote',
  underlyingPrice: N | undefined,
): N {
  if (pricedIn === 'coin') return amount
  const { symbol } = ruled.position
  assert(underlyingPrice !== undefined, `the mark of the underlying of ${symbol} is known`)
  return algebra.mul(amount, underlyingPrice)
}
