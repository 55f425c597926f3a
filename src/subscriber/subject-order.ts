import { type PlimsollEvent, subjectOfEvent } from '../domain/index.ts'

/**
 * Most margin accounts and markets whose newest handled event is remembered, about 200 bytes each. Beyond it the ones
 * longest without an event are dropped: an older event of theirs is then not marked late.
 */
export const ORDERED_SUBJECTS_MAX = 200_000
/**
 * Longest time for which a failing event delays the later ones of its margin account. Then they are handled, so that a
 * liquidation never waits for ever, and the failed event comes late and is marked so.
 */
export const HOLD_MS = 60_000
/** Most failing events that may delay others. Beyond it the oldest one stops delaying, as after HOLD_MS. */
export const HOLDS_MAX = 10_000

interface Hold {
  readonly eventId: string
  readonly sequence: number
  readonly sinceMs: number
}

/** The order in which this process has handled the events of each margin account and market. */
export class SubjectOrder {
  readonly #newest = new Map<string, number>()
  readonly #holds = new Map<string, Hold>()

  /** Whether a later event of the same subject was handled before. A revision has no place among them, and is never late. */
  isLate(subject: string, event: PlimsollEvent): boolean {
    return event.kind !== 'revision' && event.sequence < (this.#newest.get(subject) ?? 0)
  }

  /** The failed older event of the subject for which this one waits; undefined when this one may be handled. */
  heldBy(subject: string, event: PlimsollEvent, nowMs: number): string | undefined {
    const hold = this.#holds.get(subject)
    // A revision waits for its own event too, whose sequence it has.
    const before = event.kind === 'revision' ? event.sequence + 1 : event.sequence
    if (hold === undefined || hold.sequence >= before || nowMs - hold.sinceMs >= HOLD_MS) return undefined
    return hold.eventId
  }

  handled(subject: string, { kind, sequence }: PlimsollEvent): void {
    if (kind === 'revision') return
    const newest = Math.max(sequence, this.#newest.get(subject) ?? 0)
    this.#newest.delete(subject)
    this.#newest.set(subject, newest)
    dropOldest(this.#newest, ORDERED_SUBJECTS_MAX)
    const hold = this.#holds.get(subject)
    if (hold !== undefined && hold.sequence <= sequence) this.#holds.delete(subject)
  }

  /** Makes the later events of the subject wait, unless one of them was handled already. */
  failed(subject: string, event: PlimsollEvent, nowMs: number): void {
    const { id: eventId, sequence } = event
    const hold = this.#holds.get(subject)
    // No event waits for a revision.
    if (
      event.kind === 'revision' ||
      this.isLate(subject, event) ||
      (hold !== undefined && hold.sequence <= sequence)
    )
      return
    this.#holds.set(subject, { eventId, sequence, sinceMs: hold?.sinceMs ?? nowMs })
    dropOldest(this.#holds, HOLDS_MAX)
  }
}

/** The key of an order: a subject within a log, because each log counts its own sequences. */
export function subjectOf(logId: string, event: PlimsollEvent): string {
  return `${logId} ${subjectOfEvent(event)}`
}

function dropOldest(map: Map<string, unknown>, sizeMax: number): void {
  if (map.size <= sizeMax) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
