import { expect, test } from 'vitest'
import { benchWhatIf } from '../../bench/what-if.ts'

test('the bench of what-if checks every margin account of its book', () => {
  const { checked, marginAccounts, liquidated, warned } = benchWhatIf(500, 1)
  expect(checked).toBe(marginAccounts)
  expect(liquidated).toBeGreaterThan(0)
  expect(warned).toBeGreaterThan(0)
})
