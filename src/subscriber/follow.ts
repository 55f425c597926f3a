import { type Clock, EMPTY_STREAM, type PlimsollEvent, plimsollEventSchema } from '../domain/index.ts'
import { sleep } from '../system/index.ts'

const BLOCK_MS = 5_000
const READ_ENTRIES_MAX = 200
const RETRY_DELAY_MIN_MS = 100
const RETRY_DELAY_MAX_MS = 2_000

/** A Redis connection of its own, since its reads block; `disconnect` ends a blocked read. An ioredis instance without a command timeout fits. */
export interface FollowRedis {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  disconnect(): unknown
}

export interface FollowOptions {
  readonly redis: FollowRedis
  /** The stream of events. */
  readonly key: string
  /** `now`: what comes from now on. `beginning`: everything that is still kept. Else: what comes after this id. */
  readonly from: string
  readonly clock: Clock
  /** Ends the generator and disconnects `redis`. */
  readonly signal: AbortSignal
  /** Reading failed; it is repeated for ever, from where it was. Called for the first failure of an outage. */
  readonly failed: (error: Error) => void
}

/** An entry of the stream; `event` is undefined where it does not hold a well-formed one. */
export interface FollowedEvent {
  readonly id: string
  readonly event: PlimsollEvent | undefined
}

/** Every event of the stream, in order, once. Entries that were trimmed before they were read are passed over. */
export async function* followEvents(options: FollowOptions): AsyncGenerator<FollowedEvent> {
  const { redis, clock, signal } = options
  let position = options.from === 'beginning' ? EMPTY_STREAM : options.from
  let delayMs = RETRY_DELAY_MIN_MS
  const disconnect = () => void redis.disconnect()
  signal.addEventListener('abort', disconnect, { once: true })
  try {
    while (!signal.aborted) {
      let entries: readonly StreamEntry[] = []
      try {
        if (position === 'now') position = await topOf(options)
        entries = await read(options, position)
        delayMs = RETRY_DELAY_MIN_MS
      } catch (error) {
        if (signal.aborted) break
        if (delayMs === RETRY_DELAY_MIN_MS) options.failed(error as Error)
        await sleep(clock, delayMs)
        delayMs = Math.min(delayMs * 2, RETRY_DELAY_MAX_MS)
      }
      for (const [id, [field, value]] of entries) {
        position = id
        if (field === 'event') yield { id, event: parseEvent(value) }
      }
    }
  } finally {
    signal.removeEventListener('abort', disconnect)
  }
}

type StreamEntry = [id: string, fields: string[]]
/** RESP2 answers a list of streams, RESP3 a map, which arrives as key and value in turn. */
type StreamReply = [[key: string, entries: StreamEntry[]]] | [key: string, entries: StreamEntry[]]

async function topOf({ redis, key }: FollowOptions): Promise<string> {
  const entries = (await redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)) as StreamEntry[]
  return entries[0]?.[0] ?? EMPTY_STREAM
}

async function read({ redis, key }: FollowOptions, position: string): Promise<readonly StreamEntry[]> {
  const args = ['COUNT', READ_ENTRIES_MAX, 'BLOCK', BLOCK_MS, 'STREAMS', key, position]
  const reply = (await redis.call('XREAD', ...args)) as StreamReply | null
  if (reply === null) return []
  return typeof reply[0] === 'string' ? (reply[1] as StreamEntry[]) : reply[0][1]
}

/** The event that the text of an entry holds; undefined where it is none of this version. */
export function parseEvent(text: string | undefined): PlimsollEvent | undefined {
  try {
    return plimsollEventSchema.safeParse(JSON.parse(text ?? '')).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
