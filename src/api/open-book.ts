import { type Book, createBook } from '../book/index.ts'
import { checkRedis } from '../redis/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'
import { openStore, type StoreOptions } from './open-store.ts'

export interface OpenBookOptions extends StoreOptions {
  /** Use a Redis that may lose accounts; `notify` gets the reason. */
  readonly allowUnsafeRedis?: boolean | undefined
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
  const { notify = () => undefined, allowUnsafeRedis = false } = options
  const { redis, keys, close } = await openStore(options)
  try {
    const warn = (message: string) => notify(`plimsoll: ${message}`)
    await checkRedis(redis, { allowUnsafe: allowUnsafeRedis, warn })
  } catch (error) {
    await close()
    throw error
  }
  return { ...createBook(redis, keys, VENUE_NAMES), close }
}
