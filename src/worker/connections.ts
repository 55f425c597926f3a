import type { Clock } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { closeRedis, connectRedis, type RedisConnection, type RedisRole, watchRedis } from '../redis/index.ts'
import type { WorkerOptions } from './types.ts'

/** The connections of one worker to its Redis. */
export class WorkerConnections {
  readonly #options: WorkerOptions
  readonly #connections: RedisConnection[] = []

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  /** Opens a connection. Once it is open, the first error of each outage is logged. */
  async open(role: RedisRole): Promise<RedisConnection> {
    const { clock, random, redisUrl, log } = this.#options
    let isOpen = false
    const report = (error: Error) => {
      // Before this point the rejection reports the error.
      if (isOpen) log.warn({ error: error.message }, 'redis connection lost')
    }
    const connection = await connectRedis({ url: redisUrl, role, clock, random, report })
    isOpen = true
    this.#connections.push(connection)
    return connection
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => closeRedis(connection, this.#options.clock)))
  }
}

/** Logs when a setting that the worker needs changes in a running Redis. The returned function ends it. */
export function watchSettings(connection: RedisConnection, clock: Clock, log: Log): () => void {
  return watchRedis({
    connection,
    clock,
    failed: (fault) => log.error({ code: fault.code }, fault.message),
    mended: (message) => log.info({ was: message }, 'a setting of Redis is right again'),
  })
}
