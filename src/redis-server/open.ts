import type { Clock } from '../domain/index.ts'
import { redactUrl } from '../redis/index.ts'
import { runningRedisUrl } from './claim.ts'
import { locateRedisServer } from './locate.ts'
import { type AppendFsync, startRedisServer } from './server.ts'

export interface OpenOptions {
  /** URL of a running server; default: a private one on `dataDir`. */
  readonly redisUrl?: string | undefined
  readonly dataDir: string
  /** Setting for a private server that this call starts. */
  readonly appendfsync?: AppendFsync
  readonly clock: Clock
  /** Receives one line before a download or an installation, which take time. */
  readonly notify: (line: string) => void
  /** Cancels the call: it rejects with the signal's reason and ends all that it started. */
  readonly signal?: AbortSignal | undefined
}

export interface OpenedRedis {
  readonly url: string
  /** Where the server comes from. `close` stops only a `started` one. */
  readonly source: 'given' | 'running' | 'started'
  /** The shell command that opens a client of a `started` server. */
  readonly shellCommand?: string
  close(): Promise<void>
}

/**
 * Opens the server to use: the given one, otherwise the private one that another command runs on the same data folder,
 * otherwise a private one that it starts (see `locateRedisServer`).
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
