import { type Clock, EMPTY_STREAM, type PlimsollEvent, plimsollEventSchema } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { newestStreamId, type RedisCommands, readStream, type StreamEntry } from '../redis/index.ts'
import { sleep } from '../system/index.ts'

const BLOCK_MS = 5_000
const READ_ENTRIES_MAX = 200
const RETRY_DELAY_MIN_MS = 100
const RETRY_DELAY_MAX_MS = 2_000

/**
 * A Redis connection used for nothing else, because its reads block; `disconnect` ends a blocked read. An ioredis
 * instance without a command timeout fits.
 */
export interface FollowRedis extends RedisCommands {
  disconnect(): unknown
}

export interface FollowOptions {
  readonly redis: FollowRedis
  /** The stream of events. */
  readonly key: string
  /**
   * `now`: events after this call. `beginning`: all events that the stream still keeps. Otherwise: events after this
   * stream id.
   */
  readonly from: string
  readonly clock: Clock
  /** Ends the generator and disconnects `redis`. */
  readonly signal: AbortSignal
  /** Called for the first failed read of an outage. Reading is repeated for ever, from the last event that was read. */
  readonly failed: (error: Error) => void
}

/** An entry of the stream; `event` is undefined when the entry does not hold a well-formed one. */
export interface FollowedEvent {
  readonly id: string
  readonly event: PlimsollEvent | undefined
}

/** Yields every event of the stream once, in order. Entries that Redis trimmed before they were read are missing. */
export async function* followEvents(options: FollowOptions): AsyncGenerator<FollowedEvent> {
  const { redis, key, clock, signal } = options
  let position = options.from === 'beginning' ? EMPTY_STREAM : options.from
  let delayMs = RETRY_DELAY_MIN_MS
  const disconnect = () => void redis.disconnect()
  signal.addEventListener('abort', disconnect, { once: true })
  try {
    while (!signal.aborted) {
      let entries: readonly StreamEntry[] = []
      try {
        if (position === 'now') position = await newestStreamId(redis, key)
        entries = await readStream(redis, key, position, READ_ENTRIES_MAX, BLOCK_MS)
        delayMs = RETRY_DELAY_MIN_MS
      } catch (error) {
        if (signal.aborted) break
        if (delayMs === RETRY_DELAY_MIN_MS) options.failed(error as Error)
        await sleep(clock, delayMs)
        delayMs = Math.min(delayMs * 2, RETRY_DELAY_MAX_MS)
      }
      for (const { id, fields } of entries) {
        position = id
        const text = fields.get('event')
        if (text !== undefined) yield { id, event: parseEvent(text) }
      }
    }
  } finally {
    signal.removeEventListener('abort', disconnect)
  }
}

/** The event in the text of an entry; undefined when it is not an event of this version. */
export function parseEvent(text: string): PlimsollEvent | undefined {
  return plimsollEventSchema.safeParse(jsonOf(text)).data
}
