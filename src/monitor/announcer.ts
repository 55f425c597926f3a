import { type EventRecord, PUBLISH_RECORDS_MAX } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'
import type { WatchedBook } from './book.ts'
import { marketRecordOf, recordOf } from './event.ts'
import type { Cause, Found } from './found.ts'
import type { MarketTransition } from './markets.ts'
import type { MonitorOptions } from './options.ts'
import { Ranking } from './ranking.ts'

/**
 * Transitions that wait to be published, about 250 bytes each. Redis is away, or slower than a cascade, for a long
 * time where so many wait: the worker stops with OUTBOX_FULL.
 */
export const TRANSITIONS_WAITING_MAX = 2_000_000

/** The transitions of one margin account that wait, in their order. */
interface Line {
  first: Found
  last: Found
}

/** The transitions of one instant, or of one change of the book. */
class Batch {
  readonly cause: Cause
  readonly markets: MarketTransition[] = []
  readonly ranking = new Ranking()

  constructor(cause: Cause) {
    this.cause = cause
  }
}

/**
 * Makes the events of transitions and publishes them, in slices, while further instants are evaluated: all
 * liquidations that wait before everything else, each instant's worst first. Events of one margin account keep their
 * order: what it published earlier goes before its liquidation.
 */
export class Announcer {
  readonly #options: MonitorOptions
  readonly #book: WatchedBook
  /** What causes the transitions that are noted now. */
  #eventTimeMs: number | null = null
  #receivedTimeMs = 0
  #receivedMonotonicMs = 0
  #isOpen = false
  /** Made with the first transition, so that an instant without one allocates nothing. */
  #open: Batch | undefined
  /** Closed batches whose order is not complete yet. */
  readonly #unranked: Batch[] = []
  readonly #urgent: Queue<Found> = new Queue()
  readonly #rest: Queue<Found | Batch> = new Queue()
  /**
   * What waits of each margin account, by id: an account that goes and comes back, or is known first from an earlier
   * run, stays in one line.
   */
  readonly #lines = new Map<string, Line>()
  #waiting = 0

  constructor(options: MonitorOptions, book: WatchedBook) {
    this.#options = options
    this.#book = book
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

  get cause(): Cause {
    return this.#batch.cause
  }

  note(found: Found): void {
    this.#count()
    this.#batch.ranking.add(found)
    const { id } = found.watched
    const line = this.#lines.get(id)
    if (line === undefined) this.#lines.set(id, { first: found, last: found })
    else {
      line.last.next = found
      line.last = found
    }
  }

  noteMarket(transition: MarketTransition): void {
    this.#count()
    this.#batch.markets.push(transition)
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
      eventTimeMs: this.#eventTimeMs,
      receivedTimeMs: this.#receivedTimeMs,
      receivedMonotonicMs: this.#receivedMonotonicMs,
    })
    return this.#open
  }

  /** Publishes until the given time, or until the log has no room. True when nothing waits. */
  work(endMs: number): boolean {
    if (this.#waiting === 0) return true
    const { hasRoom, publish } = this.#options
    if (!this.#rank(endMs)) return false
    while (this.#first !== undefined && hasRoom()) {
      const records: EventRecord[] = []
      const isInTime = this.#collect(records, endMs)
      if (records.length > 0) publish(records)
      if (!isInTime) break
    }
    return this.#waiting === 0
  }

  get #first(): Found | Batch | undefined {
    return this.#urgent.first ?? this.#rest.first
  }

  #rank(endMs: number): boolean {
    const monotonicMs = () => this.#options.clock.monotonicMs()
    for (let batch = this.#unranked[0]; batch !== undefined; batch = this.#unranked[0]) {
      const ranked = batch.ranking.work(monotonicMs, endMs)
      if (ranked === undefined) return false
      this.#unranked.shift()
      if (batch.markets.length > 0) this.#rest.push(batch)
      for (const found of ranked) {
        if (found.isUrgent) this.#urgent.push(found)
        else this.#rest.push(found)
      }
    }
    return true
  }

  /** Fills a batch of records; false when the time is over. */
  #collect(records: EventRecord[], endMs: number): boolean {
    while (records.length < PUBLISH_RECORDS_MAX) {
      const found = this.#first
      if (found === undefined) return true
      if (found instanceof Batch) this.#publishMarkets(found, records)
      else if (found.isPublished) this.#drop(found)
      else this.#publishNextOf(found, records)
      if (this.#options.clock.monotonicMs() > endMs) return false
    }
    return true
  }

  #publishMarkets(batch: Batch, records: EventRecord[]): void {
    const transition = batch.markets.shift()
    if (transition === undefined) this.#rest.shift()
    else {
      records.push(marketRecordOf(transition, batch.cause, this.#options.log))
      this.#waiting--
    }
  }

  /** The first transition that waits of the margin account: `found` itself, or one that has to go before it. */
  #publishNextOf(found: Found, records: EventRecord[]): void {
    const { id } = found.watched
    const line = this.#lines.get(id)
    assert(line !== undefined, `a transition of ${id} waits`)
    const { first } = line
    records.push(recordOf(first, this.#book, this.#options))
    first.isPublished = true
    this.#waiting--
    if (first.next === undefined) this.#lines.delete(id)
    else line.first = first.next
    if (first === found) this.#drop(found)
  }

  #drop(found: Found): void {
    if (this.#urgent.first === found) this.#urgent.shift()
    else this.#rest.shift()
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
