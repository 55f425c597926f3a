import { type EventRecord, type PlimsollEvent, revisionSubject } from '../domain/index.ts'

/**
 * Bytes of a record beside its texts: its object, its buffers, its name. Limits count them, so that they hold for small
 * events too.
 */
export const RECORD_OVERHEAD_BYTES = 512

/** What the name and the order of a job need of an event. */
export interface EventDigest {
  readonly kind: PlimsollEvent['kind']
  /** Place by shortfall in its instant, 1 for the largest; 0 for an event of a market or venue. */
  readonly rank: number
  /** As of `subjectOfEvent`. */
  readonly subject: string
}

/** A record as the log keeps it: its JSON is made once, as bytes that the garbage collector does not scan. */
export interface PackedRecord extends EventDigest {
  readonly event: Buffer
  /** Null when the subject's progress is forgotten. */
  readonly progress: Buffer | null
  /** What is kept beside the progress until the event is revised, and under which name; undefined of most events. */
  readonly open: { readonly subject: string; readonly text: Buffer } | undefined
  readonly sequence: number
  readonly publishedMs: number
  readonly bytes: number
}

export function pack(
  { event, subject, progress, openRevision }: EventRecord,
  publishedMs: number,
): PackedRecord {
  const eventBytes = Buffer.from(JSON.stringify(event))
  const progressBytes = progress === null ? null : Buffer.from(JSON.stringify(progress))
  const open = openRevision && {
    subject: revisionSubject(openRevision.id),
    text: Buffer.from(JSON.stringify(openRevision)),
  }
  return {
    kind: event.kind,
    rank: rankOf(event),
    subject,
    event: eventBytes,
    progress: progressBytes,
    open,
    sequence: event.sequence,
    publishedMs,
    bytes:
      eventBytes.length + (progressBytes?.length ?? 0) + (open?.text.length ?? 0) + RECORD_OVERHEAD_BYTES,
  }
}

export function rankOf(event: PlimsollEvent): number {
  return 'rank' in event ? event.rank : 0
}
