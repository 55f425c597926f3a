import { counted, type LeftBehind } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'

/** What a worker had not done when the time of its stop was over. */
export interface Unfinished extends LeftBehind {
  /** Not evaluated. */
  readonly ticks: number
  /** Of the book, not applied. */
  readonly changes: number
  /** Events that were not given to the event log. */
  readonly unpublished: number
}

/** The fault that says what the stop leaves undone and what becomes of it; undefined when nothing is left. */
export function unfinished(left: Unfinished, limitMs: number): PlimsollError | undefined {
  const { ticks, changes, unpublished, notInStream, notInQueues } = left
  const events = unpublished + notInStream
  const parts: string[] = []
  if (ticks > 0) {
    parts.push(
      `${counted(ticks, 'tick was', 'ticks were')} not evaluated: the next start judges every account at the marks of then`,
    )
  }
  if (changes > 0)
    parts.push(
      `${counted(changes, 'change of an account was', 'changes of accounts were')} not applied: the next start reads the stored book`,
    )
  if (events > 0) {
    parts.push(
      `${counted(events, 'event is', 'events are')} not in the stream: the next start publishes those of accounts that still stand there; ` +
        'a breach that came and went is lost',
    )
  }
  if (notInQueues > 0) {
    parts.push(
      `${counted(notInQueues, 'event is', 'events are')} in the stream and not in a queue: the next start puts there what is missing`,
    )
  }
  if (parts.length === 0) return undefined
  return new PlimsollError(
    'STOP_TIMEOUT',
    `not done within ${limitMs} ms (STOP_FLUSH_MS): ${parts.join('. ')}`,
  )
}
