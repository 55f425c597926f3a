import { type EventRecord, PUBLISH_RECORDS_MAX } from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { Steps } from '../margin/index.ts'
import type { AbsentMarginAccount } from './absent-accounts.ts'
import { Batch } from './batch.ts'
import { recordSteps } from './event.ts'
import { recordOfTransition } from './market-event.ts'
import type { MarketTransition } from './market-transition.ts'
import type { Markets } from './markets.ts'
import type { MonitorOptions } from './options.ts'
import { TRANSITIONS_WAITING_MAX, transitionsFull } from './outbox-full.ts'
import { type Cause, type CauseReason, NO_CAUSE, type Past, type PendingEvent } from './pending-event.ts'
import { PendingEvents } from './pending-events.ts'
import { Queue } from './queue.ts'
import type { Figures, Ranking } from './ranking.ts'
import type { Revisions } from './revisions.ts'
import type { Finding } from './standing.ts'
import type { VenueTransition } from './venue-event.ts'
import type { Watchlist } from './watchlist.ts'

/** Past marks that are kept for findings of their instant, about 120 bytes each. Beyond it findings are settled. */
export const PAST_MARKS_MAX = 200_000

/** Open findings of one account. Before one more is added they are settled, so that no step settles many. */
const OPEN_FINDINGS_MAX = 32
/** Findings that are queued between two looks at the clock. */
const QUEUED_PER_LOOK = 4_096

/**
 * Makes events of transitions and publishes them in slices, while further instants are evaluated. Liquidations of every
 * instant go before everything else, the worst of an instant first. The events of one margin account keep their order: an
 * earlier warning goes before its liquidation.
 */
export class Announcer {
  readonly #options: MonitorOptions
  readonly #watchlist: Watchlist
  readonly #markets: Markets
  readonly #pending: PendingEvents
  readonly #revisions: Revisions | undefined
  /** The cause of the transitions that are added now. */
  readonly #cause: { -readonly [Key in keyof Cause]: Cause[Key] } = { ...NO_CAUSE }
  #isOpen = false
  /** The batch of the present instant. Made with its first transition, so that an instant without one allocates nothing. */
  #open: Batch | undefined
  /** Batches of past instants that are not ranked yet. */
  readonly #unranked: Batch[] = []
  readonly #urgent: Queue<number> = new Queue()
  readonly #rest: Queue<number | Batch> = new Queue()
  #waiting = 0
  /** Events of large accounts of which a part is made: one at most that is urgent, and one that is not. */
  readonly #begun: Map<PendingEvent, Steps<EventRecord>> = new Map()

  constructor(
    options: MonitorOptions,
    watchlist: Watchlist,
    markets: Markets,
    revisions: Revisions | undefined,
  ) {
    this.#options = options
    this.#watchlist = watchlist
    this.#markets = markets
    this.#revisions = revisions
    this.#pending = new PendingEvents(watchlist, markets)
  }

  /** Transitions that are not published yet. */
  get waiting(): number {
    return this.#waiting
  }

  /** Begins an instant. `eventTimeMs` is null for a change of the book or of rules. */
  begin(
    eventTimeMs: number | null,
    receivedTimeMs: number,
    receivedMonotonicMs: number,
    reason?: CauseReason,
  ): void {
    assert(!this.#isOpen, 'one instant is open at a time')
    this.#isOpen = true
    const cause = this.#cause
    cause.reason = reason
    cause.eventTimeMs = eventTimeMs
    cause.receivedTimeMs = receivedTimeMs
    cause.receivedMonotonicMs = receivedMonotonicMs
  }

  /** Adds a finding for each of the kernel's suspects [from, to): the level that the kernel proved and gave to the account. */
  addProven(from: number, to: number, nowMonotonicMs: number): void {
    const { kernel } = this.#options
    const { findings } = this.#pending
    const batch = this.#batch
    for (let at = from; at < to; at++) {
      this.#count()
      const marginAccount = kernel.suspectAccount(at)
      const level = kernel.suspectLevel(at)
      const marginBalance = kernel.suspectMarginBalance(at)
      const maintenanceMargin = kernel.suspectMaintenanceMargin(at)
      if (findings.openOf(marginAccount) === OPEN_FINDINGS_MAX) this.#pending.settle(marginAccount)
      const finding = findings.addOpen(batch.origin, marginAccount, level, nowMonotonicMs)
      const ranking = level === this.#watchlist.breachLevelOf(marginAccount) ? batch.urgent : batch.rest
      this.#rank(ranking, finding, marginAccount, marginBalance, maintenanceMargin)
    }
    // After the loop, because settling the last open finding releases the marks.
    this.#markets.holdMarks()
  }

  /** Applies a finding, of the present or the `past`, to the standing of a settled account. True when an event follows. */
  add(
    marginAccount: number,
    finding: Finding,
    reasons: readonly string[],
    figures?: Figures,
    past?: Past,
  ): boolean {
    const batch = this.#batch
    const nowMs = this.#options.clock.monotonicMs()
    const number = this.#pending.apply(marginAccount, finding, reasons, batch.origin.cause, nowMs, past)
    if (number < 0) return false
    this.#count()
    const ranking = finding === this.#watchlist.breachLevelOf(marginAccount) ? batch.urgent : batch.rest
    if (figures === undefined) ranking.add(number, 0, 0)
    else this.#rank(ranking, number, marginAccount, figures.marginBalance, figures.maintenanceMargin)
    return true
  }

  /** The same for a margin account that is not under watch. */
  addAbsent(absent: AbsentMarginAccount, finding: Finding, reasons: readonly string[], past?: Past): void {
    const batch = this.#batch
    const nowMs = this.#options.clock.monotonicMs()
    const number = this.#pending.applyToAbsent(absent, finding, reasons, batch.origin.cause, nowMs, past)
    if (number < 0) return
    this.#count()
    const ranking = finding === absent.rule.levels.length ? batch.urgent : batch.rest
    ranking.add(number, 0, 0)
  }

  addMarket(transition: MarketTransition | VenueTransition): void {
    this.#count()
    this.#batch.markets.push(transition)
  }

  /** Applies the open findings of the account to its standing. Call before anything else is done with either. */
  settle(marginAccount: number): void {
    this.#pending.settle(marginAccount)
  }

  /** Settles the margin account, and keeps its present terms for its events that wait. Call before the terms change or go. */
  keepTerms(marginAccount: number): void {
    this.#pending.settle(marginAccount)
    this.#pending.keepTerms(marginAccount)
  }

  /** Ends the instant. `work` ranks and publishes its transitions. */
  end(): void {
    this.#isOpen = false
    if (this.#open !== undefined) this.#unranked.push(this.#open)
    this.#open = undefined
  }

  get #batch(): Batch {
    assert(this.#isOpen, 'a transition is added while an instant is open')
    if (this.#open === undefined) {
      this.#revisions?.watchPresent(this.#cause.receivedTimeMs)
      this.#open = new Batch({ cause: { ...this.#cause }, instant: this.#markets.instant })
    }
    return this.#open
  }

  #rank(
    ranking: Ranking,
    finding: number,
    marginAccount: number,
    marginBalance: number,
    maintenanceMargin: number,
  ): void {
    const shortfall = this.#watchlist.inQuote(marginAccount, Math.max(0, maintenanceMargin - marginBalance))
    const ratio = marginBalance > 0 ? Math.max(0, maintenanceMargin) / marginBalance : Number.MAX_VALUE
    ranking.add(finding, shortfall, ratio)
  }

  /** Publishes until the given time, or until the event log has no room. True when nothing waits. */
  work(endMs: number): boolean {
    if (this.#waiting === 0) return true
    const { hasRoom, publish } = this.#options
    if (!this.#rankBatches(endMs) || !this.#releasePastMarks(endMs)) return false
    while (this.#first !== undefined && hasRoom()) {
      const records: EventRecord[] = []
      const isInTime = this.#collect(records, endMs)
      if (records.length > 0) publish(records)
      if (!isInTime) break
    }
    return this.#waiting === 0
  }

  get #first(): number | Batch | undefined {
    return this.#urgent.first ?? this.#rest.first
  }

  #rankBatches(endMs: number): boolean {
    const monotonicMs = () => this.#options.clock.monotonicMs()
    for (let batch = this.#unranked[0]; batch !== undefined; batch = this.#unranked[0]) {
      if (!batch.urgent.work(monotonicMs, endMs) || !batch.rest.work(monotonicMs, endMs)) return false
      if (!this.#queueFindings(batch, endMs)) return false
      this.#unranked.shift()
    }
    return true
  }

  /** Gives findings their ranks and queues them until the given time. True when all of the batch are queued. */
  #queueFindings(batch: Batch, endMs: number): boolean {
    const { urgent, rest, markets } = batch
    const { findings } = this.#pending
    if (batch.queued === 0 && markets.length > 0) this.#rest.push(batch)
    while (batch.queued < urgent.length + rest.length) {
      const at = batch.queued++
      const finding = at < urgent.length ? urgent.at(at) : rest.at(at - urgent.length)
      findings.setRank(finding, batch.queued)
      if (at < urgent.length) this.#urgent.push(finding)
      else this.#rest.push(finding)
      if (batch.queued % QUEUED_PER_LOOK === 0 && this.#options.clock.monotonicMs() > endMs) return false
    }
    return true
  }

  /** Settles open findings when they keep more past marks than the limit. When all are settled the marks are released. */
  #releasePastMarks(endMs: number): boolean {
    if (this.#markets.pastMarks <= (this.#options.pastMarksMax ?? PAST_MARKS_MAX)) return true
    while (this.#pending.settleNext()) {
      if (this.#options.clock.monotonicMs() > endMs) return false
    }
    return true
  }

  /** Adds records until a batch is full or nothing waits. False when the time is over. */
  #collect(records: EventRecord[], endMs: number): boolean {
    const { findings } = this.#pending
    while (records.length < PUBLISH_RECORDS_MAX) {
      const first = this.#first
      if (first === undefined) return true
      if (first instanceof Batch) this.#publishMarkets(first, records)
      else if (findings.isPublished(first)) this.#drop(first)
      else this.#publishNextOf(first, records, endMs)
      if (this.#options.clock.monotonicMs() > endMs) return false
    }
    return true
  }

  #publishMarkets(batch: Batch, records: EventRecord[]): void {
    const transition = batch.markets.shift()
    if (transition === undefined) this.#rest.shift()
    else {
      records.push(recordOfTransition(transition, batch.origin.cause, this.#options.log))
      this.#waiting--
    }
  }

  /**
   * Adds the first event that waits of the margin account: that of the finding, or an earlier one that goes before it. When the
   * time is over in the middle of it, a later slice goes on with it, after liquidations that came meanwhile.
   */
  #publishNextOf(finding: number, records: EventRecord[], endMs: number): void {
    const { findings } = this.#pending
    this.#pending.settleUntil(finding)
    const first = this.#pending.firstOf(findings.eventOf(finding).subject.id)
    const record = this.#madeOf(first, endMs)
    if (record === undefined) return
    records.push(record)
    this.#pending.published(first)
    this.#waiting--
    if (first.finding === finding) this.#drop(finding)
  }

  /** undefined when the time is over before it is made. */
  #madeOf(pending: PendingEvent, endMs: number): EventRecord | undefined {
    const rank = this.#pending.findings.rankOf(pending.finding)
    const steps = this.#begun.get(pending) ?? recordSteps(pending, rank, this.#watchlist, this.#options)
    this.#begun.delete(pending)
    for (;;) {
      const step = steps.next()
      if (step.done === true) return this.#revisions?.opened(step.value, pending) ?? step.value
      if (this.#options.clock.monotonicMs() > endMs) break
    }
    this.#begun.set(pending, steps)
    return undefined
  }

  #drop(finding: number): void {
    if (this.#urgent.first === finding) this.#urgent.shift()
    else this.#rest.shift()
    this.#pending.findings.free(finding)
  }

  #count(): void {
    const waitingMax = this.#options.transitionsWaitingMax ?? TRANSITIONS_WAITING_MAX
    if (++this.#waiting <= waitingMax) return
    throw transitionsFull(waitingMax)
  }
}
