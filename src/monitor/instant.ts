import type { Inbox } from './inbox.ts'
import type { Judge } from './judge.ts'
import type { MonitorCounters, MonitorOptions, ObservedMark } from './options.ts'

/** Accounts re-checked in f64 between two looks at the clock: about 20 µs. */
const RECHECKS_PER_LOOK = 64

/** One instant at a time: marks applied together, accounts nominated, re-checked, judged, told. Can be left off and gone on with. */
export class Instant {
  readonly #options: MonitorOptions
  readonly #judge: Judge
  readonly #counters: MonitorCounters
  #phase: 'none' | 'judging' | 'telling' = 'none'
  #fired = 0
  #rechecked = 0
  #suspects = 0
  #decided = 0
  #hasStale = false
  #eventTimeMs = 0
  #receivedTimeMs = 0
  #receivedMonotonicMs = 0

  constructor(options: MonitorOptions, judge: Judge, counters: MonitorCounters) {
    this.#options = options
    this.#judge = judge
    this.#counters = counters
  }

  get isOpen(): boolean {
    return this.#phase !== 'none'
  }

  /** Takes the next instant from the inbox. False when there was no mark in it. */
  open(inbox: Inbox): boolean {
    const { kernel, observer } = this.#options
    kernel.beginInstant()
    this.#hasStale = false
    const observed: ObservedMark[] | undefined = observer === undefined ? undefined : []
    let marks = 0
    for (; inbox.length > 0 && !inbox.atFrameEnd; inbox.shift()) {
      const market = this.#judge.markets.at(inbox.instrument)
      const isStale = inbox.markText === ''
      if (isStale && market.isStale) continue
      // A second mark of one instrument in a frame is an instant of its own.
      if (!kernel.setMark(inbox.instrument, inbox.markPrice)) break
      market.markText = inbox.markText
      market.isStale = isStale
      this.#eventTimeMs = inbox.eventTimeMs
      this.#receivedTimeMs = inbox.receivedTimeMs
      this.#receivedMonotonicMs = inbox.receivedMonotonicMs
      if (isStale) {
        this.#hasStale = true
        kernel.nominateAll(inbox.instrument)
      } else {
        market.lastMarkText = inbox.markText
        market.eventTimeMs = inbox.eventTimeMs
        market.receivedMonotonicMs = inbox.receivedMonotonicMs
        this.#counters.ticks++
      }
      observed?.push({ venue: market.venue, symbol: market.symbol, markPrice: market.markText })
      marks++
    }
    if (inbox.length > 0 && inbox.atFrameEnd) inbox.shift()
    if (marks === 0) return false
    if (observed !== undefined) observer?.instant(observed)
    this.#fired = kernel.nominate()
    this.#rechecked = 0
    this.#suspects = 0
    this.#decided = 0
    this.#phase = 'judging'
    return true
  }

  /** Goes on until the given time; true when the instant is done. */
  work(endMs: number): boolean {
    if (this.#phase === 'judging') {
      if (!this.#judgeSuspects(endMs)) return false
      this.#judge.rank()
      this.#phase = 'telling'
    }
    if (!this.#judge.tell(this.#eventTimeMs, this.#receivedTimeMs, endMs)) return false
    this.#options.kernel.refreshZones()
    this.#counters.instants++
    this.#counters.nominations += this.#fired
    this.#phase = 'none'
    return true
  }

  #judgeSuspects(endMs: number): boolean {
    const { kernel, clock } = this.#options
    for (;;) {
      while (this.#decided < this.#suspects) {
        this.#judge.decideSuspect(kernel.suspectAccount(this.#decided++), this.#receivedMonotonicMs)
        if (clock.monotonicMs() > endMs) return false
      }
      if (this.#rechecked === this.#fired) return true
      const to = Math.min(this.#rechecked + RECHECKS_PER_LOOK, this.#fired)
      this.#suspects = kernel.recheckFired(this.#rechecked, to)
      if (this.#hasStale) {
        for (let i = this.#rechecked; i < to; i++) {
          this.#judge.noteUnknown(kernel.firedAccount(i), this.#receivedMonotonicMs)
        }
      }
      this.#rechecked = to
      if (clock.monotonicMs() > endMs) return false
    }
  }
}
