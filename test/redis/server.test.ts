import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import {
  closeRedis,
  connectRedis,
  locateRedisServer,
  openRedis,
  type RedisBinary,
  type RedisServer,
  runningRedisUrl,
  startRedisServer,
} from '../../src/redis/index.ts'
import { isFree, processIdAt } from '../../src/redis/port.ts'
import { PROJECT_DATA_DIR } from '../support/redis.ts'

const clock = systemClock
const BUILT = new URL('../../dist/src/', import.meta.url).href
const START_AND_STAY = `
  import { systemClock } from '${BUILT}clock.js'
  import { startRedisServer } from '${BUILT}redis/index.js'
  const [, dataDir, binary] = process.argv
  const server = await startRedisServer({ dataDir, binary: JSON.parse(binary), clock: systemClock })
  console.log(server.pid)
  setInterval(() => undefined, 1_000)
`
const connect = (url: string) => connectRedis({ url, role: 'command', clock, random: () => 0.5 })

let binary: RedisBinary
let dataDir: string
const servers: RedisServer[] = []

beforeAll(async () => {
  binary = await locateRedisServer({
    dataDir: PROJECT_DATA_DIR,
    clock,
    notify: (line) => void process.stderr.write(`${line}\n`),
  })
})
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'plimsoll-server-'))
})
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
  await rm(dataDir, { recursive: true, force: true })
})

async function start(
  options: { port?: number; settings?: Record<string, string> } = {},
): Promise<RedisServer> {
  const server = await startRedisServer({ binary, dataDir, clock, ...options })
  servers.push(server)
  return server
}

describe('a private Redis server', () => {
  test('answers, keeps an append-only file, never evicts, and listens on loopback only', async () => {
    const server = await start()
    const redis = await connect(server.url)
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes'])
    expect(await redis.config('GET', 'appendfsync')).toEqual(['appendfsync', 'everysec'])
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    expect(await redis.config('GET', 'bind')).toEqual(['bind', '127.0.0.1'])
    expect(await processIdAt(server.port)).toBe(server.pid)
    await closeRedis(redis, clock)
  })

  test('stops in order and gives its port back; a second stop is nothing', async () => {
    const server = await start()
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
    await server.ended
    expect(await isFree(server.port)).toBe(true)
    expect(await runningRedisUrl(dataDir)).toBeUndefined()
  })

  test('is killed when it does not stop', async () => {
    const server = await start()
    process.kill(server.pid, 'SIGSTOP')
    await server.stop()
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH')
  })

  test('names an occupied port', async () => {
    const occupant = createServer().listen(0, '127.0.0.1')
    await once(occupant, 'listening')
    const { port } = occupant.address() as { port: number }
    await expect(start({ port })).rejects.toMatchObject({
      code: 'PORT_OCCUPIED',
      message: expect.stringContaining(`port ${port}`),
    })
    occupant.close()
    await start({ port })
  })

  test('refuses a data folder on which another server runs, and names that one', async () => {
    const first = await start()
    await expect(start()).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining(`process ${first.pid}: stop it or use it with REDIS_URL=${first.url}`),
    })
    expect(await runningRedisUrl(dataDir)).toBe(first.url)
  })

  test('takes over a data folder whose owner is gone', async () => {
    const first = await start()
    const ownerFile = join(dataDir, 'redis', 'owner.json')
    const owner = await readFile(ownerFile)
    await first.stop()
    await writeFile(ownerFile, owner)
    await start()
  })

  test('says the reason in the words of the server when it does not start', async () => {
    await expect(start({ settings: { maxclients: 'many' } })).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringMatching(/redis-server ended at once: .+/),
    })
    await start()
  })

  test.runIf(process.platform === 'linux')('ends when the process that started it is killed', async () => {
    expect(
      existsSync(new URL(BUILT)),
      'a process of its own runs from dist/: npm run build comes first',
    ).toBe(true)
    const parent = spawn(
      process.execPath,
      ['--input-type=module', '-e', START_AND_STAY, dataDir, JSON.stringify(binary)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
    const pid = Number(line)
    expect(() => process.kill(pid, 0)).not.toThrow()
    parent.kill('SIGKILL')
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 10_000 })
  })
})

describe('the choice of a server', () => {
  const notify = () => undefined

  test('is the given URL, which is never stopped', async () => {
    const server = await start()
    const opened = await openRedis({ redisUrl: server.url, dataDir, clock, notify })
    expect(opened).toMatchObject({ url: server.url, source: 'given' })
    await opened.close()
    expect(await processIdAt(server.port)).toBe(server.pid)
  })

  test('is the private server of the same data folder when one runs', async () => {
    const server = await start()
    expect(await openRedis({ dataDir, clock, notify })).toMatchObject({ url: server.url, source: 'running' })
  })

  test.each(['http://localhost:6379', 'localhost:6379', 'redis//x'])(
    'is refused for the URL %s',
    async (url) => {
      await expect(openRedis({ redisUrl: url, dataDir, clock, notify })).rejects.toMatchObject({
        code: 'CONFIGURATION',
        path: 'redisUrl',
      })
    },
  )
})
