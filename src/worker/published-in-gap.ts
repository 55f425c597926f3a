import type { PublishedLevel } from '../delivery/index.ts'
import { type Gap, type LevelName, minuteOf } from '../domain/index.ts'

/** What the clock of this machine and that of a venue may differ by. */
const SKEW_MS = 5_000

/**
 * The levels that an earlier worker published of each margin account by prices of the gap, or that it held when the gap began: none of
 * them was missed. `published` is in the order of its events.
 */
export function publishedIn(
  { venue, fromMs, toMs }: Pick<Gap, 'venue' | 'fromMs' | 'toMs'>,
  published: readonly PublishedLevel[],
): Map<string, LevelName[]> {
  const levels = new Map<string, LevelName[]>()
  for (const event of published) {
    if (event.venue !== venue || event.receivedTimeMs < fromMs - SKEW_MS) continue
    const known = levels.get(event.marginAccount)
    const own = known ?? []
    // The first event since then says at what level it stood before.
    if (known === undefined) levels.set(event.marginAccount, [event.previousLevel])
    if (isOfGap(event, fromMs, toMs))
      levels.set(event.marginAccount, [...own, event.level, event.previousLevel])
  }
  return levels
}

function isOfGap({ eventTimeMs, isBackfill }: PublishedLevel, fromMs: number, toMs: number): boolean {
  if (eventTimeMs === null) return false
  return isBackfill
    ? eventTimeMs >= minuteOf(fromMs) && eventTimeMs <= toMs
    : eventTimeMs > fromMs && eventTimeMs <= toMs
}
