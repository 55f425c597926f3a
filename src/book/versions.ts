import { type AccountVersion, readStreamId, type VenueNames } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { type RedisCommands, readStreamRange, readStreamRangeBack, type StreamEntry } from '../redis/index.ts'
import { changeOf } from './changes.ts'
import { storedReader } from './stored.ts'

/** Changes that are read for the terms of a time: behind it, and again before it. */
export const CHANGES_READ_MAX = 100_000
/** Changes of one reply. */
const PAGE_CHANGES = 500

/**
 * The terms of each account that has changed since a time, Unix milliseconds: those from before it first, from 0 on. Redis keeps the last
 * CHANGES_LENGTH_MAX changes, and CHANGES_READ_MAX are read: where the terms are older than those, they are `unknown`.
 */
export async function accountVersionsSince(
  redis: RedisCommands,
  changesKey: string,
  venues: VenueNames,
  sinceMs: number,
): Promise<Map<string, AccountVersion[]>> {
  const read = storedReader(venues)
  const versions = new Map<string, AccountVersion[]>()
  const { entries, isWhole } = await entriesFrom(redis, changesKey, sinceMs)
  for (const entry of entries) {
    const [id, version] = versionOf(entry, read)
    const own = versions.get(id)
    if (own === undefined) versions.set(id, [version])
    else own.push(version)
  }
  if (!isWhole)
    for (const own of versions.values()) own.push({ fromMs: timeOf(entries.at(-1)!), account: 'unknown' })
  const before = await formerOf(redis, changesKey, new Set(versions.keys()), sinceMs, read)
  for (const [id, own] of versions) own.unshift({ fromMs: 0, account: before(id) })
  return versions
}

type Read = ReturnType<typeof storedReader>

async function entriesFrom(redis: RedisCommands, key: string, sinceMs: number) {
  const entries: StreamEntry[] = []
  for (let start = String(sinceMs); ; ) {
    const page = await readStreamRange(redis, key, start, '+', PAGE_CHANGES)
    entries.push(...page)
    if (page.length < PAGE_CHANGES) return { entries, isWhole: true }
    if (entries.length >= CHANGES_READ_MAX) return { entries, isWhole: false }
    start = `(${page.at(-1)!.id}`
  }
}

/** The last terms of these accounts before the time. */
async function formerOf(redis: RedisCommands, key: string, wanted: Set<string>, sinceMs: number, read: Read) {
  const former = new Map<string, AccountVersion['account']>()
  let isFromTheStart = false
  let seen = 0
  // Without `-0` Redis reads an end as the last of its millisecond, and the changes of that one are no former ones.
  for (let end = `(${sinceMs}-0`; wanted.size > 0 && seen < CHANGES_READ_MAX; ) {
    const page = await readStreamRangeBack(redis, key, end, '-', PAGE_CHANGES)
    seen += page.length
    for (const entry of page) {
      const [id, { account }] = versionOf(entry, read)
      if (wanted.delete(id)) former.set(id, account)
    }
    const last = page.at(-1)
    if (last !== undefined) isFromTheStart = last.fields.get('previous') === '0-0'
    else if (seen === 0) isFromTheStart = await isFirstOfAll(redis, key, sinceMs)
    if (page.length < PAGE_CHANGES) break
    end = `(${last!.id}`
  }
  // What no change before the time names was not in the book, if Redis has all changes.
  return (id: string) => (former.has(id) ? former.get(id) : isFromTheStart ? undefined : ('unknown' as const))
}

/** Whether the first change since the time is the first of the book. */
async function isFirstOfAll(redis: RedisCommands, key: string, sinceMs: number): Promise<boolean> {
  const [first] = await readStreamRange(redis, key, String(sinceMs), '+', 1)
  return first?.fields.get('previous') === '0-0'
}

function versionOf(entry: StreamEntry, read: Read): readonly [id: string, version: AccountVersion] {
  const fromMs = timeOf(entry)
  try {
    const change = changeOf(entry, read)
    if (change.kind === 'put') return [change.account.id, { fromMs, account: change.account }]
    return [change.id, { fromMs, account: change.kind === 'removed' ? undefined : 'unknown' }]
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return [entry.fields.get('id') ?? '', { fromMs, account: 'unknown' }]
  }
}

function timeOf({ id }: StreamEntry): number {
  return readStreamId(id)!.fence
}
