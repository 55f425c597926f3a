import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createBook as createStoredBook } from '../book/index.ts'
import type { Account, Clock, Random } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { closeRedis, connectRedis, keysOf, type RedisCommands, redactUrl, scanKeys } from '../redis/index.ts'
import { locateRedisServer, startRedisServer } from '../redis-server/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'

/** Keys that one command removes when the demo clears its shard of a given Redis. */
const SCAN_KEYS = 1_000

/** An empty store of accounts for one demo run. */
export interface DemoStore {
  readonly redisUrl: string
  readonly shard: string
  /** Where the store is, in words and without a password. */
  readonly where: string
  putMany(accounts: readonly Account[]): Promise<void>
  /** Stops the private server and removes its data, or deletes the shard's keys in a given Redis. */
  close(): Promise<void>
}

export interface StoreOptions {
  /** URL of a running Redis; undefined for a private one. */
  readonly redisUrl: string | undefined
  readonly dataDir: string
  /** Differs between runs on the same machine or the same Redis. */
  readonly runId: string
  readonly clock: Clock
  readonly random: Random
  readonly notify: (line: string) => void
  readonly signal: AbortSignal
}

/** Opens a private Redis below `dataDir`, or a shard of its own in the given Redis. */
export async function openDemoStore(options: StoreOptions): Promise<DemoStore> {
  const { clock, random, redisUrl } = options
  const shard = `demo-${options.runId}`
  const server = redisUrl === undefined ? await startPrivate(options, shard) : undefined
  const url = server?.url ?? redisUrl!
  const keys = keysOf(shard)
  try {
    const connection = await connectRedis({ url, role: 'command', clock, random })
    const book = createStoredBook(connection, keys, VENUE_NAMES)
    return {
      redisUrl: url,
      shard,
      where:
        server === undefined ? `Redis ${redactUrl(url)}, shard ${shard}` : 'a private Redis, gone at the end',
      async putMany(accounts) {
        const results = await book.putMany(accounts.map((account) => ({ account })))
        const refused = results.findIndex((result) => 'conflict' in result)
        if (refused !== -1) {
          throw new PlimsollError(
            'ACCOUNT_VERSION_CONFLICT',
            `account ${accounts[refused]!.id} is already in shard ${shard}; a demo needs an empty one`,
          )
        }
      },
      async close() {
        if (server === undefined) await removeKeys(connection, `${keys.queuePrefix}:*`)
        await closeRedis(connection, clock)
        await server?.stop()
      },
    }
  } catch (error) {
    await server?.stop()
    throw error
  }
}

async function startPrivate(options: StoreOptions, shard: string) {
  const { clock, dataDir, notify, signal } = options
  const directory = join(dataDir, shard)
  const binary = await locateRedisServer({ dataDir, clock, notify, signal })
  const server = await startRedisServer({ binary, dataDir: directory, clock, signal })
  return {
    url: server.url,
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function removeKeys(connection: RedisCommands, pattern: string): Promise<void> {
  for await (const names of scanKeys(connection, pattern, () => SCAN_KEYS)) {
    if (names.length > 0) await connection.call('UNLINK', ...names)
  }
}
