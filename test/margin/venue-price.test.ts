import { describe, expect, it } from 'vitest'
import type { PrintedPrice } from '../../src/domain/index.ts'
import { formatDecimal, parseDecimal, venueLiquidationPrice } from '../../src/margin/index.ts'

function printedOf(price: string, isLong: boolean, printed: PrintedPrice, tick = '0.5'): string {
  return formatDecimal(venueLiquidationPrice(parseDecimal(price), isLong, parseDecimal(tick), printed))
}

describe('the liquidation price that a venue prints', () => {
  it.each([
    ['1328.493', true, '0.05', '1328.5'],
    ['3678.79', false, '0.5', '3678.5'],
    ['3678.5', true, '0.5', '3678.5'],
    ['3678.5', false, '0.5', '3678.5'],
  ])('%s, long: %s, is the next tick of %s before the line: %s', (price, isLong, tick, printed) => {
    expect(printedOf(price, isLong, 'next-tick', tick)).toBe(printed)
  })

  it('is one tick before the line, unrounded: above that of a long position, below that of a short one', () => {
    expect(printedOf('2352.8396681818233', true, 'tick-before', '0.01')).toBe('2352.8496681818233')
    expect(printedOf('2352.8396681818233', false, 'tick-before', '0.01')).toBe('2352.8296681818233')
  })
})
