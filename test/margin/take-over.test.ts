import { describe, expect, it } from 'vitest'
import { bankruptcyQuoteOf, type ClosedPart, fillablePriceOf, parseDecimal } from '../../src/margin/index.ts'

const UNIT = parseDecimal('0.000001')
const TERMS = { bankruptcyAdjustment: parseDecimal('1'), spreadToMaintenance: parseDecimal('1.5') }

/** 0.1 BTC at 50,000 with 4,501 of debt. */
function part(change: string): ClosedPart {
  return {
    netCollateral: parseDecimal('499'),
    maintenanceMargin: parseDecimal('500'),
    position: {
      size: parseDecimal('0.1'),
      value: parseDecimal('5000'),
      maintenanceMargin: parseDecimal('500'),
    },
    change: parseDecimal(change),
  }
}

// The figures of the venue's own tests are in test/golden.
describe('closing a part of a liquidated position', () => {
  it.each(['0', '0.05', '-0.10000001'])(
    'refuses a change of %s, which does not reduce a size of 0.1',
    (change) => {
      const refused = `change is ${change}, which does not reduce a size of 0.1`
      expect(() => bankruptcyQuoteOf(part(change), UNIT)).toThrow(refused)
      expect(() => fillablePriceOf(part(change), TERMS)).toThrow(refused)
    },
  )
})
