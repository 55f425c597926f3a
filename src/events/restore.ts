import type { RestoredProgress } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { readProgress } from './stored.ts'
import type { EventStream } from './stream.ts'

const PROGRESS_BATCH = 1_000
/** Unreadable entries that are reported one by one; more are counted. */
export const UNREADABLE_REPORTED_MAX = 20

/** Hands on what is stored, and reports and counts the entries that cannot be read. */
export async function restoreProgress(
  stream: EventStream,
  into: RestoredProgress,
  fault: (error: PlimsollError) => void,
): Promise<number> {
  let unreadable = 0
  for await (const [subject, text] of stream.progress(PROGRESS_BATCH)) {
    const stored = readProgress(subject, text)
    if (stored instanceof PlimsollError) {
      if (++unreadable <= UNREADABLE_REPORTED_MAX) fault(stored)
    } else if (stored.kind === 'market') into.market(stored.progress)
    else into.marginAccount(subject, stored.progress)
  }
  const more = unreadable - UNREADABLE_REPORTED_MAX
  if (more > 0)
    fault(new PlimsollError('INPUT_INVALID', `${more} more entries of stored progress are not valid`))
  return unreadable
}
