import {
  type Clock,
  EMPTY_STREAM,
  isStreamStart,
  type PlimsollEvent,
  plimsollEventSchema,
  STREAM_START_RULE,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jsonOf } from '../input/index.ts'
import { newestStreamId, type RedisCommands, readStream, type StreamEntry } from '../redis/index.ts'
import { Waiter } from '../system/index.ts'

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
   * `now`: events after the first read. `beginning`: all events that the stream still keeps. Otherwise: events after this
   * stream id.
   */
  readonly from: string
  readonly clock: Clock
  /** Ends the generator at once, without the events that it has read and not yielded, and disconnects `redis`. */
  readonly signal: AbortSignal
  /** Called for the first failed read of an outage. Reading is repeated for ever, from the last event that was read. */
  readonly failed: (error: Error) => void
}

/** An entry of the stream; `event` is undefined when the entry does not hold a well-formed one. */
export interface FollowedEvent {
  readonly id: string
  readonly event: PlimsollEvent | undefined
}

/** @throws PlimsollError USAGE for a text that is no place in a stream. */
export function refuseBadStart(from: string): void {
  if (isStreamStart(from)) return
  throw new PlimsollError('USAGE', `from is ${JSON.stringify(from)}: it ${STREAM_START_RULE}`, {
    path: 'from',
  })
}

/**
 * Yields every event of the stream once, in order. Entries that Redis trimmed before they were read are missing.
 * @throws PlimsollError USAGE, before the first read, for a `from` that is no place in a stream.
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<FollowedEvent> {
  const { redis, key, clock, signal } = options
  refuseBadStart(options.from)
  let position = options.from === 'beginning' ? EMPTY_STREAM : options.from
  let delayMs = RETRY_DELAY_MIN_MS
  const pause = new Waiter()
  const end = () => {
    pause.notify()
    redis.disconnect()
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
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
        await pause.wait(clock, delayMs)
        delayMs = Math.min(delayMs * 2, RETRY_DELAY_MAX_MS)
      }
      for (const { id, fields } of entries) {
        // The reader may abort while it handles an event of the page.
        if (signal.aborted) return
        position = id
        const text = fields.get('event')
        if (text !== undefined) yield { id, event: parseEvent(text) }
      }
    }
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** The event in the text of an entry; undefined when it is not an event of this version. */
export function parseEvent(text: string): PlimsollEvent | undefined {
  return plimsollEventSchema.safeParse(jsonOf(text)).data
}
