import type { Redis, RedisOptions } from 'ioredis'
import type { Clock, Random } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { orAtLimit, waitAtMost } from '../system/index.ts'
import { ioredis } from './clients.ts'
import { isRefusal, redisFault, withoutSecrets } from './fault.ts'

/** How long `connectRedis` keeps trying before it gives up. */
export const CONNECT_TIMEOUT_MS = 3_000
/** A `blocking` connection may wait this long in one command (XREAD BLOCK). */
export const BLOCK_MS_MAX = 5_000

const COMMAND_TIMEOUT_MS = 5_000
const BLOCKING_COMMAND_TIMEOUT_MS = BLOCK_MS_MAX + COMMAND_TIMEOUT_MS
/** A peer that does not answer counts as gone this long after the command timed out. */
const SOCKET_TIMEOUT_GRACE_MS = 1_000
const SOCKET_CONNECT_TIMEOUT_MS = 2_000
const KEEP_ALIVE_MS = 30_000
const RETRY_DELAY_FIRST_MS = 50
const RETRY_DELAY_MS_MAX = 2_000
const QUIT_TIMEOUT_MS = 1_000
/** From our end of the socket to its destruction. ioredis 6.0 waits this long even for a socket that is closed already. */
const SOCKET_END_MS = 50

/**
 * What a connection is for. `command`: a command either answers within COMMAND_TIMEOUT_MS or is rejected, nothing waits
 * for a reconnect and nothing is sent twice. `blocking`: the same for one reader that waits in XREAD. `queue`: a BullMQ
 * queue that jobs are added to, which keeps its commands through a reconnect; it is too impatient for readers, whose
 * reads block.
 */
export type RedisRole = 'command' | 'blocking' | 'queue'

export interface ConnectOptions {
  /** `redis://[user:password@]host:port[/database]`, `rediss://` for TLS, or the path of a Unix socket. */
  readonly url: string
  readonly role: RedisRole
  readonly clock: Clock
  /** Spreads the reconnects of many processes after an outage. */
  readonly random: Random
  /** Gets the first error of each outage, not that of each attempt. */
  readonly report?: (error: Error) => void
  /** Ends the wait for the first connection; `connectRedis` then rejects with its reason. */
  readonly signal?: AbortSignal
}

export type RedisConnection = Redis

/** Options such as a password may follow after a `?`. */
const SOCKET_PATH = /^\/[^/]/
const DATABASE_PATH = /^\/?\d*$/

const ROLES = {
  // Without the resend an ioredis 6.0 promise may stay open for ever; the command timeout is what ends it.
  command: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: COMMAND_TIMEOUT_MS + SOCKET_TIMEOUT_GRACE_MS,
  },
  blocking: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: BLOCKING_COMMAND_TIMEOUT_MS,
    socketTimeout: BLOCKING_COMMAND_TIMEOUT_MS + SOCKET_TIMEOUT_GRACE_MS,
  },
  // BullMQ demands null. A command that gets no answer ends its socket and is sent again on the next one: jobs have
  // ids of their own, so that a repeat adds nothing.
  queue: { maxRetriesPerRequest: null, socketTimeout: COMMAND_TIMEOUT_MS + SOCKET_TIMEOUT_GRACE_MS },
} as const satisfies Record<RedisRole, RedisOptions>

/**
 * The only place that builds Redis connections. Resolves with one that is ready; it reconnects by itself
 * with full jitter up to RETRY_DELAY_MS_MAX.
 * @throws PlimsollError CONFIGURATION for a URL that is none; naming the server, without its password,
 * REDIS_UNAVAILABLE after CONNECT_TIMEOUT_MS and REDIS_REFUSED at once when it refuses login or database. The reason
 * of `signal` when it aborts before the connection is ready.
 */
export async function connectRedis(options: ConnectOptions): Promise<RedisConnection> {
  const { signal } = options
  signal?.throwIfAborted()
  const name = redactUrl(options.url)
  const connection = new ioredis.Redis(options.url, {
    ...ROLES[options.role],
    lazyConnect: true,
    // Under RESP3, ioredis 6.0 gives XREAD through `call` another shape than XREAD as a method.
    protocol: 2,
    connectTimeout: SOCKET_CONNECT_TIMEOUT_MS,
    disconnectTimeout: SOCKET_END_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: (attempt) => retryDelayMs(attempt, options.random),
  })
  // Report the first error of an outage; later ones follow from it.
  let outage: Error | undefined
  connection.on('error', (error: Error & { command?: unknown }) => {
    // The same error goes to every listener after this one; its command may be the login.
    delete error.command
    if (outage === undefined) options.report?.(withoutSecrets(error))
    outage ??= error
  })
  connection.on('ready', () => {
    outage = undefined
  })
  try {
    await untilReady(connection, options, () => outage)
    return connection
  } catch (cause) {
    connection.disconnect()
    signal?.throwIfAborted()
    throw redisFault(`no Redis at ${name}`, cause)
  }
}

/** Waits for outstanding replies, at most QUIT_TIMEOUT_MS, then closes. Never rejects. */
export async function closeRedis(connection: RedisConnection, clock: Clock): Promise<void> {
  if (connection.status === 'ready') {
    // A connection that cannot quit is disconnected below.
    await waitAtMost(clock, connection.quit(), QUIT_TIMEOUT_MS).catch(() => undefined)
  }
  if (connection.status !== 'end') connection.disconnect()
}

/**
 * The URL with its password hidden, for messages and logs.
 * @throws PlimsollError CONFIGURATION when it is not a Redis URL.
 */
export function redactUrl(text: string): string {
  if (SOCKET_PATH.test(text)) return text.split('?', 1)[0] ?? ''
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isRedis = url?.protocol === 'redis:' || url?.protocol === 'rediss:'
  if (url === undefined || !isRedis || !DATABASE_PATH.test(url.pathname)) {
    // The URL is not quoted: even one that does not parse may hold a password.
    throw new PlimsollError(
      'CONFIGURATION',
      'the Redis URL (--redis-url, REDIS_URL) must look like redis://[user:password@]host:port[/database number], rediss:// for TLS, ' +
        'or be the path of a Unix socket from the root, as /run/redis/redis.sock',
      { path: 'redisUrl' },
    )
  }
  if (url.password !== '') url.password = '***'
  for (const name of url.searchParams.keys()) {
    if (/pass/i.test(name)) url.searchParams.set(name, '***')
  }
  return url.href
}

function retryDelayMs(attempt: number, random: Random): number {
  const capMs = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_FIRST_MS * 2 ** Math.min(attempt - 1, 16))
  return Math.ceil(random() * capMs)
}

function untilReady(
  connection: Redis,
  { clock, signal }: ConnectOptions,
  outage: () => Error | undefined,
): Promise<void> {
  let abort = (): void => {}
  const ready = new Promise<void>((resolve, reject) => {
    abort = () => reject(signal?.reason)
    connection.once('ready', resolve)
    connection.on('error', (error: Error) => {
      if (isRefusal(error)) reject(error)
    })
    signal?.addEventListener('abort', abort)
    // The first attempt's failure also arrives as an error event, and the next attempt follows.
    connection.connect().catch(() => undefined)
  })
  return orAtLimit(clock, ready, CONNECT_TIMEOUT_MS, () => {
    throw outage() ?? new Error(`no answer within ${CONNECT_TIMEOUT_MS} ms, which is the limit`)
  }).finally(() => signal?.removeEventListener('abort', abort))
}
