import type {
  Account,
  AccountChange,
  AccountProgress,
  Clock,
  Decimal,
  EventRecord,
  RuleBook,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  type Kernel,
  LEVEL_NONE,
} from '../kernel/index.ts'
import { evaluate, heldLevel, type LevelRule, toFloat } from '../margin/index.ts'
import { type Watched, WatchedBook } from './book.ts'
import { applyFinding, type Finding } from './episode.ts'
import { type Cause, type Found, rankByShortfall, recordOf } from './event.ts'
import { Inbox } from './inbox.ts'
import { Levels } from './levels.ts'
import { type Market, Markets } from './markets.ts'

/** A cascade is worked off in slices of at most this long, so that sockets and timers stay alive. */
export const SLICE_MS = 5
/** Accounts re-checked in f64 between two looks at the clock. */
const RECHECKS_PER_LOOK = 1_024
/** Account changes that wait for the end of an instant. Beyond it the oldest instant is finished at once. */
export const CHANGES_WAITING_MAX = 10_000

export interface MonitorOptions {
  readonly kernel: Kernel
  readonly clock: Clock
  readonly rule: LevelRule
  readonly ruleBookOf: (venue: Account['venue']) => RuleBook
  /** Gets the events of one instant, ranked; called in the turn of the last verdict. */
  readonly publish: (records: readonly EventRecord[]) => void
  /** The book holds a symbol for the first time: somebody must bring its marks. */
  readonly marketAdded: (venue: string, symbol: string) => void
  /** A stored account that the rules refuse; it is not watched. */
  readonly refused: (account: Account, error: Error) => void
  /** Called with every instant as it is applied. For recordings and proofs; costs an object per mark. */
  readonly observer?: MonitorObserver | undefined
}

export interface MonitorObserver {
  instant(marks: readonly { venue: string; symbol: string; markPrice: Decimal }[]): void
}

export interface MonitorCounters {
  ticks: number
  ticksOutsideBook: number
  instants: number
  suspects: number
  exactChecks: number
  nominations: number
  accountsRefused: number
  auditChecks: number
  auditDisagreements: number
}

/**
 * The heart: marks in, events out. No I/O and no clock of its own. Every instant is evaluated, in order;
 * the kernel nominates, exact arithmetic decides, and the events of one instant leave together.
 */
export class Monitor {
  readonly counters: MonitorCounters = {
    ticks: 0,
    ticksOutsideBook: 0,
    instants: 0,
    suspects: 0,
    exactChecks: 0,
    nominations: 0,
    accountsRefused: 0,
    auditChecks: 0,
    auditDisagreements: 0,
  }
  readonly book: WatchedBook
  readonly markets: Markets
  readonly levels: Levels
  readonly #options: MonitorOptions
  readonly #inbox = new Inbox()
  readonly #changes: AccountChange[] = []
  #found: Found[] = []
  #receivedTimeMs = 0
  #receivedMonotonicMs = 0
  #ticksInFrame = 0
  // The instant that is being worked off; -1 when there is none.
  #firedCount = -1
  #rechecked = 0
  #suspectsDone = 0
  #instantHasStale = false
  #instantEventTimeMs = 0
  #instantReceivedTimeMs = 0
  #instantReceivedMonotonicMs = 0
  #scheduled = false
  #auditAt = 0

  constructor(options: MonitorOptions) {
    this.#options = options
    const { kernel, rule } = options
    kernel.setLevels(rule.levels.map(toFloat), 1 + toFloat(rule.hysteresis))
    this.markets = new Markets(kernel, (market) => options.marketAdded(market.venue, market.symbol))
    this.book = new WatchedBook(kernel, this.markets, rule, options.ruleBookOf)
    this.levels = new Levels(rule.levels.length)
  }

  /** Whether every tick and change that was given has been worked off. */
  get idle(): boolean {
    return this.#firedCount < 0 && this.#inbox.length === 0 && this.#changes.length === 0
  }

  /** Ticks that wait for evaluation. */
  get waiting(): number {
    return this.#inbox.length
  }

  restore(account: string, progress: AccountProgress): void {
    this.book.restore(account, progress)
  }

  /** A change of the stored book; applied between two instants. */
  apply(change: AccountChange): void {
    if (this.#firedCount >= 0) {
      this.#changes.push(change)
      if (this.#changes.length > CHANGES_WAITING_MAX) this.#work(Number.POSITIVE_INFINITY)
      return
    }
    this.#applyNow(change)
  }

  frameStart(receivedTimeMs: number, receivedMonotonicMs: number): void {
    this.#receivedTimeMs = receivedTimeMs
    this.#receivedMonotonicMs = receivedMonotonicMs
  }

  /** One mark price, as the venue printed it. Counted and left aside when no position is on that market. */
  tick(venue: string, symbol: string, markText: Decimal, eventTimeMs: number): void {
    const market = this.markets.find(venue, symbol)
    if (market === undefined) {
      this.counters.ticksOutsideBook++
      return
    }
    this.#push(market, Number(markText), markText, eventTimeMs)
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
    if (!this.#scheduled) this.#work(SLICE_MS)
  }

  /** Works off everything that waits, without slices. For the orderly stop. */
  drain(): void {
    this.#work(Number.POSITIVE_INFINITY)
  }

  /** Compares the standing of the next `count` margin accounts with exact arithmetic at the present marks. */
  audit(count: number): void {
    if (!this.idle) return
    for (let i = 0; i < count && this.book.kernelAccounts > 0; i++) {
      this.#auditAt = (this.#auditAt + 1) % this.book.kernelAccounts
      const watched = this.book.at(this.#auditAt)
      if (watched === undefined || watched.standing.unknown) continue
      const exact = this.book.exactOf(watched)
      const evaluation = evaluate(exact, this.markets.markOf(exact.venue))
      if (evaluation === undefined) continue
      this.counters.auditChecks++
      const level = heldLevel(evaluation, exact, this.#options.rule, watched.standing.level)
      if (level !== watched.standing.level) this.counters.auditDisagreements++
      this.book.release(watched)
    }
  }

  #push(market: Market, markPrice: number, markText: Decimal, eventTimeMs: number): void {
    this.#inbox.push(
      market.instrument,
      markPrice,
      markText,
      eventTimeMs,
      this.#receivedTimeMs,
      this.#receivedMonotonicMs,
    )
    this.#ticksInFrame++
  }

  /** Works on the waiting instants for at most `budgetMs`; what is left goes on in a later turn. */
  #work(budgetMs: number): void {
    const { clock } = this.#options
    const endMs = clock.monotonicMs() + budgetMs
    while (this.#firedCount >= 0 || this.#inbox.length > 0) {
      if (this.#firedCount < 0 && !this.#openInstant()) continue
      if (!this.#workInstant(endMs)) {
        this.#goOnLater()
        return
      }
      this.#closeInstant()
    }
  }

  #goOnLater(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#options.clock.nextTurn(() => {
      this.#scheduled = false
      this.#work(SLICE_MS)
    })
  }

  /** Takes the next instant from the inbox. False when it held no mark (the end of a frame alone). */
  #openInstant(): boolean {
    const { kernel, observer } = this.#options
    const inbox = this.#inbox
    kernel.beginInstant()
    this.#instantHasStale = false
    let marks = 0
    const observed =
      observer === undefined ? undefined : ([] as { venue: string; symbol: string; markPrice: Decimal }[])
    while (inbox.length > 0) {
      if (inbox.atFrameEnd) {
        inbox.shift()
        break
      }
      const { instrument } = inbox
      const stale = inbox.markText === ''
      if (stale && this.markets.at(instrument).markText === '') {
        inbox.shift()
        continue
      }
      // A second mark of one instrument in a frame is an instant of its own.
      if (!kernel.setMark(instrument, inbox.markPrice)) break
      const market = this.markets.at(instrument)
      market.markText = inbox.markText
      market.eventTimeMs = inbox.eventTimeMs
      market.receivedMonotonicMs = inbox.receivedMonotonicMs
      this.#instantEventTimeMs = inbox.eventTimeMs
      this.#instantReceivedTimeMs = inbox.receivedTimeMs
      this.#instantReceivedMonotonicMs = inbox.receivedMonotonicMs
      if (stale) {
        this.#instantHasStale = true
        kernel.nominateAll(instrument)
      } else this.counters.ticks++
      observed?.push({ venue: market.venue, symbol: market.symbol, markPrice: market.markText })
      marks++
      inbox.shift()
    }
    if (marks === 0) return false
    if (observed !== undefined) observer!.instant(observed)
    this.#firedCount = kernel.nominate()
    this.#rechecked = 0
    this.#suspectsDone = 0
    return true
  }

  /** Goes on with the open instant; true when it is done. */
  #workInstant(endMs: number): boolean {
    const { kernel, clock } = this.#options
    while (this.#rechecked < this.#firedCount) {
      const to = Math.min(this.#rechecked + RECHECKS_PER_LOOK, this.#firedCount)
      const suspects = kernel.recheckFired(this.#rechecked, to)
      for (; this.#suspectsDone < suspects; this.#suspectsDone++) this.#decideSuspect(this.#suspectsDone)
      if (this.#instantHasStale) {
        for (let i = this.#rechecked; i < to; i++) this.#noteUnknown(kernel.firedAccount(i))
      }
      this.#rechecked = to
      if (clock.monotonicMs() > endMs && this.#rechecked < this.#firedCount) return false
    }
    return true
  }

  #closeInstant(): void {
    this.counters.instants++
    this.counters.nominations += this.#firedCount
    this.#firedCount = -1
    this.#publishFound(this.#instantEventTimeMs, this.#instantReceivedTimeMs)
    this.#options.kernel.refreshZones()
    for (let i = 0; i < this.#changes.length; i++) this.#applyNow(this.#changes[i]!)
    this.#changes.length = 0
  }

  #decideSuspect(index: number): void {
    const { kernel } = this.#options
    const answer = kernel.suspectAnswer(index)
    assert(answer === ANSWER_ACROSS || answer === ANSWER_CLOSE, `answer ${answer} of a suspect`)
    this.counters.suspects++
    const watched = this.book.at(kernel.suspectAccount(index))
    assert(watched !== undefined, 'a suspect is not in the book')
    this.#decide(watched)
  }

  /** An account whose mark was cleared loses its verdict. */
  #noteUnknown(kernelAccount: number): void {
    const watched = this.book.at(kernelAccount)
    if (watched === undefined || watched.standing.unknown || !this.#hasClearedMark(watched)) return
    this.#tell(watched, 'unknown')
    this.#options.kernel.setAccountLevel(kernelAccount, LEVEL_NONE)
  }

  /** Whether a mark that was once known is missing: it went stale. */
  #hasClearedMark(watched: Watched): boolean {
    const { venue } = watched.owner.account
    for (const row of this.book.exactOf(watched).rows) {
      const market = this.markets.find(venue, row.symbol)
      if (market?.markText === '' && market.receivedMonotonicMs > 0) return true
    }
    return false
  }

  /** Exact arithmetic decides the level; the kernel is told and re-arms the account. */
  #decide(watched: Watched): void {
    const { kernel, rule } = this.#options
    const exact = this.book.exactOf(watched)
    const evaluation = evaluate(exact, this.markets.markOf(exact.venue))
    if (evaluation === undefined) return
    this.counters.exactChecks++
    const { standing } = watched
    const level = heldLevel(evaluation, exact, rule, standing.level)
    if (level === standing.level && !standing.unknown) {
      this.book.release(watched)
      return
    }
    this.#tell(watched, level, evaluation)
    kernel.setAccountLevel(watched.kernelAccount, level)
    const answer = kernel.recheckAccount(watched.kernelAccount)
    assert(
      answer !== ANSWER_ACROSS,
      `the kernel puts ${watched.id} across a level that exact arithmetic holds`,
    )
  }

  #tell(watched: Watched, finding: Finding, evaluation?: Found['evaluation']): void {
    const exact = this.book.exactOf(watched)
    const before = watched.standing.level
    const transition = applyFinding(watched.standing, finding, this.#options.rule.levels.length)
    this.levels.move(watched, before)
    this.book.release(watched)
    if (transition === undefined) return
    const nowMs = this.#options.clock.monotonicMs()
    const detectionLatencyMs =
      this.#firedCount < 0 ? 0 : Math.max(0, nowMs - this.#instantReceivedMonotonicMs)
    this.#found.push({ watched, transition, exact, evaluation, detectionLatencyMs })
  }

  #applyNow(change: AccountChange): void {
    this.#change(change)
    this.#publishFound(null, this.#options.clock.nowMs())
  }

  #change(change: AccountChange): void {
    const closed = (watched: Watched): void => this.#tell(watched, 'closed')
    const changed: Watched[] = []
    if (change.kind === 'removed') {
      this.book.remove(change.id, closed)
      return
    }
    try {
      this.book.put(change.account, (watched) => changed.push(watched), closed)
    } catch (error) {
      this.counters.accountsRefused++
      this.#options.refused(change.account, error as Error)
      return
    }
    for (const watched of changed) {
      this.levels.move(watched, watched.standing.level)
      const answer = this.#options.kernel.recheckAccount(watched.kernelAccount)
      if (answer !== ANSWER_SAFE && answer !== ANSWER_UNKNOWN) this.#decide(watched)
    }
  }

  /** The events of one instant: ranked, numbered, with the progress of their accounts. */
  #publishFound(eventTimeMs: number | null, receivedTimeMs: number): void {
    if (this.#found.length === 0) return
    const { rule, publish, clock } = this.#options
    const cause: Cause = { eventTimeMs, receivedTimeMs, nowMonotonicMs: clock.monotonicMs() }
    const ranked = rankByShortfall(this.#found, this.markets)
    this.#found = []
    const records = ranked.map((found, index) => recordOf(found, index + 1, cause, rule, this.markets))
    publish(records)
  }
}
