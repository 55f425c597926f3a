import { PlimsollError } from '../errors.ts'

/**
 * Transitions that may wait to be published; one more stops the worker with OUTBOX_FULL. So many wait only when Redis is away,
 * or slower than a cascade, for a long time. Each takes 100 to 230 bytes, and 560 when its account crosses levels again and
 * again (measured).
 */
export const TRANSITIONS_WAITING_MAX = 1_000_000
/** Revisions that wait to be published; one more stops the worker with OUTBOX_FULL. */
export const REVISIONS_DUE_MAX = 1_000_000

export function transitionsFull(waitingMax: number): PlimsollError {
  return new PlimsollError(
    'OUTBOX_FULL',
    `more than ${waitingMax} events wait for Redis (TRANSITIONS_WAITING_MAX), so the worker stops. The next start ` +
      'finds every account that is at a level then; an account that has recovered meanwhile gets no event',
  )
}

export function revisionsFull(): PlimsollError {
  return new PlimsollError(
    'OUTBOX_FULL',
    `more than ${REVISIONS_DUE_MAX} revisions of events wait for Redis (REVISIONS_DUE_MAX), so the worker stops. The next ` +
      'start revises those events as undecided',
  )
}
