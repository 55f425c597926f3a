import { describe, expect, it } from 'vitest'
import { benchForms, FORM_VENUES } from '../../bench/forms.ts'
import { SMOKE_EFFORT } from '../../bench/harness.ts'
import { benchVerdict, VERDICT_SEED, verdictKinds } from '../../bench/verdict.ts'

describe('the verdict benchmark', () => {
  it.each(verdictKinds(3))('runs at a small size, %s, and finds the states of the fractions', (kind) => {
    const { checked, results } = benchVerdict(kind, 3, VERDICT_SEED, SMOKE_EFFORT)
    expect(results.map(({ variant }) => variant)).toEqual([
      'evaluate',
      'evaluate, fractions',
      'evaluate, compiled anew',
      'state',
      'state, fractions',
      'state, compiled anew',
    ])
    expect(checked).toBeGreaterThan(1_000_000)
    for (const { minNs, medianNs } of results) {
      expect(minNs).toBeGreaterThan(0)
      expect(medianNs).toBeGreaterThanOrEqual(minNs)
    }
  })

  it('measures inverse contracts in small accounts only: one coin has a handful of them', () => {
    expect(verdictKinds(100)).toEqual(['linear, Binance', 'linear, Bybit'])
  })
})

describe('the benchmark of formulas', () => {
  it.each(FORM_VENUES)('runs at a small size, %s, and finds the states of the traced formulas', (venue) => {
    const { checked, results } = benchForms(venue, VERDICT_SEED, SMOKE_EFFORT)
    expect(results.map(({ variant }) => variant)).toEqual(['state', 'state, traced'])
    expect(checked).toBeGreaterThan(10_000)
    for (const { minNs, medianNs } of results) expect(medianNs).toBeGreaterThanOrEqual(minNs)
  })
})
