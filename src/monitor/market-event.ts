import { EVENT_SCHEMA_VERSION, type EventRecord, type MarketEvent, marketSubject } from '../domain/index.ts'
import { marketEventId } from './event-id.ts'
import type { MarketTransition } from './market-transition.ts'
import type { LogIdentity } from './options.ts'
import type { Cause } from './pending-event.ts'
import { type VenueTransition, venueRecordOf } from './venue-event.ts'

/** The event of a market or a venue, and the progress to store with it. */
export function recordOfTransition(
  transition: MarketTransition | VenueTransition,
  cause: Cause,
  log: LogIdentity,
): EventRecord {
  return 'symbol' in transition
    ? marketRecordOf(transition, cause, log)
    : venueRecordOf(transition, cause, log)
}

/** The event of a market, and the progress to store with it: while the market has no mark, that it has none. */
function marketRecordOf(transition: MarketTransition, cause: Cause, log: LogIdentity): EventRecord {
  const { venue, symbol, kind, episode, sequence, sinceMs, marginAccounts, markPrice, gap } = transition
  const { isDelisted = false, contradictions = [] } = transition
  const subject = marketSubject(venue, symbol)
  const event: MarketEvent = {
    schemaVersion: EVENT_SCHEMA_VERSION,
    id: marketEventId({ ...log, subject, kind, episode, sinceMs }),
    ...log,
    kind,
    venue,
    symbol,
    episode,
    sequence,
    sinceMs,
    ...(gap === undefined ? {} : { untilMs: gap.toMs, gapReasons: [...gap.reasons] }),
    ...(isDelisted ? { delisted: true } : {}),
    ...(contradictions.length === 0 ? {} : { contradictions: [...contradictions] }),
    marginAccounts,
    markPrice,
    receivedTimeMs: cause.receivedTimeMs,
  }
  const stays = transition.stays ?? {
    stale: kind !== 'market-fresh' && kind !== 'market-closed',
    expired: kind === 'market-expired',
    delisted: isDelisted,
    contradictions,
  }
  if (!stays.stale) return { event, subject, progress: null }
  const progress = {
    episode,
    sequence,
    venue,
    symbol,
    stale: true,
    ...(stays.expired ? { expired: true } : {}),
    ...(stays.delisted ? { delisted: true } : {}),
    ...(stays.contradictions.length === 0 ? {} : { contradictions: [...stays.contradictions] }),
  }
  return { event, subject, progress }
}
