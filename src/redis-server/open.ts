import { resolve } from 'node:path'
import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { redactUrl } from '../redis/index.ts'
import { sleep } from '../system/index.ts'
import { FolderInUse, runningRedisUrl } from './claim.ts'
import { locateRedisServer } from './locate.ts'
import { type AppendFsync, START_POLL_MS, START_TIMEOUT_MS, startRedisServer } from './server.ts'

export interface OpenOptions {
  /** URL of a running server; default: a private one on `dataDir`. */
  readonly redisUrl?: string | undefined
  readonly dataDir: string
  /** Setting for a private server that this call starts. */
  readonly appendfsync?: AppendFsync
  readonly clock: Clock
  /** Receives one line before what takes time: a download, an installation, the start by another process. */
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
 * otherwise a private one that it starts (see `locateRedisServer`). One that another command is starting is waited for,
 * START_TIMEOUT_MS at most.
 */
export async function openRedis(options: OpenOptions): Promise<OpenedRedis> {
  const { redisUrl, dataDir, clock, notify, signal } = options
  if (redisUrl !== undefined) {
    redactUrl(redisUrl)
    return { url: redisUrl, source: 'given', close: nothingToClose }
  }
  let waitingSinceMs: number | undefined
  for (;;) {
    const found = await runningOrStarted(options)
    if (!(found instanceof FolderInUse)) return found
    const directory = resolve(dataDir, 'redis')
    if (waitingSinceMs === undefined) {
      waitingSinceMs = clock.monotonicMs()
      notify(
        `plimsoll: process ${found.pid} is starting the private Redis of ${directory}: this command waits for it`,
      )
    } else if (clock.monotonicMs() - waitingSinceMs > START_TIMEOUT_MS) {
      throw new PlimsollError(
        'REDIS_UNAVAILABLE',
        `process ${found.pid} has been starting a server in the data folder ${directory} for more than ` +
          `${START_TIMEOUT_MS} ms (START_TIMEOUT_MS): try again once it has started`,
      )
    }
    await sleep(clock, START_POLL_MS)
    signal?.throwIfAborted()
  }
}

/** The fault when another process has the data folder: its server does not answer yet, or it began to answer meanwhile. */
async function runningOrStarted(options: OpenOptions): Promise<OpenedRedis | FolderInUse> {
  const { dataDir, clock, notify, signal, appendfsync = 'always' } = options
  const running = await runningRedisUrl(dataDir)
  if (running !== undefined) return { url: running, source: 'running', close: nothingToClose }
  const binary = await locateRedisServer({ dataDir, clock, notify, signal })
  try {
    const server = await startRedisServer({ binary, dataDir, clock, signal, appendfsync })
    const { url, shellCommand } = server
    return { url, source: 'started', shellCommand, close: () => server.stop() }
  } catch (error) {
    if (error instanceof FolderInUse) return error
    throw error
  }
}

async function nothingToClose(): Promise<void> {
  // It is not ours.
}
