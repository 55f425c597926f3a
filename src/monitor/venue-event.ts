import {
  EVENT_SCHEMA_VERSION,
  type EventRecord,
  VENUE_MARKETS_LISTED_MAX,
  type VenueEvent,
  type VenueId,
  venueSubject,
} from '../domain/index.ts'
import type { Doubt, IntegrityRules } from '../integrity/index.ts'
import { eventId } from './event-id.ts'
import type { LogIdentity } from './options.ts'
import type { Cause } from './pending-event.ts'

/** The beginning or the end of an anomaly of a venue, that is to be published. */
export interface VenueTransition extends Pick<VenueEvent, 'sinceMs' | 'suspectMarkets' | 'heldMarkets'> {
  readonly venue: VenueId
  readonly kind: VenueEvent['kind']
  readonly episode: number
  readonly sequence: number
  readonly rules: IntegrityRules
  /** Of the suspect markets, by symbol; none of an end. */
  readonly doubts: readonly Doubt[]
  readonly endedBy: VenueEvent['endedBy']
}

/** The event of a venue, and the progress to store with it: while the anomaly is not over, that it is not. */
export function venueRecordOf(transition: VenueTransition, cause: Cause, log: LogIdentity): EventRecord {
  const { venue, kind, episode, sequence, sinceMs, suspectMarkets, heldMarkets, rules, doubts } = transition
  const { endedBy } = transition
  const subject = venueSubject(venue)
  const event: VenueEvent = {
    schemaVersion: EVENT_SCHEMA_VERSION,
    id: eventId({ ...log, subject, episode, kind, level: '' }),
    ...log,
    venue,
    episode,
    sequence,
    kind,
    sinceMs,
    suspectMarkets,
    heldMarkets,
    brokenRules: brokenRulesOf(doubts),
    markets: doubts.slice(0, VENUE_MARKETS_LISTED_MAX).map(({ symbol, markPrice, findings }) => ({
      symbol,
      markPrice,
      rules: findings.map(({ rule }) => rule),
    })),
    limits: {
      share: rules.venueShare,
      marketsMin: rules.venueMarketsMin,
      withinMs: rules.venueWithinMs,
      quietMs: rules.venueQuietMs,
    },
    integrityRules: rules.version,
    ...(endedBy === undefined ? {} : { endedBy }),
    receivedTimeMs: cause.receivedTimeMs,
  }
  if (kind === 'venue-clear') return { event, subject, progress: null }
  return { event, subject, progress: { episode, sequence, venue, anomalySinceMs: sinceMs, suspectMarkets } }
}

/** The most frequent first. */
function brokenRulesOf(doubts: readonly Doubt[]): VenueEvent['brokenRules'] {
  const counts = new Map<VenueEvent['brokenRules'][number]['rule'], number>()
  for (const { findings } of doubts)
    for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  const rules = [...counts].map(([rule, markets]) => ({ rule, markets }))
  return rules.sort((a, b) => b.markets - a.markets || (a.rule < b.rule ? -1 : 1))
}
