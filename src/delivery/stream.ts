import type { Clock } from '../domain/index.ts'
import { formatStreamId } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { type RedisCommands, readStreamRange, scanHash } from '../redis/index.ts'
import { withDeadline } from './connection.ts'
import type { PackedRecord } from './packed.ts'
import {
  APPEND,
  LOG_FLOOR_FIELD,
  LOG_ID_FIELD,
  MOVE_CURSOR,
  POSITION,
  RELEASE,
  RENEW,
  TAKE_OVER,
} from './scripts.ts'

/**
 * Redis trims the stream to about this many bytes of events and this many entries, oldest first. An entry that is not in
 * every queue is never trimmed.
 */
export const EVENTS_BYTES_MAX = 512 * 1024 * 1024
export const EVENTS_LENGTH_MAX = 400_000
/** Most records and bytes in one call of the append script. A larger record goes alone. */
export const APPEND_RECORDS_MAX = 200
export const APPEND_BYTES_MAX = 4 * 1024 * 1024
/** Most entries in one XRANGE: 50 of the largest events have 20 MB. */
const READ_ENTRIES_MAX = 50
const COMMAND_LIMIT_MS = 5_000
/** Fields of the hash of progress that are no subject. */
const LOG_FIELDS: ReadonlySet<string> = new Set([LOG_ID_FIELD, LOG_FLOOR_FIELD])

export interface EventStreamKeys {
  readonly shard: string
  /** Stream of events. */
  readonly events: string
  /** Hash of subject → its progress as JSON. */
  readonly progress: string
  readonly cursor: string
  readonly owner: string
  readonly marks: string
  readonly queues: string
}

/** Top of the stream, and the cursor of the queues, as Redis holds them. */
export interface StreamPosition {
  readonly top: string
  /** Empty when it does not exist. Any program may have written it. */
  readonly cursor: string
}

/** What a new owner found and left. */
export interface TakeOver {
  /** Its entry in the stream, `<fence>-0`. */
  readonly entry: string
  readonly previousTop: string
  readonly logId: string
  readonly floor: number
  /** Which parts of an earlier log exist. */
  readonly found: { readonly stream: boolean; readonly progress: boolean; readonly logId: boolean }
}

export interface StoredEvent {
  readonly id: string
  /** The event as JSON text. */
  readonly event: string
}

export interface StreamLimits {
  readonly bytesMax: number
  readonly entriesMax: number
}

export const STREAM_LIMITS: StreamLimits = { bytesMax: EVENTS_BYTES_MAX, entriesMax: EVENTS_LENGTH_MAX }

/**
 * The stream of events in Redis, with compare-and-append. A repeated write, a writer that another one replaced, and a
 * Redis that went back in time all meet a top other than the expected one.
 */
export class EventStream {
  readonly #redis: RedisCommands
  /** The same, with a limit of COMMAND_LIMIT_MS for each command. */
  readonly #limited: RedisCommands = { call: this.#call.bind(this) }
  readonly #keys: EventStreamKeys
  readonly #clock: Clock
  readonly #limits: StreamLimits

  constructor(
    redis: RedisCommands,
    keys: EventStreamKeys,
    clock: Clock,
    limits: StreamLimits = STREAM_LIMITS,
  ) {
    this.#redis = redis
    this.#keys = keys
    this.#clock = clock
    this.#limits = limits
  }

  /**
   * Becomes the owner of the stream, and from then on Redis refuses appends of earlier owners. When the lease is held by
   * one who is not `replaceable` ('*': any), it returns that holder instead.
   */
  async takeOver(
    name: string,
    leaseMs: number,
    replaceable: string,
    newLogId: string,
  ): Promise<TakeOver | string> {
    const { events, progress, cursor, owner } = this.#keys
    const args = [this.#clock.nowMs(), replaceable, name, leaseMs, newLogId]
    const reply = list(await this.#script(TAKE_OVER, [events, progress, cursor, owner], args))
    if (reply.length === 1) return text(reply[0])
    const [, entry, previousTop, logId, floor, hadStream, hadProgress, hadLogId] = reply
    return {
      entry: text(entry),
      previousTop: text(previousTop),
      logId: text(logId),
      floor: Number(floor),
      found: { stream: hadStream === 1, progress: hadProgress === 1, logId: hadLogId === 1 },
    }
  }

  /** Renews the lease of `fence` for `leaseMs`. Returns the holder afterwards; empty when the lease is free. */
  async renew(fence: number, name: string, leaseMs: number): Promise<string> {
    const { events, owner } = this.#keys
    return text(await this.#script(RENEW, [events, owner], [fence, name, leaseMs]))
  }

  async release(lease: string): Promise<void> {
    await this.#script(RELEASE, [this.#keys.owner], [lease])
  }

  async position(): Promise<StreamPosition> {
    const reply = list(await this.#script(POSITION, [this.#keys.events, this.#keys.cursor], []))
    return { top: text(reply[0]), cursor: text(reply[1] ?? '') }
  }

  /**
   * Appends the records after `expectedTop`. All of them are in if, and only if, the returned top is `<fence>-<last
   * sequence>`.
   */
  async append(
    expectedTop: string,
    fence: number,
    firstSequence: number,
    records: readonly PackedRecord[],
    withdrawLogId: boolean,
  ): Promise<string> {
    assert(records.length <= APPEND_RECORDS_MAX, `${records.length} records exceed ${APPEND_RECORDS_MAX}`)
    const { bytesMax, entriesMax } = this.#limits
    const args: (string | number | Buffer)[] = [expectedTop, fence, firstSequence]
    args.push(withdrawLogId ? '1' : '0', bytesMax, entriesMax)
    for (const { event, subject, progress, sequence, open } of records)
      args.push(event, subject, progress ?? '', sequence, open?.subject ?? '', open?.text ?? '')
    const { events, progress, cursor, marks } = this.#keys
    return text(await this.#script(APPEND, [events, progress, cursor, marks], args))
  }

  /** Moves the cursor of the queues. It was moved if, and only if, `cursor` is returned. */
  async moveCursor(expectedCursor: string, cursor: string): Promise<string> {
    return text(await this.#script(MOVE_CURSOR, [this.#keys.cursor], [expectedCursor, cursor]))
  }

  /**
   * Events after `cursor` and before the first of `fence`: at least one if there are any, at most about `entriesMax` and
   * `bytesMax`. `last` is the last entry that was read; undefined at the end.
   */
  async readBetween(
    cursor: string,
    fence: number,
    entriesMax: number,
    bytesMax: number,
  ): Promise<{ events: StoredEvent[]; last: string | undefined }> {
    const end = `(${formatStreamId(fence, 0)}`
    const events: StoredEvent[] = []
    let last: string | undefined
    let bytes = 0
    let count = 0
    while (count < entriesMax && bytes < bytesMax) {
      const start = `(${last ?? cursor}`
      const pageMax = Math.min(READ_ENTRIES_MAX, entriesMax - count)
      const entries = await readStreamRange(this.#limited, this.#keys.events, start, end, pageMax)
      for (const { id, fields } of entries) {
        const event = fields.get('event')
        if (event !== undefined) events.push({ id, event })
        bytes += event?.length ?? 0
        last = id
      }
      count += entries.length
      if (entries.length < pageMax) break
    }
    return { events, last }
  }

  /** Every subject's stored progress, JSON text, in batches of about `count`. A subject may come twice. */
  async *progress(count: number): AsyncGenerator<readonly [subject: string, progress: string]> {
    for await (const page of scanHash(this.#limited, this.#keys.progress, () => count)) {
      for (const entry of page) if (!LOG_FIELDS.has(entry[0])) yield entry
    }
  }

  /** Names of the queues into which earlier runs put events. */
  async queues(): Promise<string[]> {
    return list(await this.#call('SMEMBERS', this.#keys.queues)).map(text)
  }

  async addQueues(names: readonly string[]): Promise<void> {
    await this.#call('SADD', this.#keys.queues, ...names)
  }

  async removeQueue(name: string): Promise<void> {
    await this.#call('SREM', this.#keys.queues, name)
  }

  #script(
    script: string,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    return this.#call('EVAL', script, keys.length, ...keys, ...args)
  }

  #call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    const reply = this.#redis.call(command, ...args)
    return withDeadline(this.#clock, reply, COMMAND_LIMIT_MS, `${command} on ${this.#keys.events}`)
  }
}

function list(reply: unknown): unknown[] {
  assert(Array.isArray(reply), `a list is due, Redis returned ${String(reply)}`)
  return reply
}

function text(reply: unknown): string {
  assert(typeof reply === 'string', `a text is due, Redis returned ${String(reply)}`)
  return reply
}
