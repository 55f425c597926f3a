import type { MarketTransition } from './market-transition.ts'
import type { Cause } from './pending-event.ts'
import { Ranking } from './ranking.ts'
import type { VenueTransition } from './venue-event.ts'

/** The instant of a finding. */
export interface Origin {
  readonly cause: Cause
  /** Its number, by which its marks are found. */
  readonly instant: number
}

/** The transitions of one instant, or of one change of the book, until they are ranked. */
export class Batch {
  readonly origin: Origin
  readonly markets: (MarketTransition | VenueTransition)[] = []
  /** Liquidations. They go before everything else. */
  readonly urgent = new Ranking()
  readonly rest = new Ranking()
  /** Number of findings that have their rank and wait to be published. */
  queued = 0

  constructor(origin: Origin) {
    this.origin = origin
  }
}
