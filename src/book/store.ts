import {
  ACCOUNT_VERSION_MAX,
  ACCOUNT_VERSION_RULE,
  ACCOUNT_VERSION_STATED_MAX,
  type Account,
  type AccountWrite,
  type AccountWriter,
  BATCH_ACCOUNTS_MAX,
  LAST_VERSION_RULE,
  type VenueNames,
  type WriteResult,
} from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'
import type { RedisCommands } from '../redis/index.ts'
import type { BookKeys } from './keys.ts'
import { type ListOptions, listAccounts, listIds } from './list.ts'
import { REMOVE_SCRIPT, WRITE_SCRIPT } from './scripts.ts'
import { storedReader } from './stored.ts'

/**
 * Changes kept for followers (Redis trims in steps, so somewhat more). A follower that falls further behind
 * loads the whole book again.
 */
export const CHANGES_LENGTH_MAX = 100_000

export interface Book extends AccountWriter {
  /** @throws PlimsollError ACCOUNT_VERSION_CONFLICT naming both versions. */
  put(account: Account, version?: AccountWrite['version']): Promise<number>
  /**
   * Removes the account as its version `version` (default: whatever version is stored); false when it is not there.
   * The version is forgotten with it.
   * @throws PlimsollError ACCOUNT_VERSION_CONFLICT when `version` is not above the stored one.
   */
  remove(id: string, version?: number): Promise<boolean>
  /** Removes at most BATCH_ACCOUNTS_MAX accounts, whatever versions are stored, all or none. Which of them were there, in order. */
  removeMany(ids: readonly string[]): Promise<boolean[]>
  /** @throws PlimsollError ACCOUNT_INVALID when what is stored is no account. */
  get(id: string): Promise<Account | undefined>
  /** Every account that fits, each once, in no order. An account that is written meanwhile comes in its old or new version. */
  list(options?: ListOptions): AsyncGenerator<Account>
  /** Ids of all stored accounts, each once, in no order, including accounts that cannot be read. */
  ids(): AsyncGenerator<string>
  count(): Promise<number>
}

/** The stored accounts of one shard. Every write is one script: compare the version, set, append the change. */
export function createBook(redis: RedisCommands, keys: BookKeys, venues: VenueNames): Book {
  const parseStored = storedReader(venues)
  async function putMany(writes: readonly AccountWrite[]): Promise<WriteResult[]> {
    assert(writes.length <= BATCH_ACCOUNTS_MAX, `a batch holds at most ${BATCH_ACCOUNTS_MAX} accounts`)
    if (writes.length === 0) return []
    const replies = (await redis.call(
      'EVAL',
      WRITE_SCRIPT,
      2,
      keys.accounts,
      keys.changes,
      CHANGES_LENGTH_MAX,
      ...writes.flatMap(writeArguments),
    )) as string[]
    return replies.map(resultOf)
  }
  async function removeAll(idsAndVersions: readonly (string | number)[]): Promise<string[]> {
    return (await redis.call(
      'EVAL',
      REMOVE_SCRIPT,
      2,
      keys.accounts,
      keys.changes,
      CHANGES_LENGTH_MAX,
      ...idsAndVersions,
    )) as string[]
  }
  return {
    putMany,
    async put(account, version) {
      const [result] = await putMany([version === undefined ? { account } : { account, version }])
      assert(result !== undefined, 'one write gives one result')
      if ('written' in result) return result.written
      throw versionConflict(account.id, account.version, result.conflict)
    },
    async remove(id, version) {
      const [reply] = await removeAll([id, version ?? 'next'])
      if (reply === '') return false
      const result = resultOf(reply!)
      if ('conflict' in result) throw versionConflict(id, version!, result.conflict)
      return true
    },
    async removeMany(ids) {
      assert(ids.length <= BATCH_ACCOUNTS_MAX, `a batch holds at most ${BATCH_ACCOUNTS_MAX} accounts`)
      if (ids.length === 0) return []
      const replies = await removeAll(ids.flatMap((id) => [id, 'next']))
      return replies.map((reply) => reply !== '')
    },
    async get(id) {
      const stored = (await redis.call('HGET', keys.accounts, id)) as string | null
      return stored === null ? undefined : parseStored(id, stored)
    },
    list: (options) => listAccounts(redis, keys.accounts, parseStored, options),
    ids: () => listIds(redis, keys.accounts),
    count: async () => (await redis.call('HLEN', keys.accounts)) as number,
  }
}

/** The script writes `{"version":N` before the rest, so that it can number an account without decoding it. */
function writeArguments({ account, version = 'stated' }: AccountWrite): (string | number)[] {
  const { version: stated, ...rest } = account
  if (version !== 'next' && stated > ACCOUNT_VERSION_STATED_MAX) {
    const message = `account ${account.id}: version is ${stated}: ${ACCOUNT_VERSION_RULE}`
    throw new PlimsollError('ACCOUNT_INVALID', message, { path: 'version' })
  }
  return [account.id, version, stated, `,${JSON.stringify(rest).slice(1)}`]
}

function resultOf(reply: string): WriteResult {
  const version = Number(reply)
  return version >= 0 ? { written: version } : { conflict: -1 - version }
}

function versionConflict(id: string, version: number, stored: number): PlimsollError {
  const isLast = stored >= ACCOUNT_VERSION_MAX
  const conflict = isLast ? LAST_VERSION_RULE : `version ${version} is not above the stored version ${stored}`
  return new PlimsollError('ACCOUNT_VERSION_CONFLICT', `account ${id}: ${conflict}`, { path: 'version' })
}
