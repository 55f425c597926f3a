import {
  describeIssue,
  IN_OUR_WORDS,
  type MarginAccountProgress,
  type MarketProgress,
  marginAccountProgressSchema,
  marketProgressSchema,
  marketSubject,
  type OpenRevision,
  openRevisionSchema,
  plimsollEventSchema,
  revisionSubject,
  subjectOfEvent,
  type VenueProgress,
  venueProgressSchema,
  venueSubject,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jsonOf } from '../input/index.ts'
import type { QueuedEvent } from './jobs.ts'
import { rankOf } from './packed.ts'
import type { StoredEvent } from './stream.ts'

export type StoredProgress =
  | { readonly kind: 'margin-account'; readonly id: string; readonly progress: MarginAccountProgress }
  | { readonly kind: 'market'; readonly progress: MarketProgress }
  | { readonly kind: 'venue'; readonly progress: VenueProgress }
  | { readonly kind: 'revision'; readonly open: OpenRevision }

const MARKET_PREFIX = marketSubject('', '').trimEnd()
const VENUE_PREFIX = venueSubject('')
const REVISION_PREFIX = revisionSubject('')

/**
 * Reads an entry of the hash of progress. Returns INPUT_INVALID naming the subject when it cannot be read; the entry is
 * then left out.
 */
export function readProgress(subject: string, text: string): StoredProgress | PlimsollError {
  const value = jsonOf(text)
  if (subject.startsWith(`${MARKET_PREFIX} `)) {
    const parsed = marketProgressSchema.safeParse(value, IN_OUR_WORDS)
    if (!parsed.success) return unreadable(subject, describeIssue(parsed.error))
    const { venue, symbol } = parsed.data
    const expected = marketSubject(venue, symbol)
    if (expected !== subject) return unreadable(subject, `it belongs to ${expected}`)
    return { kind: 'market', progress: parsed.data }
  }
  if (subject.startsWith(VENUE_PREFIX)) {
    const parsed = venueProgressSchema.safeParse(value, IN_OUR_WORDS)
    if (!parsed.success) return unreadable(subject, describeIssue(parsed.error))
    const expected = venueSubject(parsed.data.venue)
    if (expected !== subject) return unreadable(subject, `it belongs to ${expected}`)
    return { kind: 'venue', progress: parsed.data }
  }
  if (subject.startsWith(REVISION_PREFIX)) {
    const parsed = openRevisionSchema.safeParse(value, IN_OUR_WORDS)
    if (!parsed.success) return unreadable(subject, describeIssue(parsed.error))
    const expected = revisionSubject(parsed.data.id)
    if (expected !== subject) return unreadable(subject, `it belongs to ${expected}`)
    return { kind: 'revision', open: parsed.data }
  }
  const parsed = marginAccountProgressSchema.safeParse(value, IN_OUR_WORDS)
  if (!parsed.success) return unreadable(subject, describeIssue(parsed.error))
  return { kind: 'margin-account', id: subject, progress: parsed.data }
}

/**
 * An event of an earlier owner on its way into a job. Text that is not an event is passed on, as it is or as a JSON
 * string: the subscriber counts it and keeps its job.
 */
export function readQueued({ id, event }: StoredEvent, logId: string): QueuedEvent {
  const value = jsonOf(event)
  const parsed = plimsollEventSchema.safeParse(value)
  if (!parsed.success) {
    const text = value === undefined ? JSON.stringify(event) : event
    return { id, logId, event: Buffer.from(text), digest: undefined }
  }
  const { data } = parsed
  const digest = { kind: data.kind, rank: rankOf(data), subject: subjectOfEvent(data) }
  return { id, logId: data.logId, event: Buffer.from(event), digest }
}

function unreadable(subject: string, rule: string): PlimsollError {
  const message = `stored progress of ${subject} is not valid (${rule}); it is left out: what was published of it is unknown, so its verdict is published anew under ids that were never used`
  return new PlimsollError('INPUT_INVALID', message, { path: subject })
}
