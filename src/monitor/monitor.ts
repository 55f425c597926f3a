import {
  type AccountChange,
  type Decimal,
  type MarginAccountProgress,
  type MarketProgress,
  type RulesChange,
  venueId,
} from '../domain/index.ts'
import { LatencyHistogram } from '../histogram.ts'
import { toFloat } from '../margin/index.ts'
import { Announcer } from './announcer.ts'
import { Changes } from './changes.ts'
import { Instant } from './instant.ts'
import { Judge } from './judge.ts'
import { type Market, Markets } from './markets.ts'
import { type MonitorCounters, type MonitorOptions, noCounts } from './options.ts'
import { CONFIRMED, Inbox, MARKED, STALE } from './pending-ticks.ts'
import { Reader } from './reader.ts'
import { Watchlist } from './watchlist.ts'
import { WatchlistEditor } from './watchlist-editor.ts'

/** Verdicts are given in slices of about this long, so that sockets and timers stay alive. */
export const SLICE_MS = 5
/**
 * Of each turn, what the making of events gets beside the verdicts. In three runs each of the bench `overload` the p99 of
 * a frame was 39 to 131 ms with 2 ms, and 35 to 90 ms with 1 ms.
 */
const ANNOUNCE_SLICE_MS = 1
/** A log without room is asked again after this long. */
const ROOM_POLL_MS = 10

/**
 * The heart: marks in, events out. No I/O and no clock of its own. Every instant is evaluated, in order; the kernel
 * nominates and proves, exact arithmetic decides what it cannot prove. An instant ends when its verdicts are given;
 * the events are made afterwards, while later instants are evaluated, and leave ranked, liquidations first.
 */
export class Monitor {
  readonly counters: MonitorCounters = noCounts()
  readonly markets: Markets
  readonly watchlist: Watchlist
  /** From the receipt of a frame to all verdicts of its instant. */
  readonly latency = new LatencyHistogram()
  /** What may be known of the accounts under watch. */
  readonly read: Reader
  readonly #options: MonitorOptions
  readonly #editor: WatchlistEditor
  readonly #judge: Judge
  readonly #announcer: Announcer
  readonly #changes: Changes
  readonly #instant: Instant
  readonly #inbox = new Inbox()
  #receivedTimeMs = 0
  #receivedMonotonicMs = 0
  #entriesInFrame = 0
  #isScheduled = false
  #isPolling = false
  #isStopped = false
  #auditAt = 0

  constructor(options: MonitorOptions) {
    const { kernel, rule, ruleBookOf, marketAdded, sequenceFloor, clock } = options
    kernel.setLevels(rule.levels.map(toFloat), 1 + toFloat(rule.hysteresis))
    this.#options = options
    this.markets = new Markets(
      kernel,
      sequenceFloor,
      () => clock.nowMs(),
      ({ venue, symbol }) => marketAdded(venueId(venue), symbol),
    )
    this.watchlist = new Watchlist(kernel, this.markets, rule.names, ruleBookOf)
    this.#editor = new WatchlistEditor(this.watchlist, rule.names, sequenceFloor)
    this.#announcer = new Announcer(options, this.watchlist, this.markets)
    const { watchlist, markets } = this
    this.#judge = new Judge(options, this.counters, { watchlist, markets, announcer: this.#announcer })
    this.read = new Reader({ kernel, watchlist, markets, rule, clock })
    const parts = { watchlist, editor: this.#editor, markets, judge: this.#judge, announcer: this.#announcer }
    this.#changes = new Changes(options, this.counters, parts)
    this.#instant = new Instant(options, this.counters, parts)
  }

  /** Whether every tick and change that was given has its verdict, and every event is published. */
  get isIdle(): boolean {
    return this.#isJudged && this.#announcer.waiting === 0
  }

  get #isJudged(): boolean {
    return !this.#instant.isOpen && this.#inbox.length === 0 && this.#changes.waiting === 0
  }

  /** Ticks that wait for evaluation. */
  get waiting(): number {
    return this.#inbox.length
  }

  /** Events that are found and not published yet. */
  get unpublished(): number {
    return this.#announcer.waiting
  }

  /** Changes of the book that wait to be applied. */
  get waitingChanges(): number {
    return this.#changes.waiting
  }

  /** Margin accounts without a verdict: a mark is missing, or their newest terms cannot be used. */
  get unknownMarginAccounts(): number {
    return this.#options.kernel.unknownAccounts + this.#editor.suspended
  }

  /** What an earlier run published of a margin account. Before its account is put. */
  restoreMarginAccount(id: string, progress: MarginAccountProgress): void {
    this.watchlist.absent.restore(id, progress)
  }

  /** What an earlier run published of a market. Before an account with a position there is put. */
  restoreMarket(progress: MarketProgress): void {
    this.markets.restore(progress)
  }

  /** A stored account that cannot be read. It is not known to be closed. */
  refuse(account: string): void {
    this.#changes.refuse(account)
  }

  /** Call after the snapshot. Publishes `closed` for margin accounts of which something is published and that do not exist any more. */
  loaded(): void {
    this.#changes.loaded()
    this.#workNowOrLater()
  }

  /** A change of the stored book, or of the rules of a venue; applied between two instants. */
  apply(change: AccountChange | RulesChange): void {
    if (change.kind === 'rules') this.#changes.pushRules(change)
    else this.#changes.push(change)
    this.#workNowOrLater()
  }

  frameStart(receivedTimeMs: number, receivedMonotonicMs: number): void {
    this.#receivedTimeMs = receivedTimeMs
    this.#receivedMonotonicMs = receivedMonotonicMs
  }

  /** One mark price, as the venue printed it. Counted and left aside when no position is on that market. */
  tick(venue: string, symbol: string, markText: Decimal, eventTimeMs: number): void {
    const market = this.markets.find(venue, symbol)
    if (market === undefined) this.counters.ticksOutsideBook++
    else this.#push(MARKED, market, markText, eventTimeMs)
  }

  /** The venue says that the last mark still holds: it is fresh, and a market that was stale has it again. */
  unchanged(venue: string, symbol: string, eventTimeMs: number): void {
    const market = this.markets.find(venue, symbol)
    if (market !== undefined) this.#push(CONFIRMED, market, '', eventTimeMs)
  }

  /** The market has no fresh mark: its accounts are without a verdict until it has one again. */
  marketStale(venue: string, symbol: string, nowMs: number, nowMonotonicMs: number): void {
    const market = this.markets.find(venue, symbol)
    if (market === undefined) return
    this.frameStart(nowMs, nowMonotonicMs)
    this.#push(STALE, market, '', nowMs)
    this.frameEnd()
  }

  /** Ends the frame: its marks are one instant. Evaluates at once, in slices when there is much to do. */
  frameEnd(): void {
    if (this.#entriesInFrame === 0) return
    this.#entriesInFrame = 0
    this.#inbox.endFrame()
    this.#workNowOrLater()
  }

  /** Evaluates and publishes nothing any more; what waits stays counted. */
  stop(): void {
    this.#isStopped = true
  }

  /** Compares the standing of the next `count` margin accounts with exact arithmetic at the present marks. */
  audit(count: number): void {
    if (!this.#isJudged) return
    for (let i = 0; i < count && this.watchlist.marginAccountNumbers > 0; i++) {
      this.#auditAt = (this.#auditAt + 1) % this.watchlist.marginAccountNumbers
      const isWatched = this.watchlist.has(this.#auditAt)
      const confirmed = isWatched ? this.#judge.confirms(this.#auditAt) : undefined
      if (confirmed === undefined) continue
      this.counters.auditChecks++
      if (!confirmed) this.counters.auditDisagreements++
    }
  }

  #push(kind: number, market: Market, markText: Decimal, eventTimeMs: number): void {
    const { instrument } = market
    this.#inbox.push(kind, instrument, markText, eventTimeMs, this.#receivedTimeMs, this.#receivedMonotonicMs)
    this.#entriesInFrame++
  }

  #workNowOrLater(): void {
    if (!this.#isScheduled) this.#work()
  }

  #work(): void {
    if (this.#isStopped) return
    const { clock } = this.#options
    const isJudged = this.#judgeUntil(clock.monotonicMs() + SLICE_MS)
    const isPublished =
      this.#announcer.waiting === 0 || this.#announcer.work(clock.monotonicMs() + ANNOUNCE_SLICE_MS)
    if (isJudged && isPublished) return
    if (isJudged && !this.#options.hasRoom()) this.#pollRoom()
    else this.#goOnLater()
  }

  /** Gives verdicts until the given time: instants and changes in turn. True when none waits. */
  #judgeUntil(endMs: number): boolean {
    const { clock } = this.#options
    while (!this.#isJudged) {
      if (this.#instant.isOpen || (this.#inbox.length > 0 && this.#instant.open(this.#inbox))) {
        if (!this.#instant.work(endMs)) return false
        this.latency.record(clock.monotonicMs() - this.#instant.receivedMonotonicMs)
        // One between two instants, so that neither keeps the other waiting.
        if (this.#changes.waiting > 0) this.#changes.work(clock.monotonicMs())
      } else if (this.#changes.waiting > 0) this.#changes.work(endMs)
      if (clock.monotonicMs() > endMs) return this.#isJudged
    }
    return true
  }

  #goOnLater(): void {
    this.#isScheduled = true
    this.#options.clock.nextTurn(() => {
      this.#isScheduled = false
      this.#work()
    })
  }

  /** Meanwhile ticks are evaluated as they come. */
  #pollRoom(): void {
    if (this.#isPolling) return
    this.#isPolling = true
    this.#options.clock.after(ROOM_POLL_MS, () => {
      this.#isPolling = false
      this.#workNowOrLater()
    })
  }
}
