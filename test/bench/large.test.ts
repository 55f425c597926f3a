import { describe, expect, it } from 'vitest'
import { SMOKE_EFFORT } from '../../bench/harness.ts'
import { benchLarge, LARGE_FORMS, LARGE_SEED } from '../../bench/large.ts'

describe('the benchmark of large accounts', () => {
  it.each(LARGE_FORMS)('runs at a small size, %s, and finds the answers of the traced formulas', (form) => {
    const { checked, positions, results } = benchLarge(form, 6, LARGE_SEED, SMOKE_EFFORT)
    expect(positions).toBe(6)
    expect(results.map(({ variant }) => variant)).toEqual([
      'compiled',
      'state',
      'answers of positions',
      'answers',
      ...(form.startsWith('pool') ? ['state of 6', 'state of 6, traced'] : []),
    ])
    expect(checked).toBeGreaterThan(6_000)
    for (const { minNs, medianNs } of results) expect(medianNs).toBeGreaterThanOrEqual(minNs)
  })
})
