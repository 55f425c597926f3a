import type { Announcer } from './announcer.ts'
import type { Market } from './market.ts'
import { gapTransition, type UnfilledGap } from './market-transition.ts'
import type { MonitorOptions } from './options.ts'

/** Gaps of which not all is filled, until they are published between two instants. */
export class UnfilledGaps {
  readonly #options: MonitorOptions
  readonly #announcer: Announcer
  readonly #waiting: { readonly market: Market; readonly gap: UnfilledGap }[] = []

  constructor(options: MonitorOptions, announcer: Announcer) {
    this.#options = options
    this.#announcer = announcer
  }

  get isOpen(): boolean {
    return this.#waiting.length > 0
  }

  push(market: Market, gap: UnfilledGap): void {
    this.#waiting.push({ market, gap })
  }

  work(): void {
    const { clock } = this.#options
    this.#announcer.begin(null, clock.nowMs(), clock.monotonicMs())
    for (const { market, gap } of this.#waiting.splice(0))
      this.#announcer.addMarket(gapTransition(market, gap))
    this.#announcer.end()
  }
}
