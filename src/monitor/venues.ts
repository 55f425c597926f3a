import type { VenueEvent, VenueId, VenueProgress } from '../domain/index.ts'
import { type Anomaly, type IntegrityRules, VenueAnomalies } from '../integrity/index.ts'
import { isHeld, type Market } from './market.ts'
import type { Markets } from './markets.ts'
import type { VenueTransition } from './venue-event.ts'

interface Numbers {
  episode: number
  sequence: number
}

/** Events of venues: many of their prices are suspect at once, and that this is over. */
export class Venues {
  readonly #rules: IntegrityRules
  readonly #markets: Markets
  readonly #anomalies: VenueAnomalies
  readonly #sequenceFloor: number
  readonly #numbers = new Map<VenueId, Numbers>()
  readonly #due: VenueTransition[] = []
  #isLoaded = false

  /** Numbers of the events of a venue go on from `sequenceFloor`. */
  constructor(rules: IntegrityRules, markets: Markets, sequenceFloor: number) {
    this.#rules = rules
    this.#markets = markets
    this.#sequenceFloor = sequenceFloor
    this.#anomalies = new VenueAnomalies(rules)
  }

  /** An anomaly that an earlier run published and that is not over. Call before the accounts are put. */
  restore({ venue, episode, sequence, anomalySinceMs: sinceMs, suspectMarkets }: VenueProgress): void {
    const id = venue as VenueId
    this.#numbers.set(id, { episode, sequence })
    this.#anomalies.restore({ venue: id, sinceMs, suspectMarkets, lastMs: undefined })
  }

  /** Whether an anomaly is not over. */
  get isOpen(): boolean {
    return this.#anomalies.isOpen
  }

  /** Whether marks were heard since `settle` that may begin or end one. */
  get isTouched(): boolean {
    return this.#anomalies.isTouched
  }

  /** The whole book has been put, except for changes that wait. */
  loaded(): void {
    this.#isLoaded = true
  }

  /** The market has a mark, which is classified. `nowMs`: its receipt, Unix milliseconds. */
  heard({ venue, doubt }: Market, nowMs: number): void {
    this.#anomalies.heard(venue, doubt, nowMs)
  }

  /** Call when the marks of an instant are in. True when events are due. */
  settle(nowMs: number): boolean {
    for (const { anomaly, heldMarkets, began } of this.#anomalies.settle(nowMs, this.#heldOf)) {
      if (began === undefined) this.#end(anomaly, heldMarkets, 'quiet')
      else this.#push(anomaly, heldMarkets, { kind: 'venue-suspect', doubts: began, endedBy: undefined })
    }
    return this.#due.length > 0
  }

  /** Those that are due, each once. */
  takeDue(): VenueTransition[] {
    return this.#due.splice(0)
  }

  /** Ends what is open of venues of which nobody holds a market. Call after each change of the book. */
  takeUnheld(isAllApplied: boolean): VenueTransition[] {
    if (!this.#anomalies.isOpen || !this.#isLoaded || !isAllApplied) return []
    for (const anomaly of [...this.#anomalies.open]) {
      const { venue } = anomaly
      if (this.#markets.all.some((market) => market.venue === venue && isHeld(market))) continue
      this.#anomalies.end(venue)
      this.#end(anomaly, 0, 'unheld')
    }
    return this.takeDue()
  }

  #end(anomaly: Anomaly, heldMarkets: number, endedBy: VenueEvent['endedBy']): void {
    this.#push(anomaly, heldMarkets, { kind: 'venue-clear', doubts: [], endedBy })
  }

  #push(
    { venue, sinceMs, suspectMarkets }: Anomaly,
    heldMarkets: number,
    of: Pick<VenueTransition, 'kind' | 'doubts' | 'endedBy'>,
  ): void {
    const numbers = this.#numbers.get(venue) ?? {
      episode: this.#sequenceFloor,
      sequence: this.#sequenceFloor,
    }
    this.#numbers.set(venue, numbers)
    if (of.kind === 'venue-suspect') numbers.episode++
    numbers.sequence++
    this.#due.push({ venue, ...numbers, sinceMs, suspectMarkets, heldMarkets, rules: this.#rules, ...of })
  }

  readonly #heldOf = (venue: VenueId): number => {
    let held = 0
    for (const market of this.#markets.all)
      if (market.venue === venue && isHeld(market) && market.markText !== '') held++
    return held
  }
}
