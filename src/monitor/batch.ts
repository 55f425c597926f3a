import type { MarketTransition } from './markets.ts'
import type { Cause } from './pending-event.ts'
import { Ranking } from './ranking.ts'

/** What a finding has to remember of its instant. */
export interface Origin {
  readonly cause: Cause
  /** Number of the instant: the marks that held then are found by it. */
  readonly instant: number
}

/** What is found in one instant, or by one change of the book, until it is ranked. */
export class Batch {
  readonly origin: Origin
  readonly markets: MarketTransition[] = []
  /** Liquidations, which go before everything else. */
  readonly urgent = new Ranking()
  readonly rest = new Ranking()
  /** Findings that have their rank and wait to be published. */
  queued = 0

  constructor(origin: Origin) {
    this.origin = origin
  }
}
