import type { Decimal } from '../domain/index.ts'
import type { Kernel } from '../kernel/index.ts'
import type { MarkOf } from '../margin/index.ts'

/** The last mark of one market: exact text for verdicts, times for events. */
export interface Market {
  readonly venue: string
  readonly symbol: string
  readonly instrument: number
  /** Empty where no mark is known or the last one went stale. */
  markText: Decimal
  /** The last mark, stale or not; empty where there never was one. */
  lastMarkText: Decimal
  eventTimeMs: number
  /** 0 where there never was a mark. */
  receivedMonotonicMs: number
  /** Told to be without a fresh mark. */
  isStale: boolean
}

/** The markets that the book holds positions in, by number and by name. */
export class Markets {
  readonly #kernel: Kernel
  readonly #markets: Market[] = []
  readonly #byVenue = new Map<string, Map<string, Market>>()
  readonly #markOf = new Map<string, MarkOf>()
  readonly #added: (market: Market) => void

  constructor(kernel: Kernel, added: (market: Market) => void) {
    this.#kernel = kernel
    this.#added = added
  }

  get all(): readonly Market[] {
    return this.#markets
  }

  at(instrument: number): Market {
    return this.#markets[instrument]!
  }

  find(venue: string, symbol: string): Market | undefined {
    return this.#byVenue.get(venue)?.get(symbol)
  }

  /** The market of the symbol; it is made, and told to `added`, where the book meets it first. */
  require(venue: string, symbol: string): Market {
    const known = this.find(venue, symbol)
    if (known !== undefined) return known
    const instrument = this.#kernel.addInstrument()
    const market: Market = {
      ...{ venue, symbol, instrument },
      ...{ markText: '', lastMarkText: '', eventTimeMs: 0, receivedMonotonicMs: 0, isStale: false },
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
