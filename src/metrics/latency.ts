import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** A longer latency is recorded as this one. */
const LATENCY_MAX_US = 3_600_000_000
const US_PER_MS = 1_000

/** Latencies in the HDR histogram of Node: quantiles to three digits, in whole microseconds. Recording allocates nothing. */
export class LatencyHistogram {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LATENCY_MAX_US,
    figures: 3,
  })
  #maxMs = 0

  /** The longest latency recorded. */
  get maxMs(): number {
    return this.#maxMs
  }

  record(latencyMs: number): void {
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs
    const latencyUs = Math.ceil(latencyMs * US_PER_MS)
    this.#histogram.record(Math.min(Math.max(latencyUs, 1), LATENCY_MAX_US))
  }

  /** The latency that the share `quantile` (0 to 1) of all does not exceed, milliseconds; 0 when nothing was recorded. */
  quantileMs(quantile: number): number {
    if (this.#histogram.count === 0) return 0
    return this.#histogram.percentile(Math.max(quantile * 100, Number.MIN_VALUE)) / US_PER_MS
  }
}
