import type { Cause } from './found.ts'
import type { MarketTransition } from './markets.ts'
import { Ranking } from './ranking.ts'

/** What is found in one instant, or by one change of the book. */
export class Batch {
  readonly cause: Cause
  /** Number of the instant: the marks that held then are found by it. */
  readonly instant: number
  readonly markets: MarketTransition[] = []
  /** Liquidations, which go before everything else. */
  readonly urgent = new Ranking()
  readonly rest = new Ranking()

  constructor(cause: Cause, instant: number) {
    this.cause = cause
    this.instant = instant
  }
}
