import type { PublishedLevel } from '../delivery/index.ts'
import { type Gap, type LevelName, minuteOf } from '../domain/index.ts'

/**
 * The levels that an earlier worker published of each margin account by prices of the gap, or that it held when the gap began: none of
 * them was missed. `published` is in the order of its events.
 */
export function publishedIn(
  gap: Pick<Gap, 'venue' | 'fromMs' | 'toMs'>,
  published: readonly PublishedLevel[],
): Map<string, LevelName[]> {
  const levels = new Map<string, LevelName[]>()
  for (const event of published) {
    if (event.venue !== gap.venue) continue
    const known = levels.get(event.marginAccount)
    const own = event.isBackfill ? ofBackfill(event, gap) : ofLive(event, gap, known === undefined)
    if (own.length > 0) levels.set(event.marginAccount, [...(known ?? []), ...own])
  }
  return levels
}

/** Its time is the start of a minute. */
function ofBackfill(
  { eventTimeMs, level, previousLevel }: PublishedLevel,
  { fromMs, toMs }: Pick<Gap, 'fromMs' | 'toMs'>,
): LevelName[] {
  const isOfGap = eventTimeMs !== null && eventTimeMs >= minuteOf(fromMs) && eventTimeMs <= toMs
  return isOfGap ? [level, previousLevel] : []
}

/** The first event after the beginning of the gap says at what level the margin account stood then. */
function ofLive(
  { eventTimeMs, receivedTimeMs, level, previousLevel }: PublishedLevel,
  { fromMs, toMs }: Pick<Gap, 'fromMs' | 'toMs'>,
  isFirst: boolean,
): LevelName[] {
  const timeMs = eventTimeMs ?? receivedTimeMs
  if (timeMs <= fromMs) return []
  if (timeMs <= toMs) return [level, previousLevel]
  return isFirst ? [previousLevel] : []
}
