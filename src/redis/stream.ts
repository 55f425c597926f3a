import { EMPTY_STREAM } from '../domain/index.ts'
import { pairsOf, type RedisCommands } from './commands.ts'

/** One entry of a Redis stream. */
export interface StreamEntry {
  readonly id: string
  readonly fields: ReadonlyMap<string, string>
}

type RawEntry = readonly [id: string, fields: readonly string[]]

/** Pairs of stream and entries: nested under RESP2, in one flat list under RESP3. */
type XreadReply =
  | readonly (readonly [stream: string, entries: readonly RawEntry[]])[]
  | readonly [stream: string, entries: readonly RawEntry[]]
  | null

/** At most `count` entries after the id `after`, oldest first; waits up to `blockMs` for the first one. 0: does not wait. */
export async function readStream(
  redis: RedisCommands,
  key: string,
  after: string,
  count: number,
  blockMs = 0,
): Promise<StreamEntry[]> {
  const block = blockMs > 0 ? ['BLOCK', blockMs] : []
  const reply = (await redis.call('XREAD', 'COUNT', count, ...block, 'STREAMS', key, after)) as XreadReply
  if (reply === null) return []
  const [first, second] = reply
  const entries = typeof first === 'string' ? (second as readonly RawEntry[]) : (first?.[1] ?? [])
  return entries.map(entryOf)
}

/** At most `count` entries from `start` to `end`, oldest first. `(` before an id excludes it; `-` and `+` are the ends. */
export async function readStreamRange(
  redis: RedisCommands,
  key: string,
  start: string,
  end: string,
  count: number,
): Promise<StreamEntry[]> {
  const reply = await redis.call('XRANGE', key, start, end, 'COUNT', count)
  return (reply as readonly RawEntry[]).map(entryOf)
}

/** At most `count` entries from `end` back to `start`, newest first. */
export async function readStreamRangeBack(
  redis: RedisCommands,
  key: string,
  end: string,
  start: string,
  count: number,
): Promise<StreamEntry[]> {
  const reply = await redis.call('XREVRANGE', key, end, start, 'COUNT', count)
  return (reply as readonly RawEntry[]).map(entryOf)
}

/** The id of the newest entry; EMPTY_STREAM where the stream has none. */
export async function newestStreamId(redis: RedisCommands, key: string): Promise<string> {
  const reply = (await redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)) as readonly RawEntry[]
  return reply[0]?.[0] ?? EMPTY_STREAM
}

function entryOf([id, fields]: RawEntry): StreamEntry {
  return { id, fields: new Map(pairsOf(fields)) }
}
