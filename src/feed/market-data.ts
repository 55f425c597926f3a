import type {
  BlindMarket,
  Clock,
  Contract,
  FeedCounters,
  MarketFeed,
  MarkSink,
  Random,
  VenueId,
  VenueSource,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { Log } from '../log.ts'
import { type ConnectBudget, connectBudget } from './backoff.ts'
import { blindReason, type EndedContract } from './blind-reason.ts'
import { type Feeds, openFeeds } from './feeds.ts'
import { GatheredLine } from './gathered.ts'
import type { FeedLimits } from './limits.ts'
import type { FeedMachine, FeedSink } from './types.ts'

/** New markets wait this long for others, so that one subscription requests all of them. */
const MARKETS_GATHER_MS = 20
/** Markets to which the same happens within this time are in one line of the log. */
const LINE_GATHER_MS = 1_000

const NO_FUNDING = { fundingRate: undefined, nextFundingTimeMs: undefined }
/** Of a market that has had none. */
const NO_MARK = { statedAgeMs: null, seenAgeMs: null, eventTimeMs: null, markSource: null }

export interface MarketDataOptions {
  readonly monitor: MarkSink
  /** The source of the venue that carries the mark of the symbol, or the index price of that name; undefined when none does. */
  readonly sourceCarrying: (venue: VenueId, symbol: string) => VenueSource | undefined
  /** URLs that replace those of the venues, by source id. */
  readonly streamUrls: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  readonly machine: FeedMachine
  readonly log: Log
  /** The venue's time of the last mark of the market that an earlier worker may have evaluated; 0 if none did. */
  readonly judgedUntilMs?: (venue: VenueId, symbol: string) => number
  /** Replaces limits of the feeds, for tests. */
  readonly limits?: Partial<FeedLimits>
  /** Called when no feed can continue: the monitor broke an invariant or reached a limit. */
  readonly failed: (error: Error) => void
}

interface VenueFeeds {
  readonly venue: VenueId
  readonly feeds: Feeds
}

/** Brings the marks and index prices of the markets in the book to the monitor: one group of connections a source. */
export class MarketData {
  readonly #options: MarketDataOptions
  readonly #budgets = new Map<VenueId, ConnectBudget>()
  readonly #feeds = new Map<string, VenueFeeds>()
  #added: Contract[] = []
  #uncarried: Contract[] = []
  #ended: EndedContract[] = []
  readonly #lines: GatheredLine[] = []
  readonly #uncarriedLine: GatheredLine
  #frames = 0
  #isOpen = false
  #cancelGather: (() => void) | undefined

  constructor(options: MarketDataOptions) {
    this.#options = options
    this.#uncarriedLine = this.#line(
      'error',
      'no stream carries these markets; their accounts have no verdict',
    )
  }

  get frames(): number {
    return this.#frames
  }

  counters(): Record<string, readonly FeedCounters[]> {
    const entries = [...this.#feeds].map(([id, { feeds }]) => [
      id,
      feeds.feeds.map((feed) => ({ ...feed.counters })),
    ])
    return Object.fromEntries(entries)
  }

  /** The state of every market's mark. It is read from the feeds at each call; a tick pays nothing for it. */
  markets(): readonly MarketFeed[] {
    const nowMs = this.#options.clock.monotonicMs()
    const ageOf = (monotonicMs: number) => (monotonicMs === 0 ? null : nowMs - monotonicMs)
    const carried = [...this.#feeds].flatMap(([source, { venue, feeds }]) =>
      feeds.feeds.flatMap((feed) =>
        [...feed.markets.values()].map(
          ({ symbol, state, eventTimeMs, statedMonotonicMs, seenMonotonicMs, markSource }): MarketFeed => ({
            venue,
            symbol,
            source,
            state,
            refusal: feed.refusalOf(symbol) ?? null,
            statedAgeMs: ageOf(statedMonotonicMs),
            seenAgeMs: ageOf(seenMonotonicMs),
            eventTimeMs: eventTimeMs === 0 ? null : eventTimeMs,
            markSource: markSource ?? null,
          }),
        ),
      ),
    )
    const none = { source: null, refusal: null, ...NO_MARK }
    return [
      ...carried,
      ...this.#uncarried.map((market) => ({ ...market, state: 'uncarried' as const, ...none })),
      ...this.#ended.map((market) => ({ ...market, ...none })),
    ]
  }

  /** The markets without a fresh mark that somebody holds, and why. The feeds keep the subscriptions of the others. */
  blind(): readonly BlindMarket[] {
    return this.markets().flatMap((market) => {
      const { venue, symbol, state } = market
      const isBlind = state !== 'fresh' && this.#options.monitor.isHeld(venue, symbol)
      return isBlind ? [{ venue, symbol, state, reason: blindReason(market) }] : []
    })
  }

  /** The book holds a position on this market, or a pool that needs the index price of this name. Before `open` markets are only collected. */
  add(venue: VenueId, symbol: string): void {
    this.#added.push({ venue, symbol })
    if (!this.#isOpen || this.#cancelGather !== undefined) return
    this.#cancelGather = this.#options.clock.after(MARKETS_GATHER_MS, () => {
      this.#cancelGather = undefined
      this.#subscribe()
    })
  }

  /** The contracts have ended: their marks are not asked for any more. */
  end(contracts: readonly Contract[], state: EndedContract['state']): void {
    const names = new Set(contracts.map(({ venue, symbol }) => `${venue} ${symbol}`))
    const isOther = ({ venue, symbol }: Contract) => !names.has(`${venue} ${symbol}`)
    this.#added = this.#added.filter(isOther)
    this.#uncarried = this.#uncarried.filter(isOther)
    this.#ended.push(...contracts.map(({ venue, symbol }) => ({ venue, symbol, state })))
    for (const [source, { symbols }] of this.#bySource(contracts).carried)
      this.#feeds.get(source.id)?.feeds.remove(symbols)
  }

  /** A contract that was taken for ended has not: its mark is asked for again. */
  revive({ venue, symbol }: Contract): void {
    this.#ended = this.#ended.filter((ended) => ended.venue !== venue || ended.symbol !== symbol)
    this.add(venue, symbol)
  }

  open(): void {
    this.#isOpen = true
    this.#subscribe()
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#cancelGather?.()
    for (const line of this.#lines) line.flush()
    await Promise.all([...this.#feeds.values()].map(({ feeds }) => feeds.close()))
  }

  /** Opens or widens the feeds for the markets that were added since the last call. */
  #subscribe(): void {
    const { carried, uncarried } = this.#bySource(this.#added.splice(0))
    for (const { venue, symbol } of uncarried) {
      this.#uncarried.push({ venue, symbol })
      this.#uncarriedLine.add(`${venue} ${symbol}`)
      this.#withoutMark(venue, symbol)
    }
    this.#uncarriedLine.flush()
    for (const [source, { venue, symbols }] of carried) {
      const known = this.#feeds.get(source.id)
      if (known !== undefined) known.feeds.add(symbols)
      else this.#feeds.set(source.id, { venue, feeds: this.#openFeeds(source, venue, symbols) })
    }
  }

  #bySource(contracts: readonly Contract[]) {
    const carried = new Map<VenueSource, { venue: VenueId; symbols: string[] }>()
    const uncarried: Contract[] = []
    for (const { venue, symbol } of contracts) {
      const source = this.#options.sourceCarrying(venue, symbol)
      const known = source && carried.get(source)
      if (source === undefined) uncarried.push({ venue, symbol })
      else if (known === undefined) carried.set(source, { venue, symbols: [symbol] })
      else known.symbols.push(symbol)
    }
    return { carried, uncarried }
  }

  #openFeeds(source: VenueSource, venue: VenueId, symbols: readonly string[]): Feeds {
    const { streamUrls, clock, random, machine, log, limits = {}, judgedUntilMs } = this.#options
    const url = streamUrls[source.id]
    const given = url === undefined ? {} : { url }
    const sink = this.#sinkOf(venue, log.child({ stream: source.id }))
    return openFeeds({
      source,
      symbols,
      clock,
      random,
      machine,
      log,
      limits,
      budget: this.#budgetOf(venue),
      sink,
      judgedUntilMs: (symbol) => judgedUntilMs?.(venue, symbol) ?? 0,
      ...given,
    })
  }

  /** Each venue bans by address on its own, so each has its own budget. */
  #budgetOf(venue: VenueId): ConnectBudget {
    const budget = this.#budgets.get(venue) ?? connectBudget(this.#options.clock)
    this.#budgets.set(venue, budget)
    return budget
  }

  #sinkOf(venue: VenueId, log: Log): FeedSink {
    const { monitor, failed } = this.#options
    const stale = this.#line('warn', 'markets have no fresh mark', log)
    const unheard = this.#line('warn', 'markets have had no mark yet; their accounts have no verdict', log)
    const fresh = this.#line('info', 'markets have a fresh mark again', log)
    const unreadable = this.#line(
      'warn',
      'an entry of these markets cannot be read; their marks go stale unless others come',
      log,
    )
    const refused = this.#line('error', 'the venue refuses markets; they are asked for again', log)
    const taken = this.#line('info', 'the venue takes markets that it refused before', log)
    const reported = new Set<string>()
    return {
      frameStart: (receivedMonotonicMs, receivedTimeMs) => {
        this.#frames++
        monitor.frameStart(receivedTimeMs, receivedMonotonicMs)
      },
      price: (kind, symbol, price, eventTimeMs, funding, markSource) => {
        if (kind === 'settlement') return
        const { fundingRate, nextFundingTimeMs } = funding ?? NO_FUNDING
        monitor.tick(venue, symbol, price, eventTimeMs, fundingRate, nextFundingTimeMs, markSource)
      },
      unchanged: (symbol, eventTimeMs, funding) =>
        monitor.unchanged(venue, symbol, eventTimeMs, funding?.fundingRate, funding?.nextFundingTimeMs),
      indexPrice: (name, price) => monitor.indexPrice(venue, name, price),
      frameEnd: () => monitor.frameEnd(),
      marketState: (symbol, state) => {
        if (state === 'fresh') {
          if (reported.delete(symbol)) fresh.add(symbol)
          return
        }
        this.#withoutMark(venue, symbol)
        if (!monitor.isHeld(venue, symbol)) return
        reported.add(symbol)
        if (state === 'stale') stale.add(symbol)
        else unheard.add(symbol)
      },
      marketUnreadable: (symbol) => unreadable.add(symbol),
      marketRefused: (symbol, reply) => refused.add(`${symbol}: ${reply}`),
      marketTaken: (symbol, refusals) => taken.add(`${symbol} after ${refusals} refusals`),
      // The feed itself logs it.
      connection: () => undefined,
      interrupted: (symbols) => {
        const { clock } = this.#options
        for (const symbol of symbols)
          monitor.marketInterrupted(venue, symbol, clock.nowMs(), clock.monotonicMs())
      },
      fault: (error) => {
        if (error instanceof PlimsollError && error.code === 'FEED_REJECTED') {
          log.error({ code: error.code }, error.message)
        } else failed(error)
      },
    }
  }

  #line(level: 'info' | 'warn' | 'error', message: string, log = this.#options.log): GatheredLine {
    const line = new GatheredLine({
      clock: this.#options.clock,
      gatherMs: LINE_GATHER_MS,
      write: (markets, symbols) => {
        const { unknownMarginAccounts } = this.#options.monitor
        // Of all markets, not of these: an account may miss several marks.
        log[level]({ markets, symbols, unknownMarginAccountsInAll: unknownMarginAccounts }, message)
      },
    })
    this.#lines.push(line)
    return line
  }

  #withoutMark(venue: VenueId, symbol: string): void {
    const { monitor, clock, failed } = this.#options
    try {
      monitor.marketStale(venue, symbol, clock.nowMs(), clock.monotonicMs())
    } catch (error) {
      failed(error as Error)
    }
  }
}
