import {
  type Clock,
  counted,
  type FeedCounters,
  type Funding,
  isIndexName,
  type MarkSource,
  type PriceKind,
  type PriceSink,
  type VenueSource,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { type FeedLimits, REPLY_CHARACTERS_MAX } from './limits.ts'
import { type Acceptance, type FrameTime, type MarketStatus, Markets } from './markets.ts'
import { Refusals } from './refusals.ts'
import type { FeedSink } from './types.ts'

export interface IntakeOptions {
  readonly source: VenueSource
  readonly clock: Clock
  readonly limits: FeedLimits
  readonly sink: FeedSink
  readonly counters: FeedCounters
  readonly judgedUntilMs?: ((symbol: string) => number) | undefined
}

/**
 * What every kind of feed does with a price: it drops a price older than the last one of its market, gives the others to
 * the sink frame by frame, and keeps the state of each market.
 */
export class Intake implements PriceSink<number | undefined> {
  readonly markets: Markets
  readonly refusals: Refusals
  readonly #options: IntakeOptions
  readonly #freshened: string[] = []
  readonly #lost: string[] = []
  readonly #frame: FrameTime = { receivedMonotonicMs: 0, receivedTimeMs: 0, heardMs: 0 }
  #isInFrame = false
  /** Monotonic time of the last reported refusal that belongs to no request. */
  #unaskedMs = Number.NEGATIVE_INFINITY

  constructor(options: IntakeOptions) {
    const { source, limits, counters, judgedUntilMs } = options
    this.#options = options
    this.refusals = new Refusals(limits)
    this.markets = new Markets({
      staleAfterMs: staleAfterMs(source.cadenceMs, limits),
      indexStaleAfterMs: staleAfterMs(source.indexCadenceMs ?? source.cadenceMs, limits),
      firstMarkMs: limits.firstMarkMs,
      ...(judgedUntilMs === undefined ? {} : { judgedUntilMs }),
      aheadOfClock: () => void counters.aheadOfClock++,
    })
  }

  get all(): ReadonlyMap<string, MarketStatus> {
    return this.markets.all
  }

  get symbols(): readonly string[] {
    return [...this.markets.all.keys()]
  }

  get blindMarkets(): number {
    return this.markets.all.size - this.markets.count('fresh')
  }

  /** How many markets are fresh, for the log. */
  get freshText(): string {
    return `${this.markets.count('fresh')} of ${counted(this.markets.all.size, 'market')}`
  }

  /**
   * Watches further markets; returns those that were not watched before.
   * @throws PlimsollError CONFIGURATION for more markets than the source takes.
   */
  add(symbols: readonly string[], heardMs: number, marketsMax: number): readonly string[] {
    const added = symbols.filter((symbol) => !this.markets.all.has(symbol))
    if (this.markets.all.size + added.length > marketsMax) {
      throw new PlimsollError(
        'CONFIGURATION',
        `a connection to ${this.#options.source.id} takes at most ${marketsMax} markets`,
      )
    }
    for (const symbol of added) this.markets.add(symbol, heardMs)
    return added
  }

  /** What comes of these markets is from now on of none that was requested. */
  remove(symbols: readonly string[]): void {
    for (const symbol of symbols) {
      this.markets.remove(symbol)
      this.refusals.taken(symbol)
    }
  }

  frameStarted(receivedMonotonicMs: number, heardMs: number): void {
    this.#frame.receivedMonotonicMs = receivedMonotonicMs
    this.#frame.receivedTimeMs = this.#options.clock.nowMs()
    this.#frame.heardMs = heardMs
  }

  price(
    kind: PriceKind,
    symbol: string,
    price: string,
    statedTimeMs: number | undefined,
    funding: Funding | undefined,
    markSource?: MarkSource,
  ): void {
    const eventTimeMs = statedTimeMs ?? this.#frame.receivedTimeMs
    if (kind === 'index') {
      // An index price that is stated under the name of a contract is never its mark.
      if (isIndexName(symbol)) this.#index(symbol, price, statedTimeMs)
      return
    }
    if (kind === 'mark') {
      if (!this.#accepts(symbol, price, statedTimeMs, markSource)) return
      this.#options.counters.ticks++
    } else if (this.markets.isCurrent(symbol, statedTimeMs)) this.#openFrame()
    else return
    this.#options.sink.price(kind, symbol, price, eventTimeMs, funding, markSource)
  }

  unchanged(symbol: string, statedTimeMs: number | undefined, funding: Funding | undefined): void {
    const acceptance = this.#take(symbol, undefined, statedTimeMs)
    const old = acceptance === 'doubtful' ? this.markets.oldMarkOf(symbol) : undefined
    if (old !== undefined) this.price('mark', symbol, old.price, statedTimeMs, funding, old.source)
    if (!isTaken(acceptance)) return
    this.#options.counters.unchanged++
    this.#options.sink.unchanged(symbol, statedTimeMs ?? this.#frame.receivedTimeMs, funding)
  }

  /** As of `FrameSink`. */
  noMark(symbol: string | undefined, sinceMs: number | undefined): void {
    const { counters, sink } = this.#options
    if (sinceMs === undefined) {
      counters.unreadable++
      if (symbol !== undefined && this.markets.isFirstUnreadable(symbol)) sink.marketUnreadable(symbol)
    } else if (symbol !== undefined) {
      if (!this.markets.all.has(symbol)) counters.foreign++
      else if (!this.markets.isCurrent(symbol, sinceMs)) counters.droppedOld++
      else if (this.markets.lose(symbol, sinceMs)) this.#lost.push(symbol)
    }
  }

  /** Frames state index prices that nobody has requested; and one that has not changed, which is a confirmation. */
  #index(name: string, price: string, statedTimeMs: number | undefined): void {
    const { counters, sink } = this.#options
    const last = this.markets.lastPriceOf(name)
    if (last === undefined) {
      // It stands beside a mark that was accepted.
      if (this.#isInFrame) sink.indexPrice(name, price)
      return
    }
    if (!this.#accepts(name, price, statedTimeMs)) return
    const eventTimeMs = statedTimeMs ?? this.#frame.receivedTimeMs
    sink.indexPrice(name, price)
    if (price === last) {
      counters.unchanged++
      sink.unchanged(name, eventTimeMs, undefined)
    } else {
      counters.ticks++
      sink.price('index', name, price, eventTimeMs, undefined)
    }
  }

  frameEnded(): void {
    const { sink } = this.#options
    if (this.#isInFrame) {
      this.#isInFrame = false
      sink.frameEnd()
    }
    if (this.#freshened.length > 0) {
      this.taken(this.#freshened)
      for (const symbol of this.#freshened.splice(0)) sink.marketState(symbol, 'fresh')
    }
    if (this.#lost.length > 0) for (const symbol of this.#lost.splice(0)) sink.marketState(symbol, 'stale')
  }

  /** The sink or the parser threw: the rest of the frame is lost. */
  failed(error: Error): void {
    this.#isInFrame = false
    this.#options.sink.fault(error)
  }

  /** Of a market that is watched. `isItsOwn`: the venue took other markets, so this market is at fault. */
  refused(symbol: string, reason: string, isItsOwn: boolean, heardMs: number): void {
    const { sink, counters } = this.#options
    const text = reason.slice(0, REPLY_CHARACTERS_MAX)
    this.markets.refused(symbol)
    const isFirst = this.refusals.add(symbol, text, heardMs, isItsOwn)
    if (isFirst) sink.marketRefused(symbol, text)
    else counters.refusedAgain++
  }

  taken(symbols: readonly string[]): void {
    if (this.refusals.size === 0) return
    for (const symbol of symbols) {
      const refusals = this.refusals.taken(symbol)
      if (refusals === 0) continue
      this.markets.taken(symbol, this.#frame.heardMs)
      this.#options.sink.marketTaken(symbol, refusals)
    }
  }

  /** A refusal that belongs to no request of ours. Reported at most once every `outageLineEveryMs`. */
  refusedUnasked(reason: string): void {
    const { clock, limits, sink, source } = this.#options
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#unaskedMs < limits.outageLineEveryMs) return
    this.#unaskedMs = nowMs
    const text = reason.slice(0, REPLY_CHARACTERS_MAX)
    sink.fault(new PlimsollError('FEED_REJECTED', `${source.id} refused what was not asked for: ${text}`))
  }

  /** Reports the markets that became stale or had no mark by their deadline. */
  check(heardMs: number): void {
    this.markets.check(heardMs, (symbol, state) => this.#options.sink.marketState(symbol, state))
  }

  #accepts(
    symbol: string,
    markPrice: string,
    statedTimeMs: number | undefined,
    markSource?: MarkSource,
  ): boolean {
    return isTaken(this.#take(symbol, markPrice, statedTimeMs, markSource))
  }

  #take(
    symbol: string,
    markPrice: string | undefined,
    statedTimeMs: number | undefined,
    markSource?: MarkSource,
  ): Acceptance {
    const { counters, source } = this.#options
    const acceptance = this.markets.accept(symbol, markPrice, statedTimeMs, this.#frame, markSource)
    if (acceptance === 'older') counters.droppedOld++
    else if (acceptance === 'doubtful') counters.doubtful++
    else if (acceptance === 'foreign') counters.foreign += source.statesEveryMarket === true ? 0 : 1
    else if (acceptance === 'freshened') this.#freshened.push(symbol)
    if (isTaken(acceptance)) this.#openFrame()
    return acceptance
  }

  #openFrame(): void {
    if (this.#isInFrame) return
    this.#isInFrame = true
    this.#options.sink.frameStart(this.#frame.receivedMonotonicMs, this.#frame.receivedTimeMs)
  }
}

function isTaken(acceptance: Acceptance): boolean {
  return acceptance === 'accepted' || acceptance === 'freshened'
}

function staleAfterMs(cadenceMs: number, { stalenessMinMs, checkEveryMs }: FeedLimits): number {
  return Math.max(5 * cadenceMs - checkEveryMs, stalenessMinMs)
}
