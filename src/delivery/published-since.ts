import { type LevelName, marginEventSchema } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { type RedisCommands, readStreamRangeBack, type StreamEntry } from '../redis/index.ts'

const PAGE_EVENTS = 500
/** Events that are read back. */
export const PUBLISHED_READ_MAX = 200_000

const publishedSchema = marginEventSchema.pick({
  marginAccount: true,
  venue: true,
  level: true,
  previousLevel: true,
  eventTimeMs: true,
  receivedTimeMs: true,
  reasons: true,
})

/** What an event of a margin account says of its level. */
export interface PublishedLevel {
  readonly marginAccount: string
  readonly venue: string
  readonly level: LevelName
  readonly previousLevel: LevelName
  readonly eventTimeMs: number | null
  readonly receivedTimeMs: number
  readonly isBackfill: boolean
}

/**
 * The events of margin accounts that were received since a time, Unix milliseconds, oldest first. `isWhole` is false where the stream
 * does not reach so far back, or has more than PUBLISHED_READ_MAX of them.
 */
export async function publishedSince(
  redis: RedisCommands,
  eventsKey: string,
  sinceMs: number,
): Promise<{ readonly levels: readonly PublishedLevel[]; readonly isWhole: boolean }> {
  const levels: PublishedLevel[] = []
  let read = 0
  let oldest: StreamEntry | undefined
  for (let end = '+'; read < PUBLISHED_READ_MAX; ) {
    const page = await readStreamRangeBack(redis, eventsKey, end, '-', PAGE_EVENTS)
    for (const { fields } of page) {
      const parsed = publishedSchema.safeParse(jsonOf(fields.get('event') ?? ''))
      if (!parsed.success) continue
      const { reasons, ...level } = parsed.data
      if (level.receivedTimeMs < sinceMs) return { levels: levels.reverse(), isWhole: true }
      levels.push({ ...level, isBackfill: reasons.includes('backfill') })
    }
    read += page.length
    oldest = page.at(-1) ?? oldest
    // The first entry of a stream names its owner: then it is whole.
    if (page.length < PAGE_EVENTS)
      return { levels: levels.reverse(), isWhole: oldest?.fields.has('owner') ?? true }
    end = `(${oldest!.id}`
  }
  return { levels: levels.reverse(), isWhole: false }
}
