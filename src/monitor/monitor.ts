import type { AccountChange, AccountProgress, Decimal } from '../domain/index.ts'
import { toFloat } from '../margin/index.ts'
import type { WatchedBook } from './book.ts'
import { Inbox } from './inbox.ts'
import { Instant } from './instant.ts'
import { Judge } from './judge.ts'
import type { Levels } from './levels.ts'
import type { Market, Markets } from './markets.ts'
import { type MonitorCounters, type MonitorOptions, noCounts } from './options.ts'

/** A cascade is worked off in slices of about this long, so that sockets and timers stay alive. */
export const SLICE_MS = 5
/** Account changes that wait for the end of an instant. Beyond it what waits is worked off at once. */
export const CHANGES_WAITING_MAX = 10_000

/**
 * The heart: marks in, events out. No I/O and no clock of its own. Every instant is evaluated, in order;
 * the kernel nominates, exact arithmetic decides, and the events leave ranked.
 */
export class Monitor {
  readonly counters: MonitorCounters = noCounts()
  readonly #options: MonitorOptions
  readonly #judge: Judge
  readonly #instant: Instant
  readonly #inbox = new Inbox()
  readonly #changes: AccountChange[] = []
  #receivedTimeMs = 0
  #receivedMonotonicMs = 0
  #ticksInFrame = 0
  #isScheduled = false
  #auditAt = 0

  constructor(options: MonitorOptions) {
    const { kernel, rule } = options
    kernel.setLevels(rule.levels.map(toFloat), 1 + toFloat(rule.hysteresis))
    this.#options = options
    this.#judge = new Judge(options, this.counters)
    this.#instant = new Instant(options, this.#judge, this.counters)
  }

  get book(): WatchedBook {
    return this.#judge.book
  }
  get markets(): Markets {
    return this.#judge.markets
  }
  get levels(): Levels {
    return this.#judge.levels
  }

  /** Whether every tick and change that was given has been worked off. */
  get isIdle(): boolean {
    return !this.#instant.isOpen && this.#inbox.length === 0 && this.#changes.length === 0
  }

  /** Ticks that wait for evaluation. */
  get waiting(): number {
    return this.#inbox.length
  }

  /** What an earlier run told of an account. Before the account is put. */
  restore(account: string, progress: AccountProgress): void {
    this.book.restore(account, progress)
  }

  /** A stored account that cannot be read. It is not known to be closed. */
  refuse(account: string): void {
    this.#judge.refuse(account)
  }

  /** The whole stored book has been put: what was told of and is not in it was closed meanwhile, and is told so. */
  loaded(): void {
    this.#judge.closeAbsent()
  }

  /** A change of the stored book; applied between two instants. */
  apply(change: AccountChange): void {
    if (!this.#instant.isOpen) {
      this.#judge.change(change)
      return
    }
    this.#changes.push(change)
    if (this.#changes.length > CHANGES_WAITING_MAX) this.drain()
  }

  frameStart(receivedTimeMs: number, receivedMonotonicMs: number): void {
    this.#receivedTimeMs = receivedTimeMs
    this.#receivedMonotonicMs = receivedMonotonicMs
  }

  /** One mark price, as the venue printed it. Counted and left aside when no position is on that market. */
  tick(venue: string, symbol: string, markText: Decimal, eventTimeMs: number): void {
    const market = this.markets.find(venue, symbol)
    if (market === undefined) this.counters.ticksOutsideBook++
    else this.#push(market, Number(markText), markText, eventTimeMs)
  }

  /** The venue confirms the last mark: it counts as stated anew, and a stale market has it again. */
  unchanged(venue: string, symbol: string, eventTimeMs: number): void {
    const market = this.markets.find(venue, symbol)
    if (market === undefined) return
    if (market.isStale && market.lastMarkText !== '') {
      this.#push(market, Number(market.lastMarkText), market.lastMarkText, eventTimeMs)
    } else if (market.markText !== '') {
      market.eventTimeMs = eventTimeMs
      market.receivedMonotonicMs = this.#receivedMonotonicMs
    }
  }

  /** The market has no fresh mark: its accounts are without a verdict until it has one again. */
  marketStale(venue: string, symbol: string, nowMs: number, nowMonotonicMs: number): void {
    const market = this.markets.find(venue, symbol)
    if (market === undefined) return
    this.frameStart(nowMs, nowMonotonicMs)
    this.#push(market, 0, '', nowMs)
    this.frameEnd()
  }

  /** Ends the frame: its marks are one instant. Evaluates at once, in slices when there is much to do. */
  frameEnd(): void {
    if (this.#ticksInFrame === 0) return
    this.#ticksInFrame = 0
    this.#inbox.endFrame()
    if (!this.#isScheduled) this.#work(SLICE_MS)
  }

  /** Works off everything that waits, without slices. */
  drain(): void {
    this.#work(Number.POSITIVE_INFINITY)
  }

  /** Compares the standing of the next `count` margin accounts with exact arithmetic at the present marks. */
  audit(count: number): void {
    if (!this.isIdle) return
    for (let i = 0; i < count && this.book.kernelAccounts > 0; i++) {
      this.#auditAt = (this.#auditAt + 1) % this.book.kernelAccounts
      const watched = this.book.at(this.#auditAt)
      const confirmed = watched === undefined ? undefined : this.#judge.confirms(watched)
      if (confirmed === undefined) continue
      this.counters.auditChecks++
      if (!confirmed) this.counters.auditDisagreements++
    }
  }

  #push(market: Market, markPrice: number, markText: Decimal, eventTimeMs: number): void {
    const { instrument } = market
    this.#inbox.push(
      instrument,
      markPrice,
      markText,
      eventTimeMs,
      this.#receivedTimeMs,
      this.#receivedMonotonicMs,
    )
    this.#ticksInFrame++
  }

  /** Works on what waits for at most `budgetMs`; the rest goes on in a later turn. */
  #work(budgetMs: number): void {
    const { clock } = this.#options
    const endMs = clock.monotonicMs() + budgetMs
    while (this.#instant.isOpen || this.#inbox.length > 0) {
      if (!this.#instant.isOpen && !this.#instant.open(this.#inbox)) continue
      if (!this.#instant.work(endMs)) {
        this.#goOnLater()
        return
      }
      if (this.#changes.length > 0) this.#applyWaiting()
      if (this.#inbox.length > 0 && clock.monotonicMs() > endMs) {
        this.#goOnLater()
        return
      }
    }
  }

  #applyWaiting(): void {
    for (const change of this.#changes.splice(0)) this.#judge.change(change)
  }

  #goOnLater(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#options.clock.nextTurn(() => {
      this.#isScheduled = false
      this.#work(SLICE_MS)
    })
  }
}
