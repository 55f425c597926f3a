import { RedisGapLog } from '../delivery/index.ts'
import type { GapLogEntries } from '../domain/index.ts'
import type { PlimsollError } from '../errors.ts'
import { printFault } from '../log.ts'
import { openStore, type StoreOptions } from './open-store.ts'

export interface ReadGapsOptions extends StoreOptions {
  /** Gets INPUT_INVALID for each entry that cannot be read; it is left out. Default: one line on standard error. */
  readonly fault?: ((error: PlimsollError) => void) | undefined
}

/** What Redis holds of a shard: a log, which the first worker begins; accounts that no worker has watched yet; or nothing. */
export type ShardContents = 'log' | 'accounts' | 'nothing'

export interface GapsOfShard extends GapLogEntries {
  readonly contents: ShardContents
}

/**
 * Spans in which the worker of that Redis and shard did not hear the marks of a market, in the order of their beginnings, and
 * the last mark of each market that it evaluated, written every second.
 * @throws
 * PlimsollError REDIS_UNAVAILABLE, REDIS_NOT_FOUND; CONFIGURATION for a URL or a data folder that cannot be used.
 */
export async function readGaps(options: ReadGapsOptions = {}): Promise<GapLogEntries> {
  const { gaps, watermarks } = await readGapsOfShard(options)
  return { gaps, watermarks }
}

/** As `readGaps`, with what tells a shard without a gap from one that no worker has watched. */
export async function readGapsOfShard(options: ReadGapsOptions = {}): Promise<GapsOfShard> {
  const { fault = printFault() } = options
  const { redis, keys, close } = await openStore(options)
  try {
    const entries = await new RedisGapLog(redis, keys.gaps).load(fault)
    const has = async (key: string) => (await redis.call('EXISTS', key)) === 1
    const contents = (await has(keys.progress)) ? 'log' : (await has(keys.accounts)) ? 'accounts' : 'nothing'
    return { ...entries, contents }
  } finally {
    await close()
  }
}
