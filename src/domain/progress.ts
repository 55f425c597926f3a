import { z } from 'zod'
import { marginModeSchema } from './account.ts'
import { contradictionSchema } from './contradiction.ts'
import type { PlimsollEvent } from './event.ts'
import type { OpenRevision } from './event-revision.ts'
import { type VenueEvent, venueSubject } from './event-venue.ts'
import { levelNameSchema } from './level.ts'

const numbers = { episode: z.int().nonnegative(), sequence: z.int().nonnegative() }

/** State that must survive a restart: what has been published, and the last episode and sequence numbers. */
export const marginAccountProgressSchema = z.object({
  ...numbers,
  account: z.string(),
  venue: z.string(),
  marginMode: marginModeSchema,
  settle: z.string(),
  /** Whether the episode of that number is still open. */
  open: z.boolean(),
  level: levelNameSchema,
  /** Whether the account is without a verdict (a stale mark, refused terms), so that `level` is the last known one. */
  unknown: z.boolean(),
  /** Whether the last event says that a payment of funding is not known; absent where it does not. */
  saysFundingUnknown: z.boolean().optional(),
})
export type MarginAccountProgress = Readonly<z.infer<typeof marginAccountProgressSchema>>

export const marketProgressSchema = z.object({
  ...numbers,
  venue: z.string(),
  symbol: z.string(),
  /** Whether the last event published says that the market has no mark. */
  stale: z.boolean(),
  /** Whether that event is `market-expired`; absent where it is not. */
  expired: z.boolean().optional(),
  /** Whether that end is no expiry, but the venue does not list the contract any more; absent where it is not so. */
  delisted: z.boolean().optional(),
  /** With which that event says that the venue contradicts the rules; absent where it does not. */
  contradictions: z.array(contradictionSchema).optional(),
})
export type MarketProgress = Readonly<z.infer<typeof marketProgressSchema>>

export const venueProgressSchema = z.object({
  ...numbers,
  venue: z.string(),
  /** When the first suspect price of the anomaly was received that is not over, Unix milliseconds. */
  anomalySinceMs: z.number(),
  suspectMarkets: z.int().positive(),
})
export type VenueProgress = Readonly<z.infer<typeof venueProgressSchema>>

/** What is kept of a margin account, a market or a venue. */
export type Progress = MarginAccountProgress | MarketProgress | VenueProgress

/** Under which name the progress of a market is kept. The space cannot be part of a margin account's id. */
export function marketSubject(venue: string, symbol: string): string {
  return `market ${venue} ${symbol}`
}

/**
 * An event and the progress to store with it, as the monitor gives it to the event log. `subject` is the margin account's
 * id, `marketSubject`, `venueSubject` or `revisionSubject`. A `progress` of null deletes what is kept of the subject; the log keeps the highest
 * deleted sequence as the floor for subjects that it does not know.
 */
export interface EventRecord {
  readonly event: PlimsollEvent
  readonly subject: string
  readonly progress: Progress | null
  /** Of an event on a suspect price: what is kept under `revisionSubject` of its id until a record of that subject ends it. */
  readonly openRevision?: OpenRevision
}

/** Of what the event is: the id of the margin account, or the name under which the progress of the market or venue is kept. */
export function subjectOfEvent(event: PlimsollEvent): string {
  if ('marginAccount' in event) return event.marginAccount
  return 'symbol' in event ? marketSubject(event.venue, event.symbol) : venueSubject(event.venue)
}

export function isVenueEvent(event: PlimsollEvent): event is VenueEvent {
  return event.kind === 'venue-suspect' || event.kind === 'venue-clear'
}
