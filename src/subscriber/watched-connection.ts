import type { QueueConnection } from '../domain/index.ts'

/** A blocking read of the queue ends after this by itself, with or without a job. */
export const BLOCK_S_MAX = 3
/**
 * A peer that owes an answer and sends nothing for so long counts as gone, and a new connection is made. It is more than
 * a blocking read lasts.
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

/** BullMQ demands that commands wait for Redis and are sent again; a time-out of a command would end its blocking reads. */
const DEMANDED = { maxRetriesPerRequest: null, commandTimeout: undefined }

/** The options of ioredis that are read here. */
interface Settings {
  readonly socketTimeout?: number
  readonly retryStrategy?: (attempt: number) => unknown
}

interface Instance {
  readonly isCluster?: boolean
  readonly options: Settings
}

/**
 * Options of connections that notice a half-open peer, which is gone without a close. The caller's own settings win, as
 * far as BullMQ works with them. Once `isClosed` no connection is made again: BullMQ would try for ever, and keep the
 * process alive, where Redis was never reached.
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
