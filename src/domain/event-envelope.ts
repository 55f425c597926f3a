import { z } from 'zod'
import { text } from './event-fields.ts'

export const EVENT_SCHEMA_VERSION = 2

export const eventKindSchema = z.enum(['warning', 'liquidation', 'recovered', 'unknown', 'closed'])
/**
 * A change of state of a margin account. `warning` and `liquidation`: the margin ratio reached `level`.
 * `recovered`: it fell back to `level`. `unknown`: there is no verdict any more, `reasons` says why
 * (`stale-mark`, `stale-index`, `contract-expired`, `contract-delisted`, `rules-contradicted`, `account-refused`, `account-unreadable`, `book-lost`, `no-funding-rate`, `funding-unknown`); the next verdict is
 * published even if the level is unchanged, as `recovered` only if it is safe. `closed`: the last position was closed. The last three
 * end the episode.
 */
export type EventKind = z.infer<typeof eventKindSchema>

/** What every event carries. */
export const envelope = {
  schemaVersion: z
    .literal(EVENT_SCHEMA_VERSION)
    .describe('Version of this format; another one has another meaning.'),
  id: z
    .string()
    .regex(/^e_[a-z2-7]{26}$/)
    .describe(
      'Same id, same event: made of log, shard, margin account, market or venue, episode, kind and level alone; of `market-gap`, of `sinceMs` in place of episode and level.',
    ),
  logId: text(
    'Random id of the log of events, made with its stream. A log that starts anew has another one.',
  ),
  shard: text('Shard of the book.'),
  venue: text('Id of the venue of the account or market, as stored.'),
  episode: z
    .int()
    .positive()
    .describe(
      'Counts the episodes of the margin account, or the silences of the market; grows, not always from 1 or by 1.',
    ),
  sequence: z
    .int()
    .positive()
    .describe(
      'Counts the events of the margin account, or of the market, without gaps; grows, not always from 1.',
    ),
}
