import type { Decimal } from '../domain/index.ts'
import type { Classifier } from '../integrity/index.ts'
import type { Market } from './market.ts'
import type { Markets } from './markets.ts'
import type { PendingTicks } from './pending-ticks.ts'
import type { Revisions } from './revisions.ts'
import type { VenueTransition } from './venue-event.ts'
import type { Venues } from './venues.ts'

const NO_EVENTS: readonly VenueTransition[] = []

export interface DoubtsParts {
  readonly classifier: Classifier
  readonly revisions: Revisions
  readonly venues: Venues
  readonly markets: Markets
}

/** The prices of one instant under the rules of price integrity: which are suspect, and what follows for events and venues. */
export class Doubts {
  readonly #parts: DoubtsParts
  /** When the last price was received, on the wall clock and monotonic. */
  heardTimeMs = 0
  heardMonotonicMs = 0
  #ofVenues: readonly VenueTransition[] = NO_EVENTS

  constructor(parts: DoubtsParts) {
    this.#parts = parts
  }

  /** Whether events of venues are to be published with this instant. */
  get concernVenues(): boolean {
    return this.#ofVenues.length > 0
  }

  /** An index price, by the number that the classifier gave it. */
  index({ instrument, markText, receivedMonotonicMs }: PendingTicks): void {
    this.#parts.classifier.index(instrument, markText, receivedMonotonicMs)
  }

  /** A mark, or the confirmation of the last one. */
  hear({ instrument }: Market, markText: Decimal, ticks: PendingTicks): void {
    const { eventTimeMs, receivedTimeMs, receivedMonotonicMs } = ticks
    this.heardTimeMs = receivedTimeMs
    this.heardMonotonicMs = receivedMonotonicMs
    this.#parts.classifier.mark(instrument, markText, eventTimeMs, receivedTimeMs, receivedMonotonicMs)
  }

  /** Call when all prices of the instant are in: index prices stand behind the marks. */
  classify(): void {
    const { classifier, revisions, venues, markets } = this.#parts
    for (let at = 0; at < classifier.heard; at++) {
      const market = markets.at(classifier.heardAt(at))
      market.doubt = classifier.classify(market.instrument)
      market.isUncompared = classifier.isUncompared(market.instrument)
      revisions.heard(market, this.heardTimeMs)
      if (market.doubt !== undefined || venues.isOpen) venues.heard(market, this.heardTimeMs)
    }
    classifier.clearHeard()
    if (venues.isTouched && venues.settle(this.heardTimeMs)) this.#ofVenues = venues.takeDue()
  }

  /** The events of venues of this instant, each once. */
  takeOfVenues(): readonly VenueTransition[] {
    const ofVenues = this.#ofVenues
    this.#ofVenues = NO_EVENTS
    return ofVenues
  }
}
