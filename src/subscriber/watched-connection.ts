import type { QueueConnection } from '../domain/index.ts'

/** Longest blocking read of the queue, in seconds. */
export const BLOCK_S_MAX = 3
/**
 * A peer that owes an answer and sends no byte for this time is replaced by a new connection. Longer than a blocking
 * read.
 */
const SOCKET_TIMEOUT_MS = 6_000
const CONNECT_TIMEOUT_MS = 2_000
const KEEP_ALIVE_MS = 30_000
const RETRY_DELAY_STEP_MS = 100
const RETRY_DELAY_MAX_MS = 2_000

const DEFAULTS = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  keepAlive: KEEP_ALIVE_MS,
  socketTimeout: SOCKET_TIMEOUT_MS,
  retryStrategy: (attempt: number) => Math.min(attempt * RETRY_DELAY_STEP_MS, RETRY_DELAY_MAX_MS),
}

/** BullMQ needs commands that wait for Redis and are sent again; a command time-out would end its blocking reads. */
const DEMANDED = { maxRetriesPerRequest: null, commandTimeout: undefined }

/** The options of ioredis that this file reads. */
interface Settings {
  readonly socketTimeout?: number
  readonly retryStrategy?: (attempt: number) => unknown
}

interface Instance {
  readonly isCluster?: boolean
  readonly options: Settings
}

/**
 * Options of connections that detect a half-open peer, which ended without closing. The caller's settings win where
 * BullMQ works with them. After `isClosed` no new connection is made: if Redis was never reached, BullMQ would try for
 * ever and keep the process alive.
 */
export function watchedConnection(connection: QueueConnection, isClosed: () => boolean): QueueConnection {
  if (isInstance(connection) && connection.isCluster === true) return connection as QueueConnection
  const given: Settings = isInstance(connection) ? connection.options : (connection as Settings)
  const settings = { ...DEFAULTS, ...given, ...DEMANDED }
  const { socketTimeout = SOCKET_TIMEOUT_MS, retryStrategy } = settings
  return {
    ...settings,
    socketTimeout,
    retryStrategy: (attempt: number) => (isClosed() ? null : retryStrategy(attempt)),
  } as QueueConnection
}

function isInstance(connection: object): connection is Instance {
  return 'duplicate' in connection && 'options' in connection
}
