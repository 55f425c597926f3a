// Whether an option can be worth what is stated for it.
import type { Decimal, InstrumentRules } from '../domain/index.ts'
import { compare, mul, ONE, parseDecimal } from './rational.ts'

/**
 * Why an option that is priced in coin cannot have that price; undefined if it can. A call is worth at most the coin that it buys,
 * a put at most its strike, strike/U in coin, which `underlyingPrice` decides. A price in dollars is far above either.
 */
export function reasonAgainstOptionPrice(
  { option, baseAsset }: InstrumentRules,
  price: Decimal,
  underlyingPrice?: Decimal,
): string | undefined {
  if (option?.pricedIn !== 'coin') return undefined
  const coin = baseAsset ?? 'coin'
  const unit = `this option is priced in ${coin}, not in dollars`
  const exact = parseDecimal(price)
  if (option.type === 'call')
    return compare(exact, ONE) > 0
      ? `must be at most 1, since a call is worth at most its coin: ${unit}`
      : undefined
  if (underlyingPrice === undefined) return undefined
  if (compare(mul(exact, parseDecimal(underlyingPrice)), parseDecimal(option.strike)) <= 0) return undefined
  return `times ${underlyingPrice} of ${option.underlying} must be at most the strike of ${option.strike}, since a put is worth no more: ${unit}`
}
