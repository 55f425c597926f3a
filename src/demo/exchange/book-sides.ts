/** The best bid and ask of a book whose middle is that price: each one step of the price's last digit away from it. */
export function sidesOf(price: string): { readonly bid: string; readonly ask: string } {
  const [whole = '', fraction = ''] = price.split('.')
  const units = BigInt(whole + fraction)
  const print = (count: bigint): string => {
    const digits = String(count).padStart(fraction.length + 1, '0')
    const point = digits.length - fraction.length
    return fraction === '' ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`
  }
  // A bid is above zero.
  const step = units > 1n ? 1n : 0n
  return { bid: print(units - step), ask: print(units + step) }
}
