import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shortened } from '../../src/cli/figures.ts'
import { compare, parseDecimal } from '../../src/margin/index.ts'
import { testSeed } from '../support/seed.ts'

describe('figures for people', () => {
  it.each([
    ['44.325', 6, 'up', '44.325'],
    ['29060.1251', 6, 'up', '29060.2'],
    ['-29060.1251', 6, 'up', '-29060.2'],
    ['29060.1251', 6, 'down', '29060.1'],
    ['0.00123456789', 6, 'up', '0.00123457'],
    ['9.9999999', 6, 'up', '10'],
    ['0.99999999', 5, 'down', '0.99999'],
    ['1.412805587892898719', 5, 'down', '1.4128'],
    ['123456789.01', 6, 'up', '123456790'],
    ['123456789.01', 6, 'down', '123456789'],
    ['0', 6, 'up', '0'],
    ['0.000000', 6, 'up', '0.000000'],
  ] as const)('%s with %i digits, rounded %s, reads %s', (figure, digits, rounding, shown) => {
    expect(shortened(figure, digits, rounding)).toBe(shown)
  })

  it(`a figure rounded up is never too small, one rounded down never too large (seed ${testSeed(6)})`, () => {
    const figure = fc.stringMatching(/^(0|[1-9]\d{0,8})(\.\d{1,18})?$/)
    fc.assert(
      fc.property(figure, fc.integer({ min: 1, max: 10 }), (text, digits) => {
        const exact = parseDecimal(text)
        expect(compare(parseDecimal(shortened(text, digits, 'up')), exact)).toBeGreaterThanOrEqual(0)
        expect(compare(parseDecimal(shortened(text, digits, 'down')), exact)).toBeLessThanOrEqual(0)
      }),
      { seed: testSeed(6), numRuns: 300 },
    )
  })
})
