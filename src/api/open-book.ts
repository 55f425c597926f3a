import { type Book, createBook } from '../book/index.ts'
import type { Clock, Random } from '../domain/index.ts'
import { checkRedis, closeRedis, connectRedis, keysOf } from '../redis/index.ts'
import { openRedis } from '../redis-server/index.ts'
import { systemClock, systemRandom } from '../system/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'

export interface OpenBookOptions {
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
  /** Use a Redis that may lose accounts; `notify` gets the reason. */
  readonly allowUnsafeRedis?: boolean | undefined
  /** Gets one line when something takes time (a Redis is fetched) or is unsafe. Default: none. */
  readonly notify?: ((line: string) => void) | undefined
  /** Cancels the start of a private Redis: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

/** The stored accounts of one shard, open until `close`. */
export interface OpenedBook extends Book {
  /** Closes the connection, and the private Redis if `openBook` started it. */
  close(): Promise<void>
}

/**
 * Opens the stored accounts that the worker of the same Redis and shard watches. The worker sees a write at once.
 * @throws
 * PlimsollError REDIS_UNAVAILABLE, REDIS_NOT_FOUND; REDIS_POLICY or REDIS_NO_AOF for a Redis that may lose accounts;
 * CONFIGURATION for a URL or a data folder that cannot be used.
 */
export async function openBook(options: OpenBookOptions = {}): Promise<OpenedBook> {
  const { url, dataDir = '.data', shard = '0', appendfsync = 'always', signal } = options
  const { clock = systemClock, random = systemRandom } = options
  const notify = options.notify ?? (() => undefined)
  const warn = (message: string) => notify(`plimsoll: ${message}`)
  const redis = await openRedis({ redisUrl: url, dataDir, appendfsync, clock, notify, signal })
  try {
    const connection = await connectRedis({ url: redis.url, role: 'command', clock, random })
    try {
      await checkRedis(connection, { allowUnsafe: options.allowUnsafeRedis ?? false, warn })
    } catch (error) {
      await closeRedis(connection, clock)
      throw error
    }
    return {
      ...createBook(connection, keysOf(shard), VENUE_NAMES),
      async close() {
        await closeRedis(connection, clock)
        await redis.close()
      },
    }
  } catch (error) {
    await redis.close()
    throw error
  }
}
