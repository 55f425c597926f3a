/** Everything that the live view shows, as one plain value. Rates are per second of the time since the snapshot before. */
export interface DemoSnapshot {
  /** `starting`, a phase of the market, or `draining` while the last events are delivered. */
  readonly phase: string
  readonly elapsedMs: number
  readonly durationMs: number
  readonly accounts: number
  readonly positions: number
  readonly marks: readonly MarkLine[]
  readonly ticks: number
  readonly frames: number
  readonly ticksPerSecond: number
  readonly suspects: number
  readonly exactChecks: number
  /** Margin accounts by the highest level that they stand at now, from `0` (safe) to `1` (breach). */
  readonly standing: readonly { readonly level: string; readonly marginAccounts: number }[]
  readonly events: EventCounts
  readonly eventsPerSecond: number
  readonly latencyMs: Latencies
  readonly nearest: readonly NearestLine[]
  readonly delivery: DeliveryCounts
  /** Lines about the set-up and faults, newest last. */
  readonly notes: readonly string[]
}

export interface MarkLine {
  readonly venue: string
  readonly symbol: string
  readonly markPrice: string
  readonly changePercent: number
}

export interface NearestLine {
  readonly marginAccount: string
  readonly venue: string
  /** maintenanceMargin / marginBalance; 1 is the line. */
  readonly marginRatio: number
  /** How far the mark of its nearest trigger is away, in percent of the mark; undefined where it has none. */
  readonly distancePercent: number | undefined
}

export interface EventCounts {
  readonly warning: number
  readonly liquidation: number
  readonly recovered: number
}

export interface Latencies {
  readonly detectP50: number
  readonly detectP99: number
  readonly queueP50: number
  readonly queueP99: number
}

export interface DeliveryCounts {
  /** Events made by the worker, put into the queue, and taken by the subscriber. */
  readonly made: number
  readonly queued: number
  readonly delivered: number
}
