import { type EventRecord, PUBLISH_RECORDS_MAX } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'
import type { AbsentMarginAccount } from './absent-accounts.ts'
import { Batch } from './batch.ts'
import { marketRecordOf, recordOf } from './event.ts'
import type { Markets, MarketTransition } from './markets.ts'
import type { MonitorOptions } from './options.ts'
import { PendingEvents } from './pending-events.ts'
import type { Ranking } from './ranking.ts'
import type { Finding } from './standing.ts'
import type { Watchlist } from './watchlist.ts'

/**
 * Transitions that wait to be published: 100 to 230 bytes each, and 560 where their account crosses levels again and again
 * (measured). Redis is away, or slower than a cascade, for a long time where so many wait: the worker stops with OUTBOX_FULL.
 */
export const TRANSITIONS_WAITING_MAX = 1_000_000
/** Marks that are gone and kept for findings of their instant, about 120 bytes each. Beyond it findings are settled. */
export const PAST_MARKS_MAX = 200_000

/** Findings of one account that wait in numbers. Before one more they are settled, so that no step settles many. */
const OPEN_FINDINGS_MAX = 32
/** Findings that are queued between two looks at the clock. */
const QUEUED_PER_LOOK = 4_096

/** What a margin account measures, in f64 and for ranking only. */
export interface Figures {
  readonly marginBalance: number
  readonly maintenanceMargin: number
}

/**
 * Makes the events of transitions and publishes them, in slices, while further instants are evaluated: all
 * liquidations that wait before everything else, each instant's worst first. Events of one margin account keep their
 * order: what it published earlier goes before its liquidation.
 */
export class Announcer {
  readonly #options: MonitorOptions
  readonly #watchlist: Watchlist
  readonly #markets: Markets
  readonly #pending: PendingEvents
  readonly #breachLevel: number
  /** What causes the transitions that are noted now. */
  #eventTimeMs: number | null = null
  #receivedTimeMs = 0
  #receivedMonotonicMs = 0
  #isOpen = false
  /** Made with the first transition, so that an instant without one allocates nothing. */
  #open: Batch | undefined
  /** Closed batches whose order is not complete yet. */
  readonly #unranked: Batch[] = []
  readonly #urgent: Queue<number> = new Queue()
  readonly #rest: Queue<number | Batch> = new Queue()
  #waiting = 0

  constructor(options: MonitorOptions, watchlist: Watchlist, markets: Markets) {
    this.#options = options
    this.#watchlist = watchlist
    this.#markets = markets
    this.#breachLevel = options.rule.levels.length
    this.#pending = new PendingEvents(watchlist, markets, this.#breachLevel)
  }

  /** Transitions that are not published yet. */
  get waiting(): number {
    return this.#waiting
  }

  /** Begins an instant. `eventTimeMs` is null for a change of the book. */
  begin(eventTimeMs: number | null, receivedTimeMs: number, receivedMonotonicMs: number): void {
    assert(!this.#isOpen, 'the transitions of one instant are noted at a time')
    this.#isOpen = true
    this.#eventTimeMs = eventTimeMs
    this.#receivedTimeMs = receivedTimeMs
    this.#receivedMonotonicMs = receivedMonotonicMs
  }

  /** Levels that the kernel proved of its suspects [from, to), and took their accounts to. */
  noteProven(from: number, to: number, nowMonotonicMs: number): void {
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
      const ranking = level === this.#breachLevel ? batch.urgent : batch.rest
      this.#rank(ranking, finding, marginAccount, marginBalance, maintenanceMargin)
    }
    // After the loop: settling the last open finding lets the marks go.
    this.#markets.holdMarks()
  }

  /** Applies a finding to the standing of a settled account; whether there is something to publish. */
  note(
    marginAccount: number,
    finding: Finding,
    reasons: readonly string[],
    figures: Figures | undefined,
  ): boolean {
    const batch = this.#batch
    const nowMonotonicMs = this.#options.clock.monotonicMs()
    const number = this.#pending.apply(marginAccount, finding, reasons, batch.origin.cause, nowMonotonicMs)
    if (number < 0) return false
    this.#count()
    const ranking = finding === this.#breachLevel ? batch.urgent : batch.rest
    if (figures === undefined) ranking.add(number, 0, 0)
    else this.#rank(ranking, number, marginAccount, figures.marginBalance, figures.maintenanceMargin)
    return true
  }

  /** The same for a margin account that is not under watch: it is closed, or without a verdict. */
  noteAbsent(absent: AbsentMarginAccount, finding: 'closed' | 'unknown', reasons: readonly string[]): void {
    const batch = this.#batch
    const nowMonotonicMs = this.#options.clock.monotonicMs()
    const number = this.#pending.applyToAbsent(absent, finding, reasons, batch.origin.cause, nowMonotonicMs)
    if (number < 0) return
    this.#count()
    batch.rest.add(number, 0, 0)
  }

  noteMarket(transition: MarketTransition): void {
    this.#count()
    this.#batch.markets.push(transition)
  }

  /** Applies what was found of the account to its standing. Before anything else is done with either. */
  settle(marginAccount: number): void {
    this.#pending.settle(marginAccount)
  }

  /** Call before the terms of the margin account change, or where it goes. Settles it. */
  keepTerms(marginAccount: number): void {
    this.#pending.settle(marginAccount)
    this.#pending.keepTerms(marginAccount)
  }

  /** Ends the instant: what was noted in it is ranked and published by `work`. */
  end(): void {
    this.#isOpen = false
    if (this.#open !== undefined) this.#unranked.push(this.#open)
    this.#open = undefined
  }

  get #batch(): Batch {
    assert(this.#isOpen, 'a transition belongs to an instant')
    this.#open ??= new Batch({
      cause: {
        eventTimeMs: this.#eventTimeMs,
        receivedTimeMs: this.#receivedTimeMs,
        receivedMonotonicMs: this.#receivedMonotonicMs,
      },
      instant: this.#markets.instant,
    })
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

  /** Publishes until the given time, or until the log has no room. True when nothing waits. */
  work(endMs: number): boolean {
    if (this.#waiting === 0) return true
    const { hasRoom, publish } = this.#options
    if (!this.#rankBatches(endMs) || !this.#letMarksGo(endMs)) return false
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

  /** Gives findings their rank and queues them, until the given time; true when all of the batch are queued. */
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

  /** Settles all that is open where more marks are kept for it than the limit; then they are let go. */
  #letMarksGo(endMs: number): boolean {
    if (this.#markets.pastMarks <= (this.#options.pastMarksMax ?? PAST_MARKS_MAX)) return true
    while (this.#pending.settleNext()) {
      if (this.#options.clock.monotonicMs() > endMs) return false
    }
    return true
  }

  /** Fills a batch of records; false when the time is over. */
  #collect(records: EventRecord[], endMs: number): boolean {
    const { findings } = this.#pending
    while (records.length < PUBLISH_RECORDS_MAX) {
      const first = this.#first
      if (first === undefined) return true
      if (first instanceof Batch) this.#publishMarkets(first, records)
      else if (findings.isPublished(first)) this.#drop(first)
      else this.#publishNextOf(first, records)
      if (this.#options.clock.monotonicMs() > endMs) return false
    }
    return true
  }

  #publishMarkets(batch: Batch, records: EventRecord[]): void {
    const transition = batch.markets.shift()
    if (transition === undefined) this.#rest.shift()
    else {
      records.push(marketRecordOf(transition, batch.origin.cause, this.#options.log))
      this.#waiting--
    }
  }

  /** The first transition that waits of the margin account: the finding itself, or one that has to go before it. */
  #publishNextOf(finding: number, records: EventRecord[]): void {
    const { findings } = this.#pending
    this.#pending.settleUntil(finding)
    const first = this.#pending.firstOf(findings.eventOf(finding).subject.id)
    records.push(recordOf(first, findings.rankOf(first.finding), this.#watchlist, this.#options))
    this.#pending.published(first)
    this.#waiting--
    if (first.finding === finding) this.#drop(finding)
  }

  #drop(finding: number): void {
    if (this.#urgent.first === finding) this.#urgent.shift()
    else this.#rest.shift()
    this.#pending.findings.free(finding)
  }

  #count(): void {
    const waitingMax = this.#options.transitionsWaitingMax ?? TRANSITIONS_WAITING_MAX
    if (++this.#waiting <= waitingMax) return
    throw new PlimsollError(
      'OUTBOX_FULL',
      `more than ${waitingMax} events wait for Redis (TRANSITIONS_WAITING_MAX); the worker stops: ` +
        'the next start finds every account again that stands at a level then, and none that has come back from one',
    )
  }
}

/** First in, first out, in amortised constant time. */
class Queue<T> {
  #entries: (T | undefined)[] = []
  #head = 0

  get first(): T | undefined {
    return this.#entries[this.#head]
  }

  push(entry: T): void {
    this.#entries.push(entry)
  }

  shift(): void {
    this.#entries[this.#head++] = undefined
    if (this.#head * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}
