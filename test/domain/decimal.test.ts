import { describe, expect, it } from 'vitest'
import { positiveDecimalSchema } from '../../src/domain/index.ts'

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
