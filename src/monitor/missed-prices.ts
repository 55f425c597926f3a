import { type BackfillRequest, type Gap, minuteOf, type VenueId, type Watermark } from '../domain/index.ts'
import type { Steps } from '../margin/index.ts'
import type { Backfill } from './backfill.ts'
import { formerlyBesideSteps } from './former-holders.ts'
import type { MarketGaps } from './gaps.ts'
import { isHeld } from './market.ts'
import type { UnfilledGap } from './market-transition.ts'
import type { Markets } from './markets.ts'
import type { UnfilledGaps } from './unfilled-gaps.ts'
import type { Watchlist } from './watchlist.ts'

export interface MissedPricesParts {
  readonly markets: Markets
  readonly watchlist: Watchlist
  readonly gaps: MarketGaps
  readonly backfill: Backfill
  readonly unfilled: UnfilledGaps
  /** Works at what was asked for. */
  readonly work: () => void
}

/** What a worker does about prices that it did not hear: its marks of how far it is, and the past by the records of venues. */
export class MissedPrices {
  readonly #parts: MissedPricesParts

  constructor(parts: MissedPricesParts) {
    this.#parts = parts
  }

  /** The last mark of a market that an earlier run evaluated. Call before an account with a position there is put. */
  restoreWatermark(watermark: Watermark): void {
    this.#parts.markets.restoreWatermark(watermark)
  }

  /** Of the markets that somebody holds: the last marks that were evaluated, or since when the next one is awaited, by any run. */
  *watermarks(): Generator<Watermark> {
    for (const market of this.#parts.markets.all) {
      const { venue, symbol, heard } = market
      const eventTimeMs = market.gapFromMs || market.eventTimeMs
      if (eventTimeMs > 0 && isHeld(market)) yield { venue, symbol, eventTimeMs, heard: heard.orNull }
    }
  }

  /**
   * Until then an earlier worker heard its venues: what the book holds and that worker did not hold is unheard since. Call before the
   * book is loaded.
   */
  restoreHeardUntil(heardUntilMs: number): void {
    this.#parts.gaps.unheardSinceMs = heardUntilMs
  }

  isHeld(venue: string, symbol: string): boolean {
    const market = this.#parts.markets.find(venue, symbol)
    return market !== undefined && isHeld(market)
  }

  /**
   * Symbols, and names of index prices, that margin accounts of the market depend on beside it, or depended on by terms that their
   * accounts had. In steps, between which live prices may be evaluated.
   */
  *besideSteps(
    venue: VenueId,
    symbol: string,
    versions: BackfillRequest['versions'],
  ): Steps<ReadonlySet<string>> {
    const { markets, watchlist } = this.#parts
    const market = markets.find(venue, symbol)
    const beside = yield* formerlyBesideSteps(versions, watchlist.ruleBookOf(venue), { venue, symbol })
    if (market !== undefined)
      for (const instrument of yield* watchlist.instrumentsBesideSteps(market))
        beside.add(markets.at(instrument).symbol)
    beside.delete(symbol)
    return beside
  }

  /**
   * Call before Redis is asked for the versions of a request: changes from here on are taken into account. Call `expectNoMore` as
   * often, when the request is judged or given up.
   */
  expect(): void {
    this.#parts.backfill.former.expect()
  }

  expectNoMore(): void {
    this.#parts.backfill.former.forget()
  }

  /** What is heard of the minutes in which the gap begins and ends. That of the last one grows until it is over. */
  heardIn(gap: Gap): Gap['heard'] {
    return this.#withHeard(gap).heard
  }

  /** Judges the margin accounts of a market by prices of the past, in slices. Call when none is in hand. */
  judge(request: BackfillRequest): void {
    const { backfill, work } = this.#parts
    backfill.push({ ...request, gap: this.#withHeard(request.gap) })
    work()
  }

  /** With what is heard in the minute in which it ends, where no mark of a later one has come yet. */
  #withHeard(gap: Gap): Gap {
    const { heard } = this.#parts.markets.find(gap.venue, gap.symbol) ?? {}
    const isOpen = heard !== undefined && heard.minuteMs === minuteOf(gap.toMs)
    const isKnown = gap.heard.some(({ minuteMs }) => minuteMs === minuteOf(gap.toMs))
    return isOpen && !isKnown ? { ...gap, heard: [...gap.heard, heard.range] } : gap
  }

  /** Publishes that a gap is not filled, or not all of it. */
  publishUnfilled(venue: string, symbol: string, gap: UnfilledGap): void {
    const { markets, unfilled, work } = this.#parts
    const market = markets.find(venue, symbol)
    if (market === undefined) return
    unfilled.push(market, gap)
    work()
  }
}
