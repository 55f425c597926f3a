import { type BackfillRequest, type Decimal, indexName, type MarkBar } from '../domain/index.ts'
import type { FurtherPrices, MarkOf } from '../margin/index.ts'
import type { SeenMark } from './market.ts'

type BarPrice = 'open' | 'low' | 'high'

/** Prices of some markets in one minute of the past, each the open, low or high of its bar. */
export class PastPrices {
  readonly #bars: ReadonlyMap<string, MarkBar>
  readonly #taken: ReadonlyMap<string, BarPrice>
  readonly #others: BarPrice

  private constructor(
    bars: ReadonlyMap<string, MarkBar>,
    taken: ReadonlyMap<string, BarPrice>,
    others: BarPrice,
  ) {
    this.#bars = bars
    this.#taken = taken
    this.#others = others
  }

  /** The opens; undefined where one of the markets has no bar of that minute. */
  static of(
    bars: BackfillRequest['bars'],
    symbols: readonly string[],
    minuteMs: number,
  ): PastPrices | undefined {
    const own = new Map<string, MarkBar>()
    for (const symbol of symbols) {
      const bar = bars.get(symbol)?.get(minuteMs)
      if (bar === undefined) return undefined
      own.set(symbol, bar)
    }
    return new PastPrices(own, new Map(), 'open')
  }

  /** All markets at that price of their bars. */
  allAt(price: BarPrice): PastPrices {
    return new PastPrices(this.#bars, new Map(), price)
  }

  /** Those markets at these prices of their bars, the others at their opens. */
  at(taken: ReadonlyMap<string, BarPrice>): PastPrices {
    return new PastPrices(this.#bars, taken, 'open')
  }

  readonly markOf: MarkOf = (symbol) => this.#priceOf(symbol)

  further(fundingRateOf: NonNullable<FurtherPrices['fundingRateOf']>): FurtherPrices {
    return {
      fundingRateOf,
      indexPriceOf: (asset, currency) => this.#priceOf(indexName(asset, currency)),
    }
  }

  /** As marks of an event. Their age is that of the start of the minute. */
  seen(
    minuteMs: number,
    rateOf: NonNullable<FurtherPrices['fundingRateOf']>,
    now: { readonly nowMs: number; readonly monotonicMs: number },
  ): SeenMark[] {
    return [...this.#bars.keys()].map((symbol) => ({
      symbol,
      markPrice: this.#priceOf(symbol),
      fundingRate: rateOf(symbol),
      eventTimeMs: minuteMs,
      receivedMonotonicMs: now.monotonicMs - (now.nowMs - minuteMs),
      // The bars of a record are not classified: nobody heard what stood beside them.
      doubt: undefined,
      uncompared: undefined,
      contradictions: [],
    }))
  }

  #priceOf(symbol: string): Decimal | undefined {
    return this.#bars.get(symbol)?.[this.#taken.get(symbol) ?? this.#others]
  }
}
