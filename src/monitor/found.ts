import type { Account } from '../domain/index.ts'
import type { SeenMark } from './markets.ts'
import type { Transition } from './standing.ts'
import type { Watched, WatchedAccount } from './watchlist.ts'

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
  readonly reasons: readonly string[]
  readonly cause: Cause
  /** When the verdict was given, monotonic. */
  readonly decidedMonotonicMs: number
  /** Its number among the findings that wait. */
  finding: number
  /** The next transition of the same margin account that waits. */
  next: Found | undefined
}

const BOOK_LOST = ['book-lost'] as const
const NO_REASONS = [] as const

/** What a verdict on the account carries. Where Redis lost it, the terms are the last that it had. */
export function verdictReasons({ isLost }: WatchedAccount): readonly string[] {
  return isLost ? BOOK_LOST : NO_REASONS
}
