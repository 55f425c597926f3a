import type { VenueId } from '../domain/index.ts'
import { reachesShare } from './compare.ts'
import type { Doubt } from './doubt.ts'
import type { IntegrityRules } from './rules.ts'

/** Many markets of a venue are suspect at once, or were. Times are those of receipt, Unix milliseconds. */
export interface Anomaly {
  readonly venue: VenueId
  /** When the first of the suspect marks was received. */
  readonly sinceMs: number
  /** The most markets that were suspect at once. */
  suspectMarkets: number
  /** When so many were last; undefined of one that an earlier worker left, until a mark of the venue is heard. */
  lastMs: number | undefined
}

interface SuspectMarket {
  doubt: Doubt
  /** When its first and its last suspect mark were received, of those that follow one another within `venueWithinMs`. */
  sinceMs: number
  lastMs: number
}

/** What an instant has changed. `began`: the doubts of the suspect markets, by symbol; undefined of an anomaly that is over. */
export interface AnomalyChange {
  readonly anomaly: Anomaly
  readonly heldMarkets: number
  readonly began: readonly Doubt[] | undefined
}

const NONE: readonly AnomalyChange[] = []

/** Notices that many markets of one venue are suspect at once. Accepted marks cost a comparison. Pure. */
export class VenueAnomalies {
  readonly #rules: IntegrityRules
  readonly #suspects = new Map<VenueId, Map<number, SuspectMarket>>()
  readonly #open = new Map<VenueId, Anomaly>()
  /** Venues of which a mark in this instant may begin or end one. */
  readonly #touched = new Set<VenueId>()

  constructor(rules: IntegrityRules) {
    this.#rules = rules
  }

  get open(): Iterable<Anomaly> {
    return this.#open.values()
  }

  get isOpen(): boolean {
    return this.#open.size > 0
  }

  /** Whether marks were heard since `settle` that may begin or end one. */
  get isTouched(): boolean {
    return this.#touched.size > 0
  }

  /** An anomaly that an earlier worker left. */
  restore(anomaly: Anomaly): void {
    this.#open.set(anomaly.venue, anomaly)
  }

  /** A market of the venue has a mark, which is suspect if there is a doubt. */
  heard(venue: VenueId, doubt: Doubt | undefined, nowMs: number): void {
    if (doubt === undefined) {
      if (this.#open.size > 0 && this.#open.has(venue)) this.#touched.add(venue)
      return
    }
    this.#touched.add(venue)
    const suspects = this.#suspects.get(venue) ?? new Map<number, SuspectMarket>()
    this.#suspects.set(venue, suspects)
    const known = suspects.get(doubt.instrument)
    if (known === undefined || nowMs - known.lastMs > this.#rules.venueWithinMs)
      suspects.set(doubt.instrument, { doubt, sinceMs: nowMs, lastMs: nowMs })
    else {
      known.doubt = doubt
      known.lastMs = nowMs
    }
  }

  /** Call when the marks of an instant are in. `heldOf`: markets of the venue that somebody holds and that have a mark. */
  settle(nowMs: number, heldOf: (venue: VenueId) => number): readonly AnomalyChange[] {
    if (this.#touched.size === 0) return NONE
    const changes: AnomalyChange[] = []
    for (const venue of this.#touched) {
      const change = this.#changeOf(venue, nowMs, heldOf)
      if (change !== undefined) changes.push(change)
    }
    this.#touched.clear()
    return changes
  }

  /** Nobody holds a market of the venue any more. */
  end(venue: VenueId): void {
    this.#open.delete(venue)
    this.#suspects.delete(venue)
  }

  #changeOf(venue: VenueId, nowMs: number, heldOf: (venue: VenueId) => number): AnomalyChange | undefined {
    const { venueMarketsMin, venueShare, venueQuietMs } = this.#rules
    const suspects = this.#recent(venue, nowMs)
    const anomaly = this.#open.get(venue)
    if (suspects.length < venueMarketsMin && anomaly === undefined) return undefined
    const heldMarkets = heldOf(venue)
    if (suspects.length >= venueMarketsMin && reachesShare(suspects.length, heldMarkets, venueShare)) {
      if (anomaly === undefined) return this.#begin(venue, suspects, heldMarkets, nowMs)
      anomaly.lastMs = nowMs
      anomaly.suspectMarkets = Math.max(anomaly.suspectMarkets, suspects.length)
      return undefined
    }
    if (anomaly === undefined) return undefined
    anomaly.lastMs ??= nowMs
    if (nowMs - anomaly.lastMs < venueQuietMs) return undefined
    this.#open.delete(venue)
    return { anomaly, heldMarkets, began: undefined }
  }

  #begin(
    venue: VenueId,
    suspects: readonly SuspectMarket[],
    heldMarkets: number,
    nowMs: number,
  ): AnomalyChange {
    const sinceMs = Math.min(...suspects.map((suspect) => suspect.sinceMs))
    const anomaly = { venue, sinceMs, suspectMarkets: suspects.length, lastMs: nowMs }
    this.#open.set(venue, anomaly)
    const began = suspects.map(({ doubt }) => doubt)
    return { anomaly, heldMarkets, began: began.sort((a, b) => (a.symbol < b.symbol ? -1 : 1)) }
  }

  /** Those with a suspect mark within `venueWithinMs`; drops the others. */
  #recent(venue: VenueId, nowMs: number): SuspectMarket[] {
    const suspects = this.#suspects.get(venue)
    if (suspects === undefined) return []
    for (const [instrument, { lastMs }] of suspects)
      if (nowMs - lastMs > this.#rules.venueWithinMs) suspects.delete(instrument)
    return [...suspects.values()]
  }
}
