import type { Account, RuleBook } from '../domain/index.ts'
import type { LevelRule } from '../margin/index.ts'
import type { SeenMark } from './market.ts'
import type { Transition } from './standing.ts'
import type { Subject } from './subject.ts'

/** When and by what an instant was caused. `eventTimeMs` is null for a change of the book or of rules. */
export interface Cause {
  /** Other rules are the cause. */
  readonly isOfRules: boolean
  readonly eventTimeMs: number | null
  readonly receivedTimeMs: number
  readonly receivedMonotonicMs: number
}

export const NO_CAUSE: Cause = {
  isOfRules: false,
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
  terms: Account | undefined
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

const BOOK_LOST = ['book-lost'] as const
const NO_REASONS = [] as const

/** What a verdict on an account carries. Where Redis lost the account, the terms are the last that it had. */
export function verdictReasons(isLost: boolean): readonly string[] {
  return isLost ? BOOK_LOST : NO_REASONS
}
