const SUB_BUCKETS = 16
const EXPONENTS = 32

/**
 * Latencies in preallocated log-linear buckets: 16 to each power of two of microseconds, so a quantile is at
 * most 1/16 too high. Above an hour everything falls into the last bucket.
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(SUB_BUCKETS * EXPONENTS)
  #total = 0
  #maxMs = 0

  /** The longest latency recorded. */
  get maxMs(): number {
    return this.#maxMs
  }

  record(latencyMs: number): void {
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs
    this.#counts[bucketOf(Math.max(0, latencyMs * 1_000))]!++
    this.#total++
  }

  /** Upper edge of the bucket that holds the quantile (0 to 1), milliseconds; 0 when nothing was recorded. */
  quantileMs(quantile: number): number {
    const rank = Math.ceil(quantile * this.#total)
    let seen = 0
    for (let bucket = 0; bucket < this.#counts.length && rank > 0; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= rank) return upperEdgeUs(bucket) / 1_000
    }
    return 0
  }
}

function bucketOf(latencyUs: number): number {
  if (latencyUs < SUB_BUCKETS) return Math.floor(latencyUs)
  const exponent = Math.floor(Math.log2(latencyUs)) - 3
  const bucket = exponent * SUB_BUCKETS + Math.floor(latencyUs / 2 ** (exponent - 1)) - SUB_BUCKETS
  return Math.min(bucket, SUB_BUCKETS * EXPONENTS - 1)
}

function upperEdgeUs(bucket: number): number {
  const exponent = Math.floor(bucket / SUB_BUCKETS)
  const place = bucket % SUB_BUCKETS
  return exponent === 0 ? place + 1 : (SUB_BUCKETS + place + 1) * 2 ** (exponent - 1)
}
