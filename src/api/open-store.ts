import type { Clock, Random } from '../domain/index.ts'
import { closeRedis, connectRedis, keysOf, type RedisConnection, type ShardKeys } from '../redis/index.ts'
import { openRedis } from '../redis-server/index.ts'
import { systemClock, systemRandom } from '../system/index.ts'

/** Where a shard is kept. */
export interface StoreOptions {
  /**
   * `redis://[user:password@]host:port[/database]`. Without it: the private Redis of `dataDir`, which is started when it
   * does not run.
   */
  readonly url?: string | undefined
  /** Folder of the private Redis, default `.data`. */
  readonly dataDir?: string | undefined
  /** When a private Redis that is started now writes to disk, default `always`; `everysec` may lose about a second of writes. */
  readonly appendfsync?: 'always' | 'everysec' | undefined
  /** Shard of the book, default `0`. */
  readonly shard?: string | undefined
  /** Gets one line when something takes time (a Redis is fetched) or is unsafe. Default: none. */
  readonly notify?: ((line: string) => void) | undefined
  /** Cancels the start of a private Redis: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

export interface OpenedStore {
  readonly redis: RedisConnection
  readonly keys: ShardKeys
  /** Closes the connection, and the private Redis if `openStore` started it. */
  close(): Promise<void>
}

/** Connects to the Redis that keeps the shard. Errors as `openBook` has them, but for those of a Redis that may lose accounts. */
export async function openStore(options: StoreOptions): Promise<OpenedStore> {
  const { url, dataDir = '.data', shard = '0', appendfsync = 'always', signal } = options
  const { clock = systemClock, random = systemRandom, notify = () => undefined } = options
  const server = await openRedis({ redisUrl: url, dataDir, appendfsync, clock, notify, signal })
  try {
    const redis = await connectRedis({ url: server.url, role: 'command', clock, random })
    return {
      redis,
      keys: keysOf(shard),
      async close() {
        await closeRedis(redis, clock)
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}
