import type { RuleBook } from '../domain/index.ts'
import type { LevelRule } from '../margin/index.ts'
import type { WatchedTerms } from './applied-funding.ts'
import type { SeenMark } from './market.ts'
import type { Transition } from './standing.ts'
import type { Subject } from './subject.ts'

/** Other rules came into force; funding, interest or a rollover was charged; prices of the past became known. */
export type CauseReason = 'rules-changed' | 'funding' | 'interest' | 'rollover' | 'backfill'

/** When and by what an instant was caused. `eventTimeMs` is null for a change of the book or of rules. */
export interface Cause {
  /** What is the cause beside a price or a change of the account. */
  readonly reason: CauseReason | undefined
  readonly eventTimeMs: number | null
  readonly receivedTimeMs: number
  readonly receivedMonotonicMs: number
}

export const NO_CAUSE: Cause = {
  reason: undefined,
  eventTimeMs: null,
  receivedTimeMs: 0,
  receivedMonotonicMs: 0,
}

/**
 * A transition that waits to be published, with the terms, rules, levels and marks of its instant: the event is made from them
 * later, while further instants are evaluated.
 */
export interface PendingEvent {
  readonly subject: Subject
  /** Its number in the watchlist; −1 if it is not there. */
  readonly marginAccount: number
  /** The part of the account that it concerns; undefined as long as the watchlist holds the same terms. */
  terms: WatchedTerms | undefined
  readonly ruleBook: RuleBook
  /** Its levels are indexes of this rule. */
  readonly rule: LevelRule
  readonly marks: readonly SeenMark[]
  readonly transition: Transition
  readonly reasons: readonly string[]
  readonly cause: Cause
  /** When the verdict was given, monotonic. */
  readonly decidedMonotonicMs: number
  /** Its number among the findings that wait. */
  finding: number
  /** The next event of the same margin account that waits. */
  next: PendingEvent | undefined
}

/** What a finding is based on where it is not the present: the marks of its time, and its terms where they were others. */
export interface Past {
  readonly marks: readonly SeenMark[]
  readonly terms: WatchedTerms | undefined
}

const BOOK_LOST = 'book-lost'
export const FUNDING_UNKNOWN = 'funding-unknown'
const NO_REASONS = [] as const

/**
 * What a verdict on a margin account carries. Where Redis lost the account, the terms are the last that it had; where a
 * payment of funding is not known, the balance is the one without it.
 */
export function verdictReasons(isLost: boolean, isFundingUnknown: boolean): readonly string[] {
  if (!isLost && !isFundingUnknown) return NO_REASONS
  return [...(isLost ? [BOOK_LOST] : []), ...(isFundingUnknown ? [FUNDING_UNKNOWN] : [])]
}
