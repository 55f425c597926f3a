import { marketSubject, type PlimsollEvent } from '../domain/index.ts'

/**
 * Margin accounts and markets whose newest handled event is remembered, about 200 bytes each. Beyond it those without an
 * event for the longest time are forgotten: an older event of theirs then comes without its mark.
 */
export const ORDERED_SUBJECTS_MAX = 200_000
/**
 * The longest time for which a failing event holds up the later ones of its margin account. Then they are handled, so
 * that a liquidation never waits for ever, and the failed event comes late, marked as such.
 */
export const HOLD_MS = 60_000
/** Failing events that may hold up others. Beyond it the oldest of them stops holding up, as after HOLD_MS. */
export const HOLDS_MAX = 10_000

interface Hold {
  readonly eventId: string
  readonly sequence: number
  readonly sinceMs: number
}

/** The order of the events of each margin account and market, as far as this process handles them. */
export class SubjectOrder {
  readonly #newest = new Map<string, number>()
  readonly #holds = new Map<string, Hold>()

  /** Whether a later event of the same subject was handled before. */
  isLate(subject: string, sequence: number): boolean {
    return sequence < (this.#newest.get(subject) ?? 0)
  }

  /** The older event of the subject that has failed and that this one waits for; undefined where it may be handled. */
  heldBy(subject: string, sequence: number, nowMs: number): string | undefined {
    const hold = this.#holds.get(subject)
    if (hold === undefined || hold.sequence >= sequence || nowMs - hold.sinceMs >= HOLD_MS) return undefined
    return hold.eventId
  }

  handled(subject: string, sequence: number): void {
    const newest = Math.max(sequence, this.#newest.get(subject) ?? 0)
    this.#newest.delete(subject)
    this.#newest.set(subject, newest)
    dropOldest(this.#newest, ORDERED_SUBJECTS_MAX)
    const hold = this.#holds.get(subject)
    if (hold !== undefined && hold.sequence <= sequence) this.#holds.delete(subject)
  }

  /** The later events of the subject wait from now on, unless one of them was handled already. */
  failed(subject: string, { id: eventId, sequence }: PlimsollEvent, nowMs: number): void {
    const hold = this.#holds.get(subject)
    if (this.isLate(subject, sequence) || (hold !== undefined && hold.sequence <= sequence)) return
    this.#holds.set(subject, { eventId, sequence, sinceMs: hold?.sinceMs ?? nowMs })
    dropOldest(this.#holds, HOLDS_MAX)
  }
}

/** Whose order counts: sequences begin anew with a log. */
export function subjectOf(logId: string, event: PlimsollEvent): string {
  const subject = 'marginAccount' in event ? event.marginAccount : marketSubject(event.venue, event.symbol)
  return `${logId} ${subject}`
}

function dropOldest(map: Map<string, unknown>, sizeMax: number): void {
  if (map.size <= sizeMax) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
