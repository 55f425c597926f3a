import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareDecimals, positiveDecimalSchema } from '../../src/domain/index.ts'
import { testSeed } from '../support/seed.ts'

describe('a decimal above zero', () => {
  it.each<[string, string[]]>([
    ['10', []],
    [
      '10x',
      ['must be a decimal string above zero (at most 15 digits before and 18 after the point, no exponent)'],
    ],
    [
      '-1',
      ['must be a decimal string above zero (at most 15 digits before and 18 after the point, no exponent)'],
    ],
    ['0', ['must be above zero']],
    ['0.00', ['must be above zero']],
  ])('of %s is refused by the rule that it breaks', (text, rules) => {
    const { error } = positiveDecimalSchema.safeParse(text)
    expect(error?.issues.map(({ message }) => message) ?? []).toEqual(rules)
  })
})

describe('two decimals compare as their numbers', () => {
  it.each([
    ['1', '1', 0],
    ['1', '1.0', 0],
    ['01', '1', 0],
    ['1', '1.000000000000000001', -1],
    ['9', '10', -1],
    ['0.10', '0.1', 0],
    ['0.1', '0.09', 1],
    ['007.5', '7.49', 1],
    ['abc', '1', 0],
    ['-1', '1', 0],
  ])('%s and %s: %i', (left, right, expected) => {
    expect(compareDecimals(left, right)).toBe(expected)
    expect(compareDecimals(right, left) + expected).toBe(0)
  })

  const seed = testSeed(8)
  it(`of any digits (TEST_SEED=${seed})`, () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^[0159]{1,${max}}$`))
    const decimal = fc
      .tuple(digits(15), fc.option(digits(18), { nil: undefined }))
      .map(([whole, fraction]) => (fraction === undefined ? whole : `${whole}.${fraction}`))
    const exact = (text: string) => {
      const [whole = '', fraction = ''] = text.split('.')
      return BigInt(whole + fraction.padEnd(18, '0'))
    }
    fc.assert(
      fc.property(decimal, decimal, (left, right) => {
        const [low, high] = [exact(left), exact(right)]
        expect(compareDecimals(left, right)).toBe(low < high ? -1 : low > high ? 1 : 0)
      }),
      { seed, numRuns: 20_000 },
    )
  })
})
