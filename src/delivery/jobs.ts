import {
  EVENT_SCHEMA_VERSION,
  JOB_BYTES_MAX,
  JOB_EVENTS_MAX,
  type JobData,
  parseStreamId,
  type StreamId,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import type { EventDigest } from './packed.ts'

/** Most jobs in one `addBulk`, when every job is full of small events. */
export const ADD_JOBS_MAX = 10
/** Most events in the jobs of one `addBulk`. */
export const ENQUEUE_EVENTS_MAX = ADD_JOBS_MAX * JOB_EVENTS_MAX
/** Most bytes of these events. A larger event goes alone. */
export const ENQUEUE_BYTES_MAX = 4 * JOB_BYTES_MAX

/** Kinds in the order of a job's name. */
const KINDS_BY_SEVERITY = [
  'liquidation',
  'warning',
  'unknown',
  'venue-suspect',
  'market-stale',
  'market-expired',
  'market-contradicted',
  'market-gap',
  'revision',
  'recovered',
  'market-fresh',
  'venue-clear',
  'closed',
  'market-closed',
] as const satisfies readonly EventDigest['kind'][]

/** An event of the stream on its way into a job. `digest` is undefined when the text is not an event of this version. */
export interface QueuedEvent {
  readonly id: string
  readonly logId: string
  readonly event: Buffer
  readonly digest: EventDigest | undefined
}

export interface EventJob {
  readonly id: string
  /** For people: `20 liquidation, 14 recovered, worst desk-7/alpha:cross:USDT`. */
  readonly name: string
  /** `JobData` as JSON; it holds the texts of the events unchanged. */
  readonly text: string
  readonly bytes: number
}

/**
 * Cuts events, in stream order, into jobs of one fence and one log, with at most JOB_EVENTS_MAX events and JOB_BYTES_MAX
 * bytes each.
 */
export function jobsOf(events: readonly QueuedEvent[], shard: string): EventJob[] {
  const jobs: EventJob[] = []
  let start = 0
  let bytes = 0
  for (const [index, event] of events.entries()) {
    const isFull = index - start === JOB_EVENTS_MAX || bytes + event.event.length > JOB_BYTES_MAX
    if (index > start && (isFull || !belongTogether(events[start]!, event))) {
      jobs.push(jobOf(events.slice(start, index), shard))
      start = index
      bytes = 0
    }
    bytes += event.event.length
  }
  if (start < events.length) jobs.push(jobOf(events.slice(start), shard))
  return jobs
}

function belongTogether(a: QueuedEvent, b: QueuedEvent): boolean {
  return a.logId === b.logId && parseStreamId(a.id).fence === parseStreamId(b.id).fence
}

/**
 * The id names the first and the last event. BullMQ silently drops a job whose id it knows, so a batch that a restart
 * cuts differently needs a different id.
 */
function jobOf(events: readonly QueuedEvent[], shard: string): EventJob {
  const first = events[0]
  const last = events.at(-1)
  assert(first !== undefined && last !== undefined, 'a job has at least one event')
  const envelope: Omit<JobData, 'events'> = {
    schemaVersion: EVENT_SCHEMA_VERSION,
    logId: first.logId,
    shard,
    streamIds: { first: first.id, last: last.id },
  }
  const texts = events.map(({ event }) => event.toString())
  const text = `${JSON.stringify(envelope).slice(0, -1)},"events":[${texts.join(',')}]}`
  return {
    id: `j${first.id}-${parseStreamId(last.id).sequence}`,
    name: nameOf(events),
    text,
    bytes: Buffer.byteLength(text),
  }
}

/** The last event of the job with that id; undefined when the id is not of a job of this log. */
export function lastEventOf(jobId: string): StreamId | undefined {
  const match = /^j(\d+)-\d+-(\d+)$/.exec(jobId)
  return match === null ? undefined : { fence: Number(match[1]), sequence: Number(match[2]) }
}

function nameOf(events: readonly QueuedEvent[]): string {
  const counts = new Map<string, number>()
  let worst: EventDigest | undefined
  let unreadable = 0
  for (const { digest } of events) {
    if (digest === undefined) {
      unreadable++
      continue
    }
    counts.set(digest.kind, (counts.get(digest.kind) ?? 0) + 1)
    if (digest.kind === 'liquidation' && (worst === undefined || digest.rank < worst.rank)) worst = digest
  }
  const parts = KINDS_BY_SEVERITY.flatMap((kind) => {
    const count = counts.get(kind)
    return count === undefined ? [] : [`${count} ${kind}`]
  })
  if (unreadable > 0) parts.push(`${unreadable} unreadable`)
  if (worst !== undefined) parts.push(`worst ${worst.subject}`)
  return parts.join(', ')
}
