import { describe, expect, it } from 'vitest'
import { counted, grouped } from '../../src/domain/index.ts'

describe('a count for people', () => {
  it.each([
    [0, '0 accounts'],
    [1, '1 account'],
    [2, '2 accounts'],
    [999, '999 accounts'],
    [1_000, '1,000 accounts'],
    [1_234_567, '1,234,567 accounts'],
  ])('agrees with its noun: %d', (count, text) => {
    expect(counted(count, 'account')).toBe(text)
  })

  it('takes a plural that an added s does not make', () => {
    expect([0, 1, 2].map((count) => counted(count, 'entry is', 'entries are'))).toEqual([
      '0 entries are',
      '1 entry is',
      '2 entries are',
    ])
  })

  it('separates thousands, of amounts that no float holds too', () => {
    expect([grouped(12), grouped(12_345), grouped(12_345_678_901_234_567_890n)]).toEqual([
      '12',
      '12,345',
      '12,345,678,901,234,567,890',
    ])
  })
})
