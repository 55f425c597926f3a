import {
  type Contradiction,
  type Decimal,
  indexName,
  type MarketProgress,
  marketSubject,
  type VenueId,
  type Watermark,
} from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { FurtherPrices, MarkOf } from '../margin/index.ts'
import { HeardMinute } from './heard-minute.ts'
import { type Market, type SeenMark, seenMark } from './market.ts'
import { closedTransition, type MarketTransition, marketTransition } from './market-transition.ts'

const NONE = -1
const NO_CONTRADICTIONS: readonly Contradiction[] = []
const NOTHING_PUBLISHED = {
  stale: false,
  expired: false,
  delisted: false,
  contradictions: NO_CONTRADICTIONS,
}

/** The markets that accounts under watch hold or held, by number and by name. */
export class Markets {
  readonly #kernel: Kernel
  readonly #sequenceFloor: number
  readonly #nowMs: () => number
  readonly #added: (market: Market) => void
  readonly #markets: Market[] = []
  readonly #byVenue = new Map<string, Map<string, Market>>()
  readonly #markOf = new Map<string, MarkOf>()
  readonly #further = new Map<string, FurtherPrices>()
  /** What an earlier run published of markets that no account has required yet. */
  readonly #restored = new Map<string, MarketProgress>()
  /** The last marks that an earlier worker evaluated, of markets that no account has required yet. */
  readonly #watermarks = new Map<string, Watermark>()
  readonly #unheld: Watermark[] = []
  /** Markets that got their first margin account or lost their last one since `takeTransitions`. */
  readonly #crossed: Market[] = []
  #isLoading = false
  #instant = 0
  /** The last instant whose marks are kept, −1 if none are. */
  #heldInstant = -1
  readonly #withPast: Market[] = []
  #pastMarks = 0

  /** `nowMs` is the wall clock. Numbers of events of a market go on from `sequenceFloor`. */
  constructor(kernel: Kernel, sequenceFloor: number, nowMs: () => number, added: (market: Market) => void) {
    this.#kernel = kernel
    this.#sequenceFloor = sequenceFloor
    this.#nowMs = nowMs
    this.#added = added
  }

  get all(): readonly Market[] {
    return this.#markets
  }

  /** Number of the present instant. */
  get instant(): number {
    return this.#instant
  }

  /** Past marks that are kept. */
  get pastMarks(): number {
    return this.#pastMarks
  }

  beginInstant(): void {
    this.#instant++
  }

  /** Keeps the marks of this instant, so that `seenAt` gives them by its number, until `forgetPast`. */
  holdMarks(): void {
    this.#heldInstant = this.#instant
  }

  forgetPast(): void {
    for (const market of this.#withPast) market.past.length = 0
    this.#withPast.length = 0
    this.#pastMarks = 0
    this.#heldInstant = -1
  }

  /** Call before the mark of the market or its times change. */
  leaveMark(market: Market): void {
    if (this.#heldInstant >= market.sinceInstant) {
      if (market.past.length === 0) this.#withPast.push(market)
      market.past.push({ untilInstant: this.#instant, seen: seenMark(market) })
      this.#pastMarks++
    }
    market.seen = undefined
    market.sinceInstant = this.#instant
  }

  /**
   * Sets the funding rate of the market's next payment, after `leaveMark`. Where it counts in a maintenance margin, the kernel
   * nominates the account in this instant.
   */
  setFundingRate(market: Market, fundingRate: Decimal): void {
    if (fundingRate === market.fundingRate) return
    market.fundingRate = fundingRate
    this.#kernel.setCharge(market.instrument, Number(fundingRate))
  }

  /** The mark that was in force in an instant whose marks are kept. */
  seenAt(market: Market, instant: number): SeenMark {
    if (instant >= market.sinceInstant) return seenMark(market)
    const { past } = market
    let [low, high] = [0, past.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (past[middle]!.untilInstant > instant) high = middle
      else low = middle + 1
    }
    return past[low]!.seen
  }

  at(instrument: number): Market {
    return this.#markets[instrument]!
  }

  find(venue: string, symbol: string): Market | undefined {
    return this.#byVenue.get(venue)?.get(symbol)
  }

  /** What an earlier run published of a market. Call before the market is required. */
  restore(progress: MarketProgress): void {
    this.#restored.set(marketSubject(progress.venue, progress.symbol), progress)
  }

  /** The last mark that an earlier worker evaluated: what came after it was not heard. Call before the market is required. */
  restoreWatermark(watermark: Watermark): void {
    this.#watermarks.set(marketSubject(watermark.venue, watermark.symbol), watermark)
  }

  /** Counts a margin account that gets its first row in the market. */
  join(market: Market): void {
    if (market.marginAccounts++ === 0) this.#crossed.push(market)
  }

  /** Counts a margin account out of the market that has no row left there. */
  leave(market: Market): void {
    if (--market.marginAccounts === 0) this.#crossed.push(market)
  }

  /** Those markets, until `takeTransitions`. */
  get crossed(): readonly Market[] {
    return this.#crossed
  }

  /** Watermarks of markets that the loaded book does not hold; each once, and none before all of the book is put. */
  takeUnheld(): readonly Watermark[] {
    return this.#unheld.splice(0)
  }

  /** The whole book has been put, except for changes that wait. */
  loaded(): void {
    this.#isLoading = true
  }

  /**
   * What is to be published of markets that lost their last margin account or got one. Call after each change of the book.
   * `isAllApplied`: no change waits; then markets are closed that an earlier run left stale and the loaded book does not hold.
   */
  takeTransitions(isAllApplied: boolean): MarketTransition[] {
    const transitions: MarketTransition[] = []
    for (const market of this.#crossed.splice(0)) {
      const transition = marketTransition(market, market.receivedTimeMs)
      if (transition !== undefined) transitions.push(transition)
    }
    if (this.#isLoading && isAllApplied) {
      this.#isLoading = false
      this.#closeRestored(transitions)
      this.#unheld.push(...this.#watermarks.values())
      this.#watermarks.clear()
    }
    return transitions
  }

  #closeRestored(transitions: MarketTransition[]): void {
    for (const [subject, progress] of this.#restored) {
      if (!progress.stale) continue
      const transition = closedTransition(progress, this.#nowMs())
      transitions.push(transition)
      // A market that comes back is numbered from here.
      this.#restored.set(subject, {
        ...progress,
        sequence: transition.sequence,
        ...NOTHING_PUBLISHED,
        contradictions: [],
      })
    }
  }

  /** The market of the symbol. It is made when it is first required; then `added` is called with it. */
  require(venue: VenueId, symbol: string): Market {
    const known = this.find(venue, symbol)
    if (known !== undefined) return known
    const instrument = this.#kernel.addInstrument()
    const subject = marketSubject(venue, symbol)
    const watermark = this.#watermarks.get(subject)
    this.#watermarks.delete(subject)
    const heard = new HeardMinute()
    if (watermark?.heard) heard.restore(watermark.heard)
    const market: Market = {
      venue,
      symbol,
      instrument,
      markText: '',
      markValue: Number.NaN,
      lastMarkText: '',
      markSource: undefined,
      fundingRate: undefined,
      nextFundingTimeMs: 0,
      nextFundingRate: undefined,
      fundingCoveredMs: 0,
      eventTimeMs: 0,
      receivedMonotonicMs: 0,
      receivedTimeMs: this.#nowMs(),
      isStale: false,
      heard,
      gapFromMs: watermark?.eventTimeMs ?? 0,
      doubt: undefined,
      isUncompared: false,
      expiredMs: 0,
      isDelisted: false,
      contradictions: NO_CONTRADICTIONS,
      marginAccounts: 0,
      lastCounted: NONE,
      published: this.#takeRestored(venue, symbol),
      seen: undefined,
      sinceInstant: this.#instant,
      past: [],
    }
    this.#markets[instrument] = market
    let symbols = this.#byVenue.get(venue)
    if (symbols === undefined) {
      symbols = new Map()
      this.#byVenue.set(venue, symbols)
    }
    symbols.set(symbol, market)
    this.#added(market)
    return market
  }

  #takeRestored(venue: VenueId, symbol: string): Market['published'] {
    const subject = marketSubject(venue, symbol)
    const floor = this.#sequenceFloor
    const restored = this.#restored.get(subject)
    if (restored === undefined) return { ...NOTHING_PUBLISHED, episode: floor, sequence: floor }
    this.#restored.delete(subject)
    const { episode, sequence, stale, expired = false, delisted = false } = restored
    const { contradictions = NO_CONTRADICTIONS } = restored
    return { episode, sequence, stale, expired, delisted, contradictions }
  }

  /** Exact marks of one venue, as `src/margin` asks for them. */
  markOf(venue: string): MarkOf {
    let markOf = this.#markOf.get(venue)
    if (markOf === undefined) {
      markOf = (symbol) => this.find(venue, symbol)?.markText || undefined
      this.#markOf.set(venue, markOf)
    }
    return markOf
  }

  /** The funding rates and index prices of one venue. */
  furtherOf(venue: string): FurtherPrices {
    let further = this.#further.get(venue)
    if (further === undefined) {
      further = {
        fundingRateOf: (symbol) => this.find(venue, symbol)?.fundingRate,
        indexPriceOf: (asset, currency) =>
          this.find(venue, indexName(asset, currency))?.markText || undefined,
      }
      this.#further.set(venue, further)
    }
    return further
  }
}
