import type {
  AccountChange,
  Decimal,
  FundingRecord,
  FundingSchedule,
  MarginAccountProgress,
  MarketProgress,
  MarkSource,
  MonitorCounters,
  OpenRevision,
  RulesChange,
  VenueProgress,
} from '../domain/index.ts'
import { Classifier } from '../integrity/index.ts'
import { add, ONE, toFloat } from '../margin/index.ts'
import { LatencyHistogram } from '../metrics/index.ts'
import { Announcer } from './announcer.ts'
import { Changes } from './changes.ts'
import { ContractTurns, type Now } from './contract-turns.ts'
import { Doubts } from './doubts.ts'
import { Funding } from './funding.ts'
import { MarketGaps } from './gaps.ts'
import { Instant } from './instant.ts'
import { Judge } from './judge.ts'
import { isHeld, type Market } from './market.ts'
import { Markets } from './markets.ts'
import { MissedPrices } from './missed-prices.ts'
import { type MonitorOptions, noCounts } from './options.ts'
import { CONFIRMED, INDEX_PRICE, INTERRUPTED, MARKED, PendingTicks, STALE } from './pending-ticks.ts'
import { Reader } from './reader.ts'
import { Revisions } from './revisions.ts'
import { Turns } from './turns.ts'
import { Venues } from './venues.ts'
import { Watchlist } from './watchlist.ts'
import { WatchlistEditor } from './watchlist-editor.ts'

/**
 * The heart: takes marks, publishes events. It has no I/O and no clock of its own. It evaluates every instant, in order: the
 * kernel nominates accounts and proves levels, exact arithmetic decides what the kernel cannot prove. An instant ends with
 * its verdicts. Its events are made afterwards, ranked, liquidations first, while later instants are evaluated.
 */
export class Monitor {
  readonly counters: MonitorCounters = noCounts()
  readonly markets: Markets
  readonly watchlist: Watchlist
  /** From the receipt of a frame to the last verdict of its instant. */
  readonly latency = new LatencyHistogram()
  /** What may be known of the accounts under watch. */
  readonly read: Reader
  /** What is to be done about prices that were not heard. */
  readonly missed: MissedPrices
  /** What is to be done about contracts that end, or that their venues state otherwise. */
  readonly contracts = new ContractTurns((...of) => this.#pushAlone(...of))
  readonly #options: MonitorOptions
  readonly #editor: WatchlistEditor
  readonly #judge: Judge
  readonly #announcer: Announcer
  readonly #changes: Changes
  readonly #instant: Instant
  readonly #funding: Funding | undefined
  readonly #classifier: Classifier | undefined
  readonly #revisions: Revisions | undefined
  readonly #venues: Venues | undefined
  readonly #pendingTicks = new PendingTicks()
  readonly #turns: Turns
  #entriesInFrame = 0

  constructor(options: MonitorOptions) {
    const { kernel, rule, ruleBookOf, marketAdded, sequenceFloor, clock, fundingLog, integrity } = options
    const classifier = integrity && new Classifier(integrity.rules, integrity.underlyingOf)
    this.#classifier = classifier
    this.#revisions = classifier && new Revisions(options, classifier)
    kernel.setReleaseFactor(toFloat(add(ONE, rule.hysteresis)))
    this.#options = options
    this.markets = new Markets(
      kernel,
      sequenceFloor,
      () => clock.nowMs(),
      ({ venue, symbol, instrument }) => {
        classifier?.add(instrument, venue, symbol)
        marketAdded(venue, symbol)
      },
    )
    this.#funding = fundingLog && new Funding(fundingLog, this.markets, ruleBookOf, clock)
    this.watchlist = new Watchlist(kernel, this.markets, rule, ruleBookOf, this.#funding)
    this.#editor = new WatchlistEditor(this.watchlist, sequenceFloor)
    this.#announcer = new Announcer(options, this.watchlist, this.markets, this.#revisions)
    const { watchlist, markets } = this
    this.#judge = new Judge(options, this.counters, { watchlist, markets, announcer: this.#announcer })
    this.read = new Reader({ kernel, watchlist, markets, clock })
    const venues = integrity && new Venues(integrity.rules, markets, sequenceFloor)
    this.#venues = venues
    const [judge, announcer] = [this.#judge, this.#announcer]
    const parts = { watchlist, editor: this.#editor, markets, judge, announcer, venues }
    const gaps = new MarketGaps(kernel, watchlist, (gap) => options.gapFound?.(gap))
    this.#changes = new Changes(options, this.counters, parts, gaps)
    const funding = this.#funding?.times
    const revisions = this.#revisions
    const doubts = classifier && revisions && venues && new Doubts({ classifier, revisions, venues, markets })
    this.#instant = new Instant(options, this.counters, { ...parts, doubts, funding, gaps })
    this.#turns = new Turns(options, this.#announcer, this.#revisions, (endMs) => this.#judgeUntil(endMs))
    const { backfill, unfilled } = this.#changes
    const work = () => this.#turns.work()
    this.missed = new MissedPrices({ markets, watchlist, gaps, backfill, unfilled, work })
  }

  /** Whether no tick or change waits for its verdict, and no event waits to be published. */
  get isIdle(): boolean {
    return this.#isJudged && this.unpublished === 0
  }

  get #isJudged(): boolean {
    return !this.#instant.isOpen && this.#pendingTicks.length === 0 && this.#changes.waiting === 0
  }

  /** Ticks that wait for evaluation. */
  get waiting(): number {
    return this.#pendingTicks.length
  }

  /** Events that wait to be published. */
  get unpublished(): number {
    return this.#announcer.waiting + (this.#revisions?.due ?? 0)
  }

  /** Changes of the book that wait to be applied. */
  get waitingChanges(): number {
    return this.#changes.unapplied
  }

  /** Margin accounts without a verdict: a mark is missing, or their newest terms cannot be used. */
  get unknownMarginAccounts(): number {
    return this.#options.kernel.unknownAccounts + this.#editor.suspended
  }

  /** What an earlier run published of a margin account. Call before its account is put. */
  restoreMarginAccount(id: string, progress: MarginAccountProgress): void {
    this.watchlist.absent.restore(id, progress)
  }

  /** What an earlier run published of a market. Call before an account with a position there is put. */
  restoreMarket(progress: MarketProgress): void {
    this.markets.restore(progress)
  }

  /** An anomaly of a venue that an earlier run published and that is not over. Call before the accounts are put. */
  restoreVenue(progress: VenueProgress): void {
    this.#venues?.restore(progress)
  }

  /** A suspect event that an earlier run has not revised. Call before the accounts are put. */
  restoreRevision(open: OpenRevision): void {
    this.#revisions?.restore(open)
  }

  /** What earlier runs knew of funding. Call before the accounts are put. */
  restoreFunding(records: readonly FundingRecord[], schedules: readonly FundingSchedule[]): void {
    this.#funding?.restore(records, schedules)
  }

  /** Records that the log of funding keeps take effect: accounts whose balances are older are judged with the payments in them. */
  applyFunding(records: readonly FundingRecord[]): void {
    for (const record of records) if (this.#funding?.history.add(record)) this.#changes.funding.push(record)
    this.#turns.work()
  }

  /**
   * Call again and again: records the funding times that have passed by the wall clock, also without a mark behind them, and
   * adds the interest and the rollovers up to the last full minute.
   */
  settleFunding(nowMs: number): void {
    // Marks that wait are of before.
    if (!this.#isJudged || this.#funding === undefined) return
    this.#funding.times.settleDue(nowMs)
    if (!this.#funding.history.addMinuteOf(nowMs)) return
    this.#changes.funding.pushMinute()
    this.#turns.work()
  }

  /**
   * Call again and again: ends the wait for what decides suspect prices, by the wall clock, also without a frame behind its limit.
   */
  expireRevisions(nowMs: number): void {
    if (this.#revisions?.expire(nowMs) === true) this.#turns.work()
  }

  /** A stored account that cannot be read. It is not known to be closed. */
  refuse(account: string): void {
    this.#changes.refuse(account)
  }

  /** Call after the snapshot. Ends what earlier runs published of margin accounts that are gone and of markets that nobody holds. */
  loaded(): void {
    this.#revisions?.expire(this.#options.clock.nowMs())
    this.#changes.loaded()
    this.#turns.work()
  }

  /** A change of the stored book, or of the rules of a venue; applied between two instants. */
  apply(change: AccountChange | RulesChange): void {
    this.expireRevisions(this.#options.clock.nowMs())
    if (change.kind === 'rules') this.#changes.pushRules(change)
    else if (this.#isFree) {
      this.#changes.apply(change)
      if (this.unpublished === 0) return
    } else this.#changes.push(change)
    this.#turns.work()
  }

  /** Whether nothing has to be evaluated before what comes next. */
  get #isFree(): boolean {
    return this.#turns.isFree && this.#isJudged
  }

  frameStart(receivedTimeMs: number, receivedMonotonicMs: number): void {
    this.expireRevisions(receivedTimeMs)
    this.#pendingTicks.beginFrame(receivedTimeMs, receivedMonotonicMs)
  }

  /** Whether a margin account that is judged has a position in the market. */
  isHeld(venue: string, symbol: string): boolean {
    const market = this.markets.find(venue, symbol)
    return market !== undefined && isHeld(market)
  }

  /**
   * One mark price, as the venue printed it, and rate and time of the market's next funding where the frame gives them. Only
   * counted when no account under watch has a position on that market.
   */
  tick(
    venue: string,
    symbol: string,
    markText: Decimal,
    eventTimeMs: number,
    fundingRate: Decimal | undefined = undefined,
    nextFundingTimeMs: number | undefined = undefined,
    markSource: MarkSource | undefined = undefined,
  ): void {
    const market = this.markets.find(venue, symbol)
    if (market === undefined) this.counters.ticksOutsideBook++
    else this.#push(MARKED, market, markText, eventTimeMs, fundingRate, nextFundingTimeMs, markSource)
  }

  /** The venue confirms the last mark: it is fresh again, a stale market has its mark back, and another rate is judged at it. */
  unchanged(
    venue: string,
    symbol: string,
    eventTimeMs: number,
    fundingRate?: Decimal,
    nextFundingTimeMs?: number,
  ): void {
    const market = this.markets.find(venue, symbol)
    if (market !== undefined) this.#push(CONFIRMED, market, '', eventTimeMs, fundingRate, nextFundingTimeMs)
  }

  /** An index price that a frame states beside its marks. Only the ones count with which marks of the book are compared. */
  indexPrice(venue: string, name: string, price: Decimal): void {
    const index = this.#classifier?.indexNumberOf(venue, name)
    if (index !== undefined) this.#pendingTicks.push(INDEX_PRICE, index, price, 0, undefined, 0)
  }

  /** The market has no fresh mark. Its accounts have no verdict until it has one again. */
  marketStale(venue: string, symbol: string, nowMs: number, nowMonotonicMs: number): void {
    this.#pushAlone(STALE, venue, symbol, nowMs, { nowMs, nowMonotonicMs })
  }

  /** Marks of the market may be missed from its last one on, until the next one. */
  marketInterrupted(venue: string, symbol: string, nowMs: number, nowMonotonicMs: number): void {
    this.#pushAlone(INTERRUPTED, venue, symbol, nowMs, { nowMs, nowMonotonicMs })
  }

  /** A frame of one entry without a mark. */
  #pushAlone(
    kind: number,
    venue: string,
    symbol: string,
    timeMs: number,
    { nowMs, nowMonotonicMs }: Now,
    text = '',
  ): void {
    const market = this.markets.find(venue, symbol)
    if (market === undefined) return
    this.frameStart(nowMs, nowMonotonicMs)
    this.#push(kind, market, text, timeMs)
    this.frameEnd()
  }

  /** Ends the frame, whose marks are one instant. Evaluates it at once, in slices if that takes long; after a change that waits. */
  frameEnd(): void {
    if (this.#entriesInFrame === 0) return
    this.#entriesInFrame = 0
    this.#pendingTicks.endFrame()
    if (this.#changes.waiting === 0) this.#turns.judge()
    else this.#turns.work()
  }

  /** From here on nothing is evaluated or published. What waits stays counted. */
  stop(): void {
    this.#turns.stop()
  }

  /** Compares the levels of the next `count` margin accounts with exact arithmetic at the present marks. */
  audit(count: number): void {
    if (this.#isJudged) this.#judge.audit(count)
  }

  #push(
    kind: number,
    market: Market,
    markText: Decimal,
    eventTimeMs: number,
    fundingRate?: Decimal,
    nextFundingTimeMs = 0,
    source?: MarkSource,
  ): void {
    const { instrument } = market
    this.#pendingTicks.push(kind, instrument, markText, eventTimeMs, fundingRate, nextFundingTimeMs, source)
    this.#entriesInFrame++
  }

  /** Gives verdicts until the given time, of instants and changes in turn. True when none waits. */
  #judgeUntil(endMs: number): boolean {
    const { clock } = this.#options
    while (!this.#isJudged) {
      if (this.#instant.isOpen || (this.#pendingTicks.length > 0 && this.#instant.open(this.#pendingTicks))) {
        if (!this.#instant.work(endMs)) return false
        this.latency.record(clock.monotonicMs() - this.#instant.receivedMonotonicMs)
        // One change between two instants, so that neither holds the other up.
        if (this.#changes.waiting > 0) this.#changes.work(clock.monotonicMs())
      } else if (this.#changes.waiting > 0) this.#changes.work(endMs)
      if (clock.monotonicMs() > endMs) return this.#isJudged
    }
    return true
  }
}
