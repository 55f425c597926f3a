import {
  EVENT_SCHEMA_VERSION,
  type EventRecord,
  type MarginEvent,
  type OpenRevision,
  PUBLISH_RECORDS_MAX,
  type RevisedMarket,
  type RevisionEvent,
  revisionSubject,
} from '../domain/index.ts'
import {
  type Classifier,
  type Doubt,
  type Outcome,
  type Suspicion,
  Suspicions,
  undecided,
} from '../integrity/index.ts'
import { doubtsOf, uncomparedOf } from './event-integrity.ts'
import type { Market, SeenMark } from './market.ts'
import type { MonitorOptions } from './options.ts'
import { REVISIONS_DUE_MAX, revisionsFull } from './outbox-full.ts'
import type { PendingEvent } from './pending-event.ts'
import { Queue } from './queue.ts'
import { type RevisableEvent, UncomparedEvents } from './uncompared-events.ts'

/**
 * Suspect events that wait until their prices are decided, about 500 bytes each. One more is revised at once, as `undecided` by
 * `too-many`.
 */
export const REVISIONS_WAITING_MAX = 200_000
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
  readonly #classifier: Classifier
  readonly #suspicions: Suspicions
  readonly #uncompared = new UncomparedEvents()
  readonly #waitingOn = new Map<Suspicion, RevisableEvent[]>()
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
    this.#classifier = classifier
    this.#suspicions = new Suspicions(classifier)
  }

  /** Revisions that are not published yet. */
  get due(): number {
    return this.#dueCount
  }

  /** The market has a mark, which is classified. `nowMs`: its receipt, Unix milliseconds. */
  heard(market: Market, nowMs: number): void {
    if (market.doubt !== undefined) this.#doubtful.add(market)
    if (!this.#uncompared.isEmpty) this.#compare(market.instrument, nowMs)
    this.#suspicions.heard(market.instrument, market.markText, nowMs)
    this.#takeDecided(nowMs)
  }

  /** Gives up what has reached its limit. True when a revision follows. */
  expire(nowMs: number): boolean {
    const before = this.#dueCount
    this.#uncompared.expire(nowMs)
    this.#suspicions.expire(nowMs)
    this.#takeDecided(nowMs)
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
    if (!('marginAccount' in event) || event.kind === 'revision') return record
    const doubts = doubtsOf(event.kind, marks)
    const uncompared = uncomparedOf(event.kind, marks)
    if (doubts.length === 0 && uncompared.length === 0) return record
    const suspicions = doubts.map((doubt) => this.#suspicions.watch(doubt, event.receivedTimeMs))
    const open = this.#openOf(event, suspicions)
    const revisable: RevisableEvent = { open, suspicions, state: 'not-waiting' }
    const untilMs = event.receivedTimeMs + this.#classifier.rules.decideWithinMs
    for (const mark of uncompared) this.#uncompared.add(mark.uncompared!, { event: revisable, mark, untilMs })
    if (doubts.length === 0) return record
    this.#wait(revisable, suspicions, event.receivedTimeMs)
    return { ...record, openRevision: open }
  }

  #openOf(event: MarginEvent, suspicions: readonly Suspicion[]): OpenRevision {
    const { id, logId, shard, venue, account, marginAccount, episode, sequence, kind, level } = event
    return {
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
      untilMs: Math.max(event.receivedTimeMs, ...suspicions.map(({ untilMs }) => untilMs)),
      markets: suspicions.map(({ doubt: { symbol, markPrice } }) => ({ symbol, markPrice })),
    }
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

  /** Other venues say now whether what the market stated before was off scale: events on it are in doubt from here on. */
  #compare(instrument: number, nowMs: number): void {
    if (this.#classifier.isUncompared(instrument)) return
    const doubts = new Map<SeenMark, Doubt | undefined>()
    for (const { event, mark } of this.#uncompared.take(instrument, nowMs)) {
      if (event.state === 'ended') continue
      if (!doubts.has(mark))
        doubts.set(mark, this.#classifier.earlierDoubtOf(instrument, mark.markPrice!, mark.eventTimeMs))
      const doubt = doubts.get(mark)
      if (doubt !== undefined) this.#doubtAgain(event, this.#suspicions.watch(doubt, nowMs), nowMs)
    }
  }

  /** What is in doubt of the price from here on takes the place of what was before. */
  #doubtAgain(event: RevisableEvent, suspicion: Suspicion, nowMs: number): void {
    const { symbol, markPrice } = suspicion.doubt
    const markets = [...event.open.markets]
    const known = markets.findIndex((market) => market.symbol === symbol)
    const at = known === -1 ? markets.length : known
    markets[at] = { symbol, markPrice }
    event.open = { ...event.open, markets }
    event.suspicions[at] = suspicion
    this.#wait(event, [suspicion], nowMs)
  }

  /** The event waits for these of its suspicions. */
  #wait(event: RevisableEvent, suspicions: readonly Suspicion[], nowMs: number): void {
    const isFull = event.state === 'not-waiting' && this.#waiting === REVISIONS_WAITING_MAX
    if (isFull || isDecided(event)) {
      this.#end(event, nowMs)
      return
    }
    if (event.state === 'not-waiting') this.#waiting++
    event.state = 'waiting'
    for (const suspicion of suspicions) {
      if (suspicion.outcome !== undefined) continue
      const others = this.#waitingOn.get(suspicion)
      if (others === undefined) this.#waitingOn.set(suspicion, [event])
      else others.push(event)
    }
  }

  #takeDecided(nowMs: number): void {
    if (!this.#suspicions.hasDecided) return
    for (const suspicion of this.#suspicions.takeDecided()) {
      const waiting = this.#waitingOn.get(suspicion) ?? []
      this.#waitingOn.delete(suspicion)
      for (const event of waiting) if (event.state === 'waiting' && isDecided(event)) this.#end(event, nowMs)
    }
  }

  #orderRestored(): void {
    this.#isInOrder = true
    this.#restored.sort((one, other) => one.untilMs - other.untilMs || (one.id < other.id ? -1 : 1))
  }

  #pushRestored(open: OpenRevision): void {
    this.#push({ open, outcomes: open.markets.map(() => undecided('restart', open.untilMs)) })
  }

  /** What is not decided by now is given up. */
  #end(event: RevisableEvent, nowMs: number): void {
    if (event.state === 'waiting') this.#waiting--
    event.state = 'ended'
    const { open, suspicions } = event
    this.#push({ open, outcomes: suspicions.map(({ outcome }) => outcome ?? undecided('too-many', nowMs)) })
  }

  #push(due: Due): void {
    if (this.#dueCount === REVISIONS_DUE_MAX) throw revisionsFull()
    this.#due.push(due)
    this.#dueCount++
  }
}

function isDecided({ suspicions }: RevisableEvent): boolean {
  return suspicions.every(({ outcome }) => outcome !== undefined)
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
