import type { RuleBook } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { LevelRule } from '../margin/index.ts'
import type { AbsentMarginAccount } from './absent-accounts.ts'
import type { WatchedTerms } from './applied-funding.ts'
import { Findings } from './findings.ts'
import { type SeenMark, seenMark } from './market.ts'
import type { Markets } from './markets.ts'
import { type Cause, FUNDING_UNKNOWN, type Past, type PendingEvent } from './pending-event.ts'
import { applyFinding, type Finding, type Transition } from './standing.ts'
import type { Subject } from './subject.ts'
import type { Watchlist } from './watchlist.ts'

/** The events of one margin account that wait, in their order. */
interface Queue {
  first: PendingEvent
  last: PendingEvent
}

/** What a transition needs beside the margin account to become an event. */
interface Circumstances {
  readonly ruleBook: RuleBook
  readonly rule: LevelRule
  readonly marks: readonly SeenMark[]
  readonly reasons: readonly string[]
  readonly cause: Cause
  readonly decidedMonotonicMs: number
}

const ABSENT = -1

/**
 * Applies findings to the standings of margin accounts, each account's in the order of its instants, and keeps the events
 * that wait to be published, each account's in one queue.
 *
 * A level that the kernel proved waits as numbers. It is settled, which is to say applied to the standing, when its event
 * is made, or before anything else happens to the account: a change of its terms, a verdict by exact arithmetic.
 */
export class PendingEvents {
  readonly #watchlist: Watchlist
  readonly #markets: Markets
  readonly findings = new Findings()
  /** By id: an account that goes and comes back, or is known first from an earlier run, stays in one queue. */
  readonly #queues = new Map<string, Queue>()

  constructor(watchlist: Watchlist, markets: Markets) {
    this.#watchlist = watchlist
    this.#markets = markets
  }

  /** Applies all open findings of the margin account to its standing. */
  settle(marginAccount: number): void {
    const { findings } = this
    for (let finding = findings.firstOpenOf(marginAccount); finding >= 0; ) {
      this.#settleOne(marginAccount, finding)
      finding = findings.firstOpenOf(marginAccount)
    }
  }

  /** Settles an open finding, and every earlier one of its account. */
  settleUntil(finding: number): void {
    while (this.findings.isOpen(finding)) {
      const marginAccount = this.findings.accountOf(finding)
      this.#settleOne(marginAccount, this.findings.firstOpenOf(marginAccount))
    }
  }

  /** Settles an account that has something open. False when none has. */
  settleNext(): boolean {
    const finding = this.findings.anyOpen()
    if (finding < 0) return false
    this.settle(this.findings.accountOf(finding))
    return true
  }

  /** Call before the terms of the margin account change: its events that wait keep those of their instant. */
  keepTerms(marginAccount: number): void {
    if (this.#queues.size === 0) return
    let terms: WatchedTerms | undefined
    let pending = this.#queues.get(this.#watchlist.idOf(marginAccount))?.first
    for (; pending !== undefined; pending = pending.next) {
      if (pending.terms !== undefined) continue
      terms ??= this.#watchlist.termsOf(marginAccount)
      pending.terms = terms
    }
  }

  /** Applies a finding to a settled standing; the number of the finding, or −1 if there is nothing to publish. */
  apply(
    marginAccount: number,
    finding: Finding,
    reasons: readonly string[],
    cause: Cause,
    nowMonotonicMs: number,
    past?: Past,
  ): number {
    const transition = this.#applyToStanding(marginAccount, finding, reasons, cause)
    if (transition === undefined) return -1
    const marks = past?.marks ?? this.#watchlist.marketsOf(marginAccount).map(seenMark)
    const ruleBook = this.#watchlist.bookOf(marginAccount)
    const rule = this.#watchlist.ruleOf(marginAccount)
    const of = { ruleBook, rule, marks, reasons, cause, decidedMonotonicMs: nowMonotonicMs }
    const pending = this.#add(this.#watchlist.subjectOf(marginAccount), marginAccount, transition, of)
    pending.terms = past?.terms
    // The terms of a closed margin account are about to go.
    if (finding === 'closed') pending.terms = this.#watchlist.termsOf(marginAccount)
    pending.finding = this.findings.addSettled(pending)
    return pending.finding
  }

  /** The same for a margin account that is not under watch. */
  applyToAbsent(
    { subject, account, standing, rule }: AbsentMarginAccount,
    finding: Finding,
    reasons: readonly string[],
    cause: Cause,
    nowMonotonicMs: number,
    past?: Past,
  ): number {
    const transition = applyFinding(standing, finding, rule.levels.length)
    if (transition === undefined) return -1
    this.#noteFall(() => subject.id, rule, transition, cause)
    standing.saysFundingUnknown = reasons.includes(FUNDING_UNKNOWN)
    const ruleBook = this.#watchlist.ruleBookOf(subject.venue)
    const marks = past?.marks ?? []
    const of = { ruleBook, rule, marks, reasons, cause, decidedMonotonicMs: nowMonotonicMs }
    const pending = this.#add(subject, ABSENT, transition, of)
    pending.terms = past?.terms ?? account
    pending.finding = this.findings.addSettled(pending)
    return pending.finding
  }

  /** The event of the margin account that is to be published first. */
  firstOf(id: string): PendingEvent {
    const queue = this.#queues.get(id)
    assert(queue !== undefined, `an event of ${id} waits`)
    return queue.first
  }

  /** Takes the first event of the margin account out of its queue. */
  published({ subject, next, finding }: PendingEvent): void {
    this.findings.setPublished(finding)
    if (next === undefined) this.#queues.delete(subject.id)
    else this.#queues.get(subject.id)!.first = next
  }

  #applyToStanding(
    marginAccount: number,
    finding: Finding,
    reasons: readonly string[],
    cause: Cause,
  ): Transition | undefined {
    const standing = this.#watchlist.standingOf(marginAccount)
    const transition = applyFinding(standing, finding, this.#watchlist.breachLevelOf(marginAccount))
    if (transition === undefined) return undefined
    standing.saysFundingUnknown = reasons.includes(FUNDING_UNKNOWN)
    this.#watchlist.setStanding(marginAccount, standing)
    const id = () => this.#watchlist.idOf(marginAccount)
    this.#noteFall(id, this.#watchlist.ruleOf(marginAccount), transition, cause)
    return transition
  }

  /** What the account recovers from in the filling of a gap is noted there. */
  #noteFall(
    id: () => string,
    { names }: LevelRule,
    { level, previousLevel }: Transition,
    { reason, eventTimeMs, receivedTimeMs }: Cause,
  ): void {
    if (level >= previousLevel || reason === 'backfill') return
    this.#watchlist.levelsLeft.note(id(), names[previousLevel]!, eventTimeMs ?? receivedTimeMs)
  }

  #settleOne(marginAccount: number, finding: number): void {
    const { findings } = this
    const { cause, instant } = findings.originOf(finding)
    const reasons = this.#watchlist.reasonsOf(marginAccount)
    const transition = this.#applyToStanding(marginAccount, findings.levelOf(finding), reasons, cause)
    assert(
      transition !== undefined,
      'the kernel proves a level other than the one that the account stands at',
    )
    const markets = this.#watchlist.marketsOf(marginAccount)
    const pending = this.#add(this.#watchlist.subjectOf(marginAccount), marginAccount, transition, {
      ruleBook: this.#watchlist.bookOf(marginAccount),
      rule: this.#watchlist.ruleOf(marginAccount),
      marks: markets.map((market) => this.#markets.seenAt(market, instant)),
      reasons,
      cause,
      decidedMonotonicMs: findings.decidedMonotonicMsOf(finding),
    })
    pending.finding = finding
    findings.settle(finding, pending)
    if (findings.open === 0) this.#markets.forgetPast()
  }

  #add(
    subject: Subject,
    marginAccount: number,
    transition: Transition,
    { ruleBook, rule, marks, reasons, cause, decidedMonotonicMs }: Circumstances,
  ): PendingEvent {
    const pending: PendingEvent = {
      subject,
      marginAccount,
      terms: undefined,
      ruleBook,
      rule,
      marks,
      transition,
      reasons,
      cause,
      decidedMonotonicMs,
      finding: -1,
      next: undefined,
    }
    const queue = this.#queues.get(subject.id)
    if (queue === undefined) this.#queues.set(subject.id, { first: pending, last: pending })
    else {
      queue.last.next = pending
      queue.last = pending
    }
    return pending
  }
}
