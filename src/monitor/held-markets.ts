import type { Clock } from '../domain/index.ts'
import type { Announcer } from './announcer.ts'
import type { MarketGaps } from './gaps.ts'
import { isHeld } from './market.ts'
import type { Markets } from './markets.ts'
import type { Venues } from './venues.ts'

/** What follows when margin accounts join markets and leave them. */
export class HeldMarkets {
  readonly #markets: Markets
  readonly #announcer: Announcer
  readonly #gaps: MarketGaps
  readonly #clock: Clock
  readonly #venues: Venues | undefined

  constructor(
    parts: {
      readonly markets: Markets
      readonly announcer: Announcer
      readonly venues: Venues | undefined
    },
    gaps: MarketGaps,
    clock: Clock,
  ) {
    this.#markets = parts.markets
    this.#announcer = parts.announcer
    this.#venues = parts.venues
    this.#gaps = gaps
    this.#clock = clock
  }

  /** The whole book has been put, except for changes that wait. */
  loaded(): void {
    this.#gaps.unheardSinceMs = 0
    this.#markets.loaded()
    this.#venues?.loaded()
  }

  /**
   * Call when all of a change is done: until then a margin account may leave a market and come back. `isAllApplied`: no change waits.
   */
  announce(isAllApplied: boolean): void {
    const nowMs = this.#clock.nowMs()
    for (const market of this.#markets.crossed) {
      if (isHeld(market)) this.#gaps.join(market, nowMs)
      else this.#gaps.leave(market, nowMs)
    }
    for (const transition of this.#markets.takeTransitions(isAllApplied))
      this.#announcer.addMarket(transition)
    for (const transition of this.#venues?.takeUnheld(isAllApplied) ?? [])
      this.#announcer.addMarket(transition)
    for (const watermark of this.#markets.takeUnheld()) this.#gaps.leftBehind(watermark, nowMs)
  }
}
