import type { AccountChange } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { BookRedis } from './redis.ts'
import type { ReplySize } from './slices.ts'
import type { ReadStored } from './stored.ts'

/** The position before the first change of an empty stream. */
export const STREAM_START = '0-0'

export type Gap = 'trimmed' | 'went-back'

/** One entry of the stream of changes. */
export interface Entry {
  readonly position: string
  /** Position of the entry before it, by which gaps are noticed; undefined when something else than a book wrote the entry. */
  readonly previous: string | undefined
  readonly fields: ReadonlyMap<string, string>
}

type RawEntry = readonly [position: string, fields: readonly string[]]

/** Pairs of stream and entries: nested under RESP2, in one flat list under RESP3. */
type XreadReply =
  | readonly (readonly [stream: string, entries: readonly RawEntry[]])[]
  | readonly [stream: string, entries: readonly RawEntry[]]
  | null

function entriesOf(reply: XreadReply): readonly RawEntry[] {
  if (reply === null) return []
  const [first, second] = reply
  return typeof first === 'string' ? (second as readonly RawEntry[]) : (first?.[1] ?? [])
}

/**
 * Entries after `position`, oldest first, waiting up to `blockMs` for the first; none when there came none.
 * `size` says how many are asked for, and learns from what came.
 */
export async function readChanges(
  redis: BookRedis,
  stream: string,
  position: string,
  blockMs: number,
  size: ReplySize,
): Promise<Entry[]> {
  const reply = (await redis.call(
    'XREAD',
    'COUNT',
    size.items,
    ...(blockMs > 0 ? ['BLOCK', blockMs] : []),
    'STREAMS',
    stream,
    position,
  )) as XreadReply
  const entries = entriesOf(reply).map(entryOf)
  size.learn(
    entries.length,
    entries.reduce((sum, { fields }) => sum + bytesOf(fields), 0),
  )
  return entries
}

function bytesOf(fields: Entry['fields']): number {
  let bytes = 0
  for (const value of fields.values()) bytes += value.length
  return bytes
}

/** Position of the newest entry, STREAM_START when the stream is empty. */
export async function newestPosition(redis: BookRedis, stream: string): Promise<string> {
  const reply = (await redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)) as readonly RawEntry[]
  return reply[0]?.[0] ?? STREAM_START
}

/**
 * The change that an entry states. An account that was put and cannot be read is `unreadable`, because its old terms no
 * longer hold.
 * @throws PlimsollError ACCOUNT_INVALID when the entry does not say which account changed, or how.
 */
export function changeOf(entry: Entry, read: ReadStored): AccountChange {
  const id = entry.fields.get('id')
  const kind = entry.fields.get('kind')
  if (id !== undefined && kind === 'put') return storedChange(id, entry.fields.get('account') ?? '', read)
  const version = Number(entry.fields.get('version'))
  if (id !== undefined && kind === 'removed' && Number.isSafeInteger(version)) return { kind, id, version }
  throw new PlimsollError(
    'ACCOUNT_INVALID',
    `change ${entry.position} is neither an account that was put nor one that was removed`,
  )
}

export type StoredChange = Extract<AccountChange, { kind: 'put' | 'unreadable' }>

/** What is stored of an account, as a change. */
export function storedChange(id: string, stored: string, read: ReadStored): StoredChange {
  try {
    return { kind: 'put', account: read(id, stored) }
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return { kind: 'unreadable', id, error }
  }
}

/**
 * Whether changes are missing between `position` and the entries, or among them. Every entry names the one before it.
 * `trimmed`: Redis has dropped old ones. `went-back`: the stream has been written anew from an earlier point, so
 * changes that were read before are not in Redis any more.
 */
export function gapIn(position: string, entries: readonly Entry[]): Gap | undefined {
  let expected = position
  for (const { position: own, previous } of entries) {
    if (previous !== expected)
      return previous !== undefined && isBefore(previous, expected) ? 'went-back' : 'trimmed'
    expected = own
  }
  return undefined
}

/** Whether stream position `left` lies before `right`. Both are `<milliseconds>-<counter>`. */
export function isBefore(left: string, right: string): boolean {
  const [leftMs = 0n, leftCounter = 0n] = left.split('-').map(BigInt)
  const [rightMs = 0n, rightCounter = 0n] = right.split('-').map(BigInt)
  return leftMs < rightMs || (leftMs === rightMs && leftCounter < rightCounter)
}

function entryOf([position, list]: RawEntry): Entry {
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < list.length; index += 2)
    fields.set(list[index] ?? '', list[index + 1] ?? '')
  return { position, previous: fields.get('previous'), fields }
}
