import { div, formatDecimal, mul, parseDecimal } from '../../src/margin/index.ts'
import type { Figures } from './golden-case.ts'

/** Both prices on the next tick on the safe side of the line, as BitMEX prints them: up for a long position, down for a short. */
export function beforeTheLine(side: 'long' | 'short', tick: string): (figures: Figures) => Figures {
  const rounded = (price: string | null | undefined): string | null => {
    if (price === null || price === undefined) return null
    const ticks = div(parseDecimal(price), parseDecimal(tick))
    const whole = ticks.n / ticks.d + (side === 'long' && ticks.n % ticks.d !== 0n ? 1n : 0n)
    return formatDecimal(mul({ n: whole, d: 1n }, parseDecimal(tick)))
  }
  return ({ liquidationPrice, bankruptcyPrice }) => ({
    liquidationPrice: rounded(liquidationPrice),
    bankruptcyPrice: rounded(bankruptcyPrice),
  })
}
