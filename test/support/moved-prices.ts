import type { Random } from '../../src/domain/index.ts'

const DECIMALS = 18

/** Each price anywhere within the share, at every other point on one of its ends. */
export function movedWithin(
  random: Random,
  prices: ReadonlyMap<string, string>,
  share: number,
  point: number,
): Map<string, string> {
  return new Map(
    [...prices].map(([name, price]) => {
      const way = point % 2 === 0 ? (random() < 0.5 ? -1 : 1) : 2 * random() - 1
      return [name, timesText(price, 1 + share * way)] as const
    }),
  )
}

/** price·factor without a rounding that counts: the factor as a fraction of 2^40. */
function timesText(price: string, factor: number): string {
  const [whole, fraction = ''] = price.split('.')
  const digits = BigInt(whole! + fraction.padEnd(DECIMALS, '0'))
  const moved = (digits * BigInt(Math.round(factor * 2 ** 40))) >> 40n
  const text = moved.toString().padStart(DECIMALS + 1, '0')
  return `${text.slice(0, -DECIMALS)}.${text.slice(-DECIMALS)}`
}
