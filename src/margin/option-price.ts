// Whether an option can be worth what is stated for it.
import type { Decimal, InstrumentRules } from '../domain/index.ts'
import { compare, mul, ONE, parseDecimal } from './rational.ts'

/**
 * Why an option cannot have that price; undefined if it can. A call is worth at most what it buys: in coin 1, else the price of its
 * underlying. A put is worth at most its strike: strike/U in coin. A price in dollars is far above either bound in coin. What
 * `underlyingPrice` decides is not asked without it. No bound from below: venues round and discount what an option is worth.
 */
export function reasonAgainstOptionPrice(
  { option, baseAsset }: InstrumentRules,
  price: Decimal,
  underlyingPrice?: Decimal,
): string | undefined {
  if (option === undefined) return undefined
  if (option.pricedIn === 'quote') return reasonAgainstQuotePrice(option, price, underlyingPrice)
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

function reasonAgainstQuotePrice(
  { type, strike, underlying }: NonNullable<InstrumentRules['option']>,
  price: Decimal,
  underlyingPrice: Decimal | undefined,
): string | undefined {
  const most = type === 'put' ? strike : underlyingPrice
  if (most === undefined || compare(parseDecimal(price), parseDecimal(most)) <= 0) return undefined
  return type === 'put'
    ? `must be at most the strike of ${strike}, since a put is worth no more`
    : `must be at most ${most}, the price of ${underlying}, since a call is worth at most what it buys`
}
