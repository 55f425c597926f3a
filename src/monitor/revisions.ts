import {
  EVENT_SCHEMA_VERSION,
  type EventRecord,
  type OpenRevision,
  PUBLISH_RECORDS_MAX,
  type RevisedMarket,
  type RevisionEvent,
  revisionSubject,
} from '../domain/index.ts'
import { type Classifier, type Outcome, type Suspicion, Suspicions, undecided } from '../integrity/index.ts'
import { doubtsOf } from './event-integrity.ts'
import type { Market } from './market.ts'
import type { MonitorOptions } from './options.ts'
import { REVISIONS_DUE_MAX, revisionsFull } from './outbox-full.ts'
import type { PendingEvent } from './pending-event.ts'
import { Queue } from './queue.ts'

/**
 * Suspect events that wait until their prices are decided, about 500 bytes each. One more is revised at once, as `undecided` by
 * `too-many`.
 */
export const REVISIONS_WAITING_MAX = 200_000
interface Waiting {
  readonly open: OpenRevision
  readonly suspicions: readonly Suspicion[]
}

interface Due {
  readonly open: OpenRevision
  /** One for each of its markets. */
  readonly outcomes: readonly Outcome[]
}

/**
 * Revises suspect events: each gets one further record under its id when it is known, or given up, whether its prices are right.
 * What is open is kept with the event, so that the next worker ends what this one leaves.
 */
export class Revisions {
  readonly #options: Pick<MonitorOptions, 'hasRoom' | 'publish' | 'clock'>
  readonly #integrityRules: string
  readonly #suspicions: Suspicions
  readonly #waitingOn = new Map<Suspicion, Waiting[]>()
  #waiting = 0
  readonly #due = new Queue<Due>()
  #dueCount = 0
  /** Of earlier workers; once the first has been looked at, those with the earliest limit first. */
  readonly #restored: OpenRevision[] = []
  /** The first that is not revised. */
  #restoredAt = 0
  #isInOrder = true
  /** Markets whose last mark was suspect; those whose present one is not are dropped when it is read. */
  readonly #doubtful = new Set<Market>()

  constructor(options: Pick<MonitorOptions, 'hasRoom' | 'publish' | 'clock'>, classifier: Classifier) {
    this.#options = options
    this.#integrityRules = classifier.rules.version
    this.#suspicions = new Suspicions(classifier)
  }

  /** Revisions that are not published yet. */
  get due(): number {
    return this.#dueCount
  }

  /** The market has a mark, which is classified. `nowMs`: its receipt, Unix milliseconds. */
  heard(market: Market, nowMs: number): void {
    if (market.doubt !== undefined) this.#doubtful.add(market)
    this.#suspicions.heard(market.instrument, market.markText, nowMs)
    this.#takeDecided()
  }

  /** Gives up what has reached its limit. True when a revision follows. */
  expire(nowMs: number): boolean {
    const before = this.#dueCount
    this.#suspicions.expire(nowMs)
    this.#takeDecided()
    if (!this.#isInOrder) this.#orderRestored()
    for (let first = this.#restored[this.#restoredAt]; first !== undefined; ) {
      if (first.untilMs > nowMs) break
      this.#pushRestored(first)
      first = this.#restored[++this.#restoredAt]
    }
    return this.#dueCount > before
  }

  /** A verdict changes: from now on the suspect marks are watched on which it may be based. */
  watchPresent(nowMs: number): void {
    for (const market of this.#doubtful) {
      if (market.doubt === undefined) this.#doubtful.delete(market)
      else this.#suspicions.watch(market.doubt, nowMs)
    }
  }

  /** The record of an event that is published now; of a suspect one with what is kept of it until its revision. */
  opened(record: EventRecord, { marks }: Pick<PendingEvent, 'marks'>): EventRecord {
    const { event } = record
    if (!('integrity' in event)) return record
    const { id, logId, shard, venue, account, marginAccount, episode, sequence, kind, level } = event
    const doubts = doubtsOf(kind, marks)
    const suspicions = doubts.map((doubt) => this.#suspicions.watch(doubt, event.receivedTimeMs))
    const open: OpenRevision = {
      schemaVersion: EVENT_SCHEMA_VERSION,
      id,
      logId,
      shard,
      venue,
      episode,
      sequence,
      account,
      marginAccount,
      revisedKind: kind,
      level,
      integrityRules: this.#integrityRules,
      untilMs: Math.max(...suspicions.map(({ untilMs }) => untilMs)),
      markets: doubts.map(({ symbol, markPrice }) => ({ symbol, markPrice })),
    }
    const waiting = { open, suspicions }
    if (suspicions.every(({ outcome }) => outcome !== undefined)) this.#end(waiting)
    else if (this.#waiting === REVISIONS_WAITING_MAX) this.#giveUp(waiting, event.receivedTimeMs)
    else this.#wait(waiting)
    return { ...record, openRevision: open }
  }

  /**
   * A suspect event of an earlier worker. It is undecided at its limit: marks that would have decided it were not heard here. Call
   * before the first `expire`.
   */
  restore(open: OpenRevision): void {
    this.#restored.push(open)
    this.#isInOrder = false
  }

  /** Publishes until the given time, or until the event log has no room. True when nothing waits. */
  work(endMs: number): boolean {
    const { hasRoom, publish, clock } = this.#options
    while (this.#dueCount > 0 && hasRoom()) {
      const records: EventRecord[] = []
      for (let due = this.#due.first; due !== undefined; due = this.#due.first) {
        if (records.length === PUBLISH_RECORDS_MAX) break
        records.push(recordOf(due))
        this.#due.shift()
      }
      this.#dueCount -= records.length
      publish(records)
      if (clock.monotonicMs() > endMs) break
    }
    return this.#dueCount === 0
  }

  #wait(waiting: Waiting): void {
    this.#waiting++
    for (const suspicion of waiting.suspicions) {
      if (suspicion.outcome !== undefined) continue
      const others = this.#waitingOn.get(suspicion)
      if (others === undefined) this.#waitingOn.set(suspicion, [waiting])
      else others.push(waiting)
    }
  }

  #takeDecided(): void {
    if (!this.#suspicions.hasDecided) return
    for (const suspicion of this.#suspicions.takeDecided()) {
      const waiting = this.#waitingOn.get(suspicion) ?? []
      this.#waitingOn.delete(suspicion)
      for (const one of waiting) {
        if (one.suspicions.some(({ outcome }) => outcome === undefined)) continue
        this.#waiting--
        this.#end(one)
      }
    }
  }

  #orderRestored(): void {
    this.#isInOrder = true
    this.#restored.sort((one, other) => one.untilMs - other.untilMs || (one.id < other.id ? -1 : 1))
  }

  #pushRestored(open: OpenRevision): void {
    this.#push({ open, outcomes: open.markets.map(() => undecided('restart', open.untilMs)) })
  }

  #end({ open, suspicions }: Waiting): void {
    this.#push({ open, outcomes: suspicions.map(({ outcome }) => outcome!) })
  }

  #giveUp({ open, suspicions }: Waiting, nowMs: number): void {
    this.#push({ open, outcomes: suspicions.map(({ outcome }) => outcome ?? undecided('too-many', nowMs)) })
  }

  #push(due: Due): void {
    if (this.#dueCount === REVISIONS_DUE_MAX) throw revisionsFull()
    this.#due.push(due)
    this.#dueCount++
  }
}

function recordOf({ open: { untilMs: _, ...open }, outcomes }: Due): EventRecord {
  const event: RevisionEvent = {
    ...open,
    kind: 'revision',
    revision: 1,
    confidence: confidenceOf(outcomes),
    markets: open.markets.map((market, index) => revisedMarket(market, outcomes[index]!)),
    receivedTimeMs: Math.max(...outcomes.map(({ atMs }) => atMs)),
  }
  return { event, subject: revisionSubject(open.id), progress: null }
}

function revisedMarket(market: OpenRevision['markets'][number], { confidence, by }: Outcome): RevisedMarket {
  return { ...market, confidence, ...by }
}

/** One price that was none of the market is enough to retract; all must be right to confirm. */
function confidenceOf(outcomes: readonly Outcome[]): RevisionEvent['confidence'] {
  if (outcomes.some(({ confidence }) => confidence === 'retracted')) return 'retracted'
  return outcomes.every(({ confidence }) => confidence === 'confirmed') ? 'confirmed' : 'undecided'
}
