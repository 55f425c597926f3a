import type { PrintedPrice } from '../../src/domain/index.ts'
import { formatDecimal, parseDecimal, venueLiquidationPrice } from '../../src/margin/index.ts'
import type { Figures } from './golden-case.ts'

/** The liquidation price as the venue prints it, and the bankruptcy price where the venue rounds that too. */
export function printedPrices(side: 'long' | 'short', tick: string, printed: PrintedPrice) {
  const textOf = (price: string | null | undefined): string | null =>
    price === null || price === undefined
      ? null
      : formatDecimal(
          venueLiquidationPrice(parseDecimal(price), side === 'long', parseDecimal(tick), printed),
        )
  return ({ liquidationPrice, bankruptcyPrice }: Figures): Figures => ({
    liquidationPrice: textOf(liquidationPrice),
    bankruptcyPrice: printed === 'next-tick' ? textOf(bankruptcyPrice) : (bankruptcyPrice ?? null),
  })
}
