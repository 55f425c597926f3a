import { describe, expect, it } from 'vitest'
import { hashOf, SMOKE_EFFORT } from '../../bench/harness.ts'
import { benchKernel, DEFAULT_SEED } from '../../bench/kernel.ts'

describe('the kernel benchmark', () => {
  it('runs at a small size, and all variants find the same accounts', () => {
    const { hash, changes, results } = benchKernel(3_000, DEFAULT_SEED, SMOKE_EFFORT)
    expect(results.map(({ variant }) => variant)).toEqual([
      'naive-objects',
      'ts-scan',
      'ts-triggers',
      'wasm-scalar-scan',
      'wasm-simd-scan',
      'wasm-simd-triggers',
    ])
    expect(changes).toBeGreaterThan(300)
    expect(changes).toBeLessThan(2_000)
    expect(hash).not.toBe(hashOf([]))
    for (const { minNs, medianNs, p99Ns } of results) {
      expect(minNs).toBeGreaterThan(0)
      expect(medianNs).toBeGreaterThanOrEqual(minNs)
      expect(p99Ns).toBeGreaterThanOrEqual(medianNs)
    }
  })
})
