import type {
  Account,
  Clock,
  Decimal,
  EventRecord,
  FundingLog,
  Gap,
  MonitorCounters,
  RuleBook,
  UnderlyingOf,
  VenueId,
} from '../domain/index.ts'
import type { IntegrityRules } from '../integrity/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { LevelRule } from '../margin/index.ts'

/** The identity of the event log, which is part of each event's id. */
export interface LogIdentity {
  readonly logId: string
  readonly shard: string
}

export interface MonitorOptions {
  readonly kernel: Kernel
  readonly clock: Clock
  readonly rule: LevelRule
  /** The rule book in force: one object, which never changes, until a `rules` change is applied. */
  readonly ruleBookOf: (venue: Account['venue']) => RuleBook
  readonly log: LogIdentity
  /** Where funding is written down before it takes effect; without one no funding, interest or rollover is applied. */
  readonly fundingLog?: FundingLog | undefined
  /**
   * Events on rules older than so many days bear the reason `rules-old`, and those on rules without a day `rules-undated`; none
   * do without it.
   */
  readonly rulesMaxAgeDays?: number
  /** By what marks are classified; without it every mark is accepted. */
  readonly integrity?: { readonly rules: IntegrityRules; readonly underlyingOf: UnderlyingOf } | undefined
  /** Highest sequence number among subjects whose progress was forgotten. */
  readonly sequenceFloor: number
  /** Whether `publish` takes a batch of PUBLISH_RECORDS_MAX records now. */
  readonly hasRoom: () => boolean
  /** Gets records in the order in which they are to be delivered, at most PUBLISH_RECORDS_MAX in one call. */
  readonly publish: (records: readonly EventRecord[]) => void
  /** Default TRANSITIONS_WAITING_MAX. */
  readonly transitionsWaitingMax?: number
  /** Default PAST_MARKS_MAX. */
  readonly pastMarksMax?: number
  /** Called with each market in which the book holds a position for the first time, so that its marks are subscribed. */
  readonly marketAdded: (venue: VenueId, symbol: string) => void
  /** A span in which the marks of a held market were not heard; called when all verdicts are given on the first mark behind it. */
  readonly gapFound?: ((gap: Gap) => void) | undefined
  /** A stored account that the rules refuse; it is not watched. */
  readonly refused: (account: Account, error: Error) => void
  /** Called with every instant when it is applied. For recordings and proofs; it costs an object a mark. */
  readonly observer?: MonitorObserver | undefined
}

export interface MonitorObserver {
  /** An empty `markPrice`: the market went stale. */
  instant(marks: readonly ObservedMark[]): void
}

export interface ObservedMark {
  readonly venue: string
  readonly symbol: string
  readonly markPrice: Decimal
}

export function noCounts(): MonitorCounters {
  return {
    ticks: 0,
    confirmations: 0,
    ticksOutsideBook: 0,
    instants: 0,
    nominations: 0,
    suspects: 0,
    exactChecks: 0,
    accountsRefused: 0,
    auditChecks: 0,
    auditDisagreements: 0,
  }
}
