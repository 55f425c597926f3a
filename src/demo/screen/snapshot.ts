import type { Decimal } from '../../domain/index.ts'
import type { Headline } from './headlines.ts'

/** Everything that the screen shows, as one plain value that survives JSON. Rates are per second. */
export interface DemoSnapshot {
  /** The stage of the run, or the phase of the market, in words. */
  readonly phase: string
  /** Whether the market is open. Otherwise the view shows the stage only. */
  readonly isMarketOpen: boolean
  readonly nowMs: number
  readonly elapsedMs: number
  readonly durationMs: number
  readonly accounts: number
  /** Accounts that the book will hold when all are stored. */
  readonly accountsWanted: number
  readonly positions: number
  readonly venues: readonly VenueLine[]
  readonly ticks: number
  readonly frames: number
  readonly ticksPerSecond: number
  readonly suspects: number
  readonly exactChecks: number
  /** Margin accounts by their present level, from `0` (safe) to `1` (breach). */
  readonly standing: readonly { readonly level: string; readonly marginAccounts: number }[]
  /** Margin accounts without a verdict; they are at no level. */
  readonly unknownMarginAccounts: number
  /** The warning level that is farthest from the line; undefined when the settings name none. */
  readonly warningLevel: string | undefined
  readonly events: EventCounts
  readonly eventsPerSecond: number
  readonly latencyMs: Latencies
  readonly nearest: readonly NearestLine[]
  /** Events that the subscriber received in the last seconds, worst first. */
  readonly headlines: readonly Headline[]
  readonly delivery: DeliveryCounts
  /** How far the naive replay is behind the market's end; null while the worker runs. */
  readonly replay: { readonly ticks: number; readonly ticksInAll: number } | null
  /** Lines about the set-up and faults, newest last. */
  readonly notes: readonly string[]
}

export interface VenueLine {
  readonly venue: string
  readonly accounts: number
  readonly markets: number
  readonly pricesPerSecond: number
  /** Events that the subscriber received. */
  readonly events: number
  /** Of one of its markets; null while it has none. */
  readonly mark: MarkLine | null
}

export interface MarkLine {
  readonly symbol: string
  readonly markPrice: string
  readonly changePercent: number
}

export interface NearestLine {
  readonly marginAccount: string
  readonly venue: string
  /** maintenanceMargin / marginBalance, exact; 1 is the line. */
  readonly marginRatio: Decimal
  /** How far all prices may move against it, a fraction, exact; null where that is not known. */
  readonly distance: Decimal | null
}

export interface EventCounts {
  readonly warning: number
  readonly liquidation: number
  readonly recovered: number
}

/** Null before there is anything to measure. */
export interface Latencies {
  readonly detectP50: number | null
  readonly detectP99: number | null
  readonly queueP50: number | null
  readonly queueP99: number | null
}

export interface DeliveryCounts {
  /** Events that the worker made, that are in the queue, and that the subscriber received. */
  readonly made: number
  readonly queued: number
  readonly delivered: number
}
