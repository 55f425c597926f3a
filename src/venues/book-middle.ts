import { type Decimal, isPrice } from '../domain/index.ts'

/**
 * Halfway between the best bid and the best ask, exactly, without zeros at its end. undefined where one of them is no price, where
 * the bid is above the ask, or where the middle has more digits than a price may have.
 */
export function middleOf(bid: unknown, ask: unknown): Decimal | undefined {
  if (!isPrice(bid) || !isPrice(ask)) return undefined
  const decimals = Math.max(decimalsOf(bid), decimalsOf(ask))
  const [low, high] = [unitsOf(bid, decimals), unitsOf(ask, decimals)]
  if (low > high) return undefined
  // Five times the sum is the middle with one more decimal.
  const digits = String((low + high) * 5n).padStart(decimals + 2, '0')
  const point = digits.length - decimals - 1
  const fraction = digits.slice(point).replace(/0+$/, '')
  const middle = fraction === '' ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`
  return isPrice(middle) ? middle : undefined
}

function decimalsOf(price: Decimal): number {
  const point = price.indexOf('.')
  return point < 0 ? 0 : price.length - point - 1
}

function unitsOf(price: Decimal, decimals: number): bigint {
  return BigInt(price.replace('.', '') + '0'.repeat(decimals - decimalsOf(price)))
}
