import { describe, expect, it } from 'vitest'
import { LatencyHistogram } from '../../src/metrics/index.ts'

describe('the latency histogram', () => {
  it('gives quantiles at most a thousandth too high', () => {
    const histogram = new LatencyHistogram()
    for (let index = 1; index <= 10_000; index++) histogram.record(index / 10)
    for (const [quantile, exactMs] of [
      [0.5, 500],
      [0.99, 990],
      [1, 1_000],
    ] as const) {
      expect(histogram.quantileMs(quantile)).toBeGreaterThanOrEqual(exactMs)
      expect(histogram.quantileMs(quantile)).toBeLessThanOrEqual(exactMs * 1.001 + 0.001)
    }
  })

  it('holds zero, negative and absurd latencies without losing count', () => {
    const histogram = new LatencyHistogram()
    expect(histogram.quantileMs(0.99)).toBe(0)
    for (const latencyMs of [-5, 0, 1e12]) histogram.record(latencyMs)
    expect(histogram.quantileMs(0.6)).toBeLessThanOrEqual(0.001)
    expect(histogram.quantileMs(1)).toBeGreaterThanOrEqual(3_590_000)
  })
})
