import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { locateRedisServer } from '../../src/redis-server/locate.ts'
import { type RedisServer, startRedisServer } from '../../src/redis-server/server.ts'
import { systemClock } from '../../src/system/clock.ts'

/** What a Redis that a test plays says of its process. */
export const SERVER_INFO = '# Server\r\nredis_version:7.0.15\r\nrun_id:a1\r\n'

/** Shared by all tests of a checkout, so that a server is fetched once. */
export const PROJECT_DATA_DIR = fileURLToPath(new URL('../../.data', import.meta.url))

export interface TestRedis {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Folder of the server's data; it goes away with `stop`. */
  readonly dataDir: string
  /** Ends the server (`SIGTERM` keeps every write, `SIGKILL` is a crash) and starts it again on the same port and data. */
  restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  stop(): Promise<void>
}

/** A server with production settings and fresh data on a free port without a password. Stop it in `afterAll`. */
export async function startTestRedis(
  options: { settings?: Record<string, string>; appendfsync?: 'always' | 'everysec' } = {},
): Promise<TestRedis> {
  const binary = await locateRedisServer({
    dataDir: PROJECT_DATA_DIR,
    clock: systemClock,
    notify: (line) => void process.stderr.write(`${line}\n`),
  })
  const dataDir = await mkdtemp(join(tmpdir(), 'plimsoll-redis-'))
  const start = (port: number): Promise<RedisServer> =>
    startRedisServer({ binary, dataDir, clock: systemClock, port, ...options })
  let server = await start(0)
  const port = Number(new URL(server.url).port)
  return {
    url: server.url,
    port,
    get pid() {
      return server.pid
    },
    dataDir,
    async restart(signal = 'SIGTERM') {
      if (signal === 'SIGKILL') process.kill(server.pid, 'SIGKILL')
      await server.stop()
      server = await start(port)
    },
    async stop() {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A server for the tests of a file, empty at the begin of each, and a connection to look into it. */
export function useTestRedis(): { readonly server: TestRedis; readonly probe: Redis } {
  let server: TestRedis
  let probe: Redis
  beforeAll(async () => {
    server = await startTestRedis()
    probe = new Redis(server.url)
    // A test may end the server: its probe waits until it is back.
    probe.on('error', () => undefined)
  })
  beforeEach(() => probe.flushall())
  afterAll(async () => {
    probe.disconnect()
    await server.stop()
  })
  return {
    get server() {
      return server
    },
    get probe() {
      return probe
    },
  }
}
