import { counted, type RestoredProgress } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { readProgress, type StoredProgress } from './stored.ts'
import type { EventStream } from './stream.ts'

const PROGRESS_BATCH = 1_000
/** Most unreadable entries that are reported one by one; more are counted. */
export const UNREADABLE_REPORTED_MAX = 20

/** What earlier runs left. It is read before the log opens, because unreadable entries raise its floor. */
export interface EarlierProgress {
  readonly stored: readonly StoredProgress[]
  readonly unreadable: number
}

/** Reports and counts the entries that cannot be read. */
export async function readEarlierProgress(
  stream: EventStream,
  fault: (error: PlimsollError) => void,
): Promise<EarlierProgress> {
  const stored: StoredProgress[] = []
  let unreadable = 0
  for await (const [subject, text] of stream.progress(PROGRESS_BATCH)) {
    const entry = readProgress(subject, text)
    if (!(entry instanceof PlimsollError)) stored.push(entry)
    else if (++unreadable <= UNREADABLE_REPORTED_MAX) fault(entry)
  }
  const more = unreadable - UNREADABLE_REPORTED_MAX
  if (more > 0)
    fault(
      new PlimsollError(
        'INPUT_INVALID',
        `${counted(more, 'more entry of stored progress is', 'more entries of stored progress are')} not valid`,
      ),
    )
  return { stored, unreadable }
}

export function handOn(stored: readonly StoredProgress[], into: RestoredProgress): void {
  for (const entry of stored) {
    if (entry.kind === 'market') into.market(entry.progress)
    else if (entry.kind === 'venue') into.venue(entry.progress)
    else if (entry.kind === 'revision') into.revision(entry.open)
    else into.marginAccount(entry.id, entry.progress)
  }
}
