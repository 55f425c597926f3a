import { EVENT_SCHEMA_VERSION, type EventRecord, type MarketEvent, marketSubject } from '../domain/index.ts'
import { marketEventId } from './event-id.ts'
import type { MarketTransition } from './market-transition.ts'
import type { LogIdentity } from './options.ts'
import type { Cause } from './pending-event.ts'

/** The event of a market, and the progress to store with it: while the market has no mark, that it has none. */
export function marketRecordOf(transition: MarketTransition, cause: Cause, log: LogIdentity): EventRecord {
  const { venue, symbol, kind, episode, sequence, sinceMs, marginAccounts, markPrice, gap } = transition
  const isDelisted = transition.isDelisted === true
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
    marginAccounts,
    markPrice,
    receivedTimeMs: cause.receivedTimeMs,
  }
  const { stale, expired, delisted } = transition.stays ?? {
    stale: kind === 'market-stale' || kind === 'market-expired',
    expired: kind === 'market-expired',
    delisted: isDelisted,
  }
  if (!stale) return { event, subject, progress: null }
  const progress = {
    episode,
    sequence,
    venue,
    symbol,
    stale,
    ...(expired ? { expired } : {}),
    ...(delisted ? { delisted } : {}),
  }
  return { event, subject, progress }
}
