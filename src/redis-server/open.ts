import type { Clock } from '../domain/index.ts'
import { redactUrl } from '../redis/index.ts'
import { runningRedisUrl } from './claim.ts'
import { locateRedisServer } from './locate.ts'
import { type AppendFsync, startRedisServer } from './server.ts'

export interface OpenOptions {
  /** A server that runs already; default: a private one on `dataDir`. */
  readonly redisUrl?: string | undefined
  readonly dataDir: string
  /** Setting of a private server that is started now. */
  readonly appendfsync?: AppendFsync
  readonly clock: Clock
  /** Gets one line before a download or an installation, which takes time. */
  readonly notify: (line: string) => void
  /** Cancels: the call rejects with the signal's reason, and everything it started is ended. */
  readonly signal?: AbortSignal | undefined
}

export interface OpenedRedis {
  readonly url: string
  /** Where the server comes from. Only a `started` one is stopped by `close`. */
  readonly source: 'given' | 'running' | 'started'
  /** The command for a shell that looks into a `started` server. */
  readonly shellCommand?: string
  close(): Promise<void>
}

/**
 * The server to work with: the given one, else the private one that another command of ours runs on the
 * same data folder, else a private one started now (see `locateRedisServer` for where it comes from).
 */
export async function openRedis(options: OpenOptions): Promise<OpenedRedis> {
  const nothingToClose = async () => undefined
  if (options.redisUrl !== undefined) {
    redactUrl(options.redisUrl)
    return { url: options.redisUrl, source: 'given', close: nothingToClose }
  }
  const running = await runningRedisUrl(options.dataDir)
  if (running !== undefined) return { url: running, source: 'running', close: nothingToClose }
  const { dataDir, clock, notify, signal, appendfsync = 'always' } = options
  const binary = await locateRedisServer({ dataDir, clock, notify, signal })
  const server = await startRedisServer({ binary, dataDir, clock, signal, appendfsync })
  const { url, shellCommand } = server
  return { url, source: 'started', shellCommand, close: () => server.stop() }
}
