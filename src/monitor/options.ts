import type { Account, Clock, Decimal, EventRecord, RuleBook } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { LevelRule } from '../margin/index.ts'

export interface MonitorOptions {
  readonly kernel: Kernel
  readonly clock: Clock
  readonly rule: LevelRule
  readonly ruleBookOf: (venue: Account['venue']) => RuleBook
  /** Gets events in the order of their numbers: those of one instant ranked, in one call or, in a cascade, in several. */
  readonly publish: (records: readonly EventRecord[]) => void
  /** The book holds a symbol for the first time: somebody must bring its marks. */
  readonly marketAdded: (venue: string, symbol: string) => void
  /** A stored account that the rules refuse; it is not watched. */
  readonly refused: (account: Account, error: Error) => void
  /** Called with every instant as it is applied. For recordings and proofs; costs an object per mark. */
  readonly observer?: MonitorObserver | undefined
}

export interface MonitorObserver {
  /** An empty `markPrice` says that the market went stale. */
  instant(marks: readonly ObservedMark[]): void
}

export interface ObservedMark {
  readonly venue: string
  readonly symbol: string
  readonly markPrice: Decimal
}

export interface MonitorCounters {
  ticks: number
  ticksOutsideBook: number
  instants: number
  nominations: number
  suspects: number
  exactChecks: number
  accountsRefused: number
  auditChecks: number
  auditDisagreements: number
}

export function noCounts(): MonitorCounters {
  return {
    ticks: 0,
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
