import {
  type AccountChange,
  compareStreamIds,
  parseStreamId,
  readStreamId,
  type StreamId,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { type RedisCommands, readStream, type StreamEntry } from '../redis/index.ts'
import type { ReplySize } from './reply-size.ts'
import type { ReadStored } from './stored.ts'

export type Gap = 'trimmed' | 'went-back'

/**
 * Entries after `position`, oldest first, waiting up to `blockMs` for the first; none when there came none.
 * `size` says how many are asked for, and learns from what came.
 */
export async function readChanges(
  redis: RedisCommands,
  stream: string,
  position: string,
  blockMs: number,
  size: ReplySize,
): Promise<StreamEntry[]> {
  const entries = await readStream(redis, stream, position, size.items, blockMs)
  size.learn(
    entries.length,
    entries.flatMap(({ fields }) => [...fields.values()]),
  )
  return entries
}

/**
 * The change that an entry states. An account that was put and cannot be read is `unreadable`, because its old terms no
 * longer hold.
 * @throws PlimsollError ACCOUNT_INVALID when the entry does not say which account changed, or how.
 */
export function changeOf(entry: StreamEntry, read: ReadStored): AccountChange {
  const id = entry.fields.get('id')
  const kind = entry.fields.get('kind')
  if (id !== undefined && kind === 'put') return storedChange(id, entry.fields.get('account') ?? '', read)
  const version = Number(entry.fields.get('version'))
  if (id !== undefined && kind === 'removed' && Number.isSafeInteger(version)) return { kind, id, version }
  throw new PlimsollError(
    'ACCOUNT_INVALID',
    `change ${entry.id} is neither an account that was put nor one that was removed`,
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
 * Whether changes are missing between `position` and the entries, or among them. Every entry of a book names the one before
 * it (`previous`). `trimmed`: Redis has dropped old ones. `went-back`: the stream has been written anew from an earlier
 * point, so changes that were read before are not in Redis any more.
 */
export function gapIn(position: string, entries: readonly StreamEntry[]): Gap | undefined {
  let expected = position
  for (const { id, fields } of entries) {
    const previous = fields.get('previous')
    if (previous !== expected) return gapBefore(expected, readStreamId(previous ?? ''))
    expected = id
  }
  return undefined
}

/** `previous`: undefined when something else than a book wrote the entry. */
function gapBefore(expected: string, previous: StreamId | undefined): Gap {
  const isEarlier = previous !== undefined && compareStreamIds(previous, parseStreamId(expected)) < 0
  return isEarlier ? 'went-back' : 'trimmed'
}
