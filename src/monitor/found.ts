import type { Account } from '../domain/index.ts'
import type { Watched } from './book.ts'
import type { Transition } from './episode.ts'
import { type SeenMark, seenMark } from './markets.ts'

/** When and by what an instant was caused. `eventTimeMs` is null for a change of the book. */
export interface Cause {
  readonly eventTimeMs: number | null
  readonly receivedTimeMs: number
  readonly receivedMonotonicMs: number
}

/**
 * A transition that is to be published, with the terms and marks of its instant: the event is made from them later,
 * while further instants are evaluated.
 */
export interface Found {
  readonly watched: Watched
  readonly account: Account
  readonly marks: readonly SeenMark[]
  readonly transition: Transition
  /** A liquidation, which goes before everything else. */
  readonly isUrgent: boolean
  /** For ranking only: f64, in quote currency. */
  readonly shortfall: number
  readonly ratio: number
  readonly reasons: readonly string[]
  readonly cause: Cause
  readonly detectionLatencyMs: number
  /** When the verdict was given, monotonic. */
  readonly decidedMonotonicMs: number
  /** Place among the events of its instant, from 1; 0 until it is ranked. */
  rank: number
  isPublished: boolean
  /** The next transition of the same margin account that waits. */
  next: Found | undefined
}

/** What the kernel or exact arithmetic found of a margin account, in f64 and for ranking only. */
export interface Figures {
  readonly marginBalance: number
  readonly maintenanceMargin: number
}

export function foundOf(
  watched: Watched,
  transition: Transition,
  figures: Figures | undefined,
  reasons: readonly string[],
  cause: Cause,
  nowMonotonicMs: number,
): Found {
  const { markets, owner } = watched
  return {
    watched,
    account: owner.account,
    marks: markets.map(seenMark),
    transition,
    isUrgent: transition.kind === 'liquidation',
    shortfall: figures === undefined ? 0 : shortfallInQuote(watched, figures),
    ratio: figures === undefined ? 0 : ratioOf(figures),
    reasons,
    cause,
    detectionLatencyMs: Math.max(0, nowMonotonicMs - cause.receivedMonotonicMs),
    decidedMonotonicMs: nowMonotonicMs,
    rank: 0,
    isPublished: false,
    next: undefined,
  }
}

/** Coin is valued at the first mark of the account. */
function shortfallInQuote({ markets, isInverse }: Watched, figures: Figures): number {
  const shortfall = Math.max(0, figures.maintenanceMargin - figures.marginBalance)
  return isInverse ? shortfall * Number(markets[0]?.markText || 1) : shortfall
}

function ratioOf({ marginBalance, maintenanceMargin }: Figures): number {
  return marginBalance > 0 ? maintenanceMargin / marginBalance : Number.MAX_VALUE
}
