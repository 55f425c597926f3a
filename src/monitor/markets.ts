import {
  type Decimal,
  type MarketEventKind,
  type MarketProgress,
  marketSubject,
  type VenueId,
} from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { MarkOf } from '../margin/index.ts'

const NONE = -1

/** A mark at one moment. Events that are made later are made from it. */
export interface SeenMark {
  readonly symbol: string
  /** undefined when no mark is known. */
  readonly markPrice: Decimal | undefined
  readonly eventTimeMs: number
  readonly receivedMonotonicMs: number
}

/** One market: its last mark as exact text, and the times that events state. */
export interface Market {
  readonly venue: VenueId
  readonly symbol: string
  readonly instrument: number
  /** Empty before the first mark and while the market is stale. */
  markText: Decimal
  /** The last mark, stale or not; empty before the first one. */
  lastMarkText: Decimal
  eventTimeMs: number
  /** When the mark was last stated or confirmed; 0 before the first one. */
  receivedMonotonicMs: number
  /** The same on the wall clock; before the first mark, the time of the first position. */
  receivedTimeMs: number
  isStale: boolean
  /** Margin accounts with a position here. */
  marginAccounts: number
  /** The margin account that `marginAccounts` counted last, so that its second row here is not counted; −1 when it has left. */
  lastCounted: number
  /** What is published of the market. */
  readonly published: { episode: number; sequence: number; stale: boolean }
  /** The present mark as an object, made when it is first asked for. */
  seen: SeenMark | undefined
  /** The instant in which the present mark came. */
  sinceInstant: number
  /** Earlier marks that are kept for findings, oldest first. */
  readonly past: PastMark[]
}

/** A mark that was in force until the instant of that number began. */
interface PastMark {
  readonly untilInstant: number
  readonly seen: SeenMark
}

/** A change of state of a market that is to be published. */
export interface MarketTransition {
  readonly market: Market
  readonly kind: MarketEventKind
  readonly episode: number
  readonly sequence: number
  readonly sinceMs: number
  readonly marginAccounts: number
  readonly markPrice: Decimal | null
}

/** The markets with positions of accounts under watch, by number and by name. */
export class Markets {
  readonly #kernel: Kernel
  readonly #sequenceFloor: number
  readonly #nowMs: () => number
  readonly #added: (market: Market) => void
  readonly #markets: Market[] = []
  readonly #byVenue = new Map<string, Map<string, Market>>()
  readonly #markOf = new Map<string, MarkOf>()
  readonly #restored = new Map<string, MarketProgress>()
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

  /** The market of the symbol. It is made when it is first required; then `added` is called with it. */
  require(venue: VenueId, symbol: string): Market {
    const known = this.find(venue, symbol)
    if (known !== undefined) return known
    const instrument = this.#kernel.addInstrument()
    const floor = this.#sequenceFloor
    const { episode, sequence, stale } = this.#restored.get(marketSubject(venue, symbol)) ?? {
      episode: floor,
      sequence: floor,
      stale: false,
    }
    const market: Market = {
      venue,
      symbol,
      instrument,
      markText: '',
      lastMarkText: '',
      eventTimeMs: 0,
      receivedMonotonicMs: 0,
      receivedTimeMs: this.#nowMs(),
      isStale: false,
      marginAccounts: 0,
      lastCounted: NONE,
      published: { episode, sequence, stale },
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

  /** Exact marks of one venue, as `src/margin` asks for them. */
  markOf(venue: string): MarkOf {
    let markOf = this.#markOf.get(venue)
    if (markOf === undefined) {
      markOf = (symbol) => this.find(venue, symbol)?.markText || undefined
      this.#markOf.set(venue, markOf)
    }
    return markOf
  }
}

/** The present mark, to be kept. All callers get one object until the next mark. */
export function seenMark(market: Market): SeenMark {
  const { symbol, markText, eventTimeMs, receivedMonotonicMs } = market
  market.seen ??= { symbol, markPrice: markText || undefined, eventTimeMs, receivedMonotonicMs }
  return market.seen
}

/** The transition to publish when the market lost its mark or has one again; undefined when that is published already. */
export function marketTransition(market: Market, sinceMs: number): MarketTransition | undefined {
  const { published, isStale, marginAccounts } = market
  if (published.stale === isStale) return undefined
  published.stale = isStale
  published.sequence++
  if (isStale) published.episode++
  const { episode, sequence } = published
  const [kind, markPrice] = isStale
    ? (['market-stale', null] as const)
    : (['market-fresh', market.markText] as const)
  return { market, kind, episode, sequence, sinceMs, marginAccounts, markPrice }
}
