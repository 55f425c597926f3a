import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { printFault } from '../log.ts'
import { type ConnectOptions, connectRedis, keysOf, type RedisConnection } from '../redis/index.ts'
import { runningRedisUrl } from '../redis-server/index.ts'
import { type FollowedEvent, followEvents, refuseBadStart } from '../subscriber/index.ts'
import { systemClock, systemRandom } from '../system/index.ts'

/** Where the stream is: `url` or `dataDir` says it. */
export interface FollowOptions {
  /** `redis://[user:password@]host:port[/database]`, `rediss://` for TLS, or the path of a Unix socket. */
  readonly url?: string
  /** Instead of `url`: the data folder of a worker on this machine that runs a private Redis. */
  readonly dataDir?: string
  /** Shard of the worker (PLIMSOLL_SHARD). Default `0`. */
  readonly shard?: string
  /**
   * `now` (default): later events. `beginning`: all events that Redis still has. Otherwise the events after this stream
   * id.
   */
  readonly from?: string
  /** Ends the reading at once: no event follows, and the connection closes. A `break` of the loop ends it with the next read, within 5 s. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** Gets REDIS_UNAVAILABLE once an outage; reading is repeated from the last event. Default: one line on standard error. */
  readonly fault?: (error: PlimsollError) => void
}

/**
 * The events of a shard in the order of its stream, for readers that keep their own place (`id`). Reading takes nothing
 * from other readers and acknowledges nothing. Events that Redis trimmed before they were read are missing.
 * @throws
 * PlimsollError USAGE if neither or both of `url` and `dataDir` are given, or `from` is no place in a stream;
 * REDIS_UNAVAILABLE if Redis does not answer at the start.
 */
export async function* follow(options: FollowOptions): AsyncGenerator<FollowedEvent> {
  const { shard = '0', from = 'now', clock = systemClock, fault = printFault() } = options
  const signal = options.signal ?? new AbortController().signal
  refuseBadStart(from)
  const url = await urlOf(options)
  const redis = await connected({ url, role: 'blocking', clock, random: systemRandom, signal })
  if (redis === undefined) return
  const failed = ({ message }: Error) =>
    fault(new PlimsollError('REDIS_UNAVAILABLE', `reading the events of shard ${shard}: ${message}`))
  try {
    yield* followEvents({ redis, key: keysOf(shard).events, from, clock, signal, failed })
  } finally {
    redis.disconnect()
  }
}

/** undefined when the signal aborted before the connection was ready. */
async function connected(options: ConnectOptions): Promise<RedisConnection | undefined> {
  try {
    return await connectRedis(options)
  } catch (error) {
    if (options.signal?.aborted === true) return undefined
    throw error
  }
}

async function urlOf({ url, dataDir }: FollowOptions): Promise<string> {
  if (url !== undefined && dataDir === undefined) return url
  if (url !== undefined || dataDir === undefined) {
    const message =
      'follow needs to know where Redis is: give either url or dataDir, the data folder of `plimsoll run`'
    throw new PlimsollError('USAGE', message, { path: 'url' })
  }
  const running = await runningRedisUrl(dataDir)
  if (running !== undefined) return running
  const message = `no private Redis runs on the data folder ${dataDir}: start it with \`plimsoll run\``
  throw new PlimsollError('REDIS_UNAVAILABLE', message, { path: 'dataDir' })
}
