import type { Clock, EventRecord } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { type EventRedis, withDeadline } from './connection.ts'
import { formatStreamId } from './stream-id.ts'

/** The stream is trimmed to about this many entries, oldest first. More than the outbox, so that no entry leaves before it is in the queue. */
export const EVENTS_LENGTH_MAX = 400_000
/** Records in one call of the append script. */
export const APPEND_RECORDS_MAX = 200
const COMMAND_LIMIT_MS = 5_000

export interface EventStreamKeys {
  /** Stream of events. */
  readonly events: string
  /** Hash of account → AccountProgress as JSON. */
  readonly progress: string
}

/** Top of the stream and of what has been put into the queue, as Redis holds them. */
export interface StreamPosition {
  readonly top: string
  readonly cursor: string
}

export interface StoredEvent {
  readonly id: string
  /** The event as JSON text. */
  readonly event: string
}

const TOP = `
local function top(key)
  if redis.call('EXISTS', key) == 0 then return '0-0' end
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end
`

const POSITION = `${TOP}
return { top(KEYS[1]), redis.call('GET', KEYS[2]) or '0-0' }
`

/** KEYS: events. ARGV: wall time. The new owner's fence is above that of every earlier one, even when the clock went back. */
const TAKE_OVER = `${TOP}
local fence = math.max(tonumber(ARGV[1]), tonumber(string.match(top(KEYS[1]), '^(%d+)-')) + 1)
return redis.call('XADD', KEYS[1], string.format('%.0f-0', fence), 'owner', '1')
`

/**
 * KEYS: events, progress. ARGV: the top that the writer knows, fence, first sequence, length limit, then
 * event, account, progress of each record. Appends only on that top, all or nothing; returns the top after.
 */
const APPEND = `${TOP}
local found = top(KEYS[1])
if found ~= ARGV[1] then return found end
local sequence = tonumber(ARGV[3])
local id = found
for i = 5, #ARGV, 3 do
  id = ARGV[2] .. '-' .. string.format('%.0f', sequence)
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], id, 'event', ARGV[i])
  redis.call('HSET', KEYS[2], ARGV[i + 1], ARGV[i + 2])
  sequence = sequence + 1
end
return id
`

/** KEYS: cursor. ARGV: the cursor that the writer knows, the new one. Returns the cursor after. */
const MOVE_CURSOR = `
local found = redis.call('GET', KEYS[1]) or '0-0'
if found ~= ARGV[1] then return found end
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]
`

/**
 * The stream of events in Redis, with compare-and-append: a repeat, a writer that lost its place and a
 * Redis that went back in time all show as a top other than the expected one.
 */
export class EventStream {
  readonly #redis: EventRedis
  readonly #keys: EventStreamKeys
  readonly #cursorKey: string
  readonly #clock: Clock

  constructor(redis: EventRedis, keys: EventStreamKeys, clock: Clock) {
    this.#redis = redis
    this.#keys = keys
    this.#cursorKey = `${keys.events}:enqueued`
    this.#clock = clock
  }

  /** Becomes the owner of the stream; every earlier owner's appends are refused from now on. Returns the id of the entry that says so. */
  async takeOver(): Promise<string> {
    return text(await this.#script(TAKE_OVER, [this.#keys.events], [this.#clock.nowMs()]))
  }

  async position(): Promise<StreamPosition> {
    const reply = await this.#script(POSITION, [this.#keys.events, this.#cursorKey], [])
    assert(Array.isArray(reply), 'the position script returns a list')
    return { top: text(reply[0]), cursor: text(reply[1]) }
  }

  /** Appends the records after `expectedTop`; the returned top is `<fence>-<last sequence>` exactly if they are all in. */
  async append(
    expectedTop: string,
    fence: number,
    firstSequence: number,
    records: readonly EventRecord[],
  ): Promise<string> {
    assert(records.length <= APPEND_RECORDS_MAX, `${records.length} records exceed ${APPEND_RECORDS_MAX}`)
    const args: (string | number)[] = [expectedTop, fence, firstSequence, EVENTS_LENGTH_MAX]
    for (const { event, progress } of records) {
      args.push(JSON.stringify(event), event.account, JSON.stringify(progress))
    }
    return text(await this.#script(APPEND, [this.#keys.events, this.#keys.progress], args))
  }

  /** Moves the cursor of what is in the queue; the returned cursor is `cursor` exactly if it stands there now. */
  async moveCursor(expectedCursor: string, cursor: string): Promise<string> {
    return text(await this.#script(MOVE_CURSOR, [this.#cursorKey], [expectedCursor, cursor]))
  }

  /** Events after `cursor` and before the first of `fence`, at most `count`; `last` is the last entry read, undefined at the end. */
  async readBetween(
    cursor: string,
    fence: number,
    count: number,
  ): Promise<{ events: StoredEvent[]; last: string | undefined }> {
    const end = `(${formatStreamId(fence, 0)}`
    const entries = (await this.#call('XRANGE', this.#keys.events, `(${cursor}`, end, 'COUNT', count)) as [
      string,
      string[],
    ][]
    const events: StoredEvent[] = []
    for (const [id, fields] of entries) {
      if (fields[0] === 'event') events.push({ id, event: fields[1] ?? '' })
    }
    return { events, last: entries.at(-1)?.[0] }
  }

  /** Every account's stored progress, JSON text, in batches of about `count`. An account may come twice. */
  async *progress(count: number): AsyncGenerator<readonly [account: string, progress: string]> {
    let cursor = '0'
    do {
      const reply = await this.#call('HSCAN', this.#keys.progress, cursor, 'COUNT', count)
      const [next, fields] = reply as [string, string[]]
      for (let index = 0; index + 1 < fields.length; index += 2) yield [fields[index]!, fields[index + 1]!]
      cursor = next
    } while (cursor !== '0')
  }

  #script(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#call('EVAL', script, keys.length, ...keys, ...args)
  }

  #call(command: string, ...args: (string | number)[]): Promise<unknown> {
    const reply = this.#redis.call(command, ...args)
    return withDeadline(this.#clock, reply, COMMAND_LIMIT_MS, `${command} on ${this.#keys.events}`)
  }
}

function text(reply: unknown): string {
  assert(typeof reply === 'string', `a script returned ${String(reply)} where a stream id is due`)
  return reply
}
