import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { closeRedis, connectRedis } from '../../src/redis/index.ts'
import { claimDirectory } from '../../src/redis-server/claim.ts'
import {
  keepRedis,
  locateRedisServer,
  type OpenedRedis,
  openRedis,
  type RedisBinary,
  type RedisServer,
  runningRedisUrl,
  startRedisServer,
} from '../../src/redis-server/index.ts'
import { isFree, processIdAt } from '../../src/redis-server/port.ts'
import { systemClock } from '../../src/system/clock.ts'
import { PROJECT_DATA_DIR } from '../support/redis.ts'
import { untilPasses } from '../support/until.ts'

const clock = systemClock
const BUILT = new URL('../../dist/src/', import.meta.url).href
const START_AND_STAY = `
  import { systemClock } from '${BUILT}system/index.js'
  import { startRedisServer } from '${BUILT}redis-server/index.js'
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
  options: { port?: number; appendfsync?: 'always' | 'everysec'; settings?: Record<string, string> } = {},
): Promise<RedisServer> {
  const server = await startRedisServer({ binary, dataDir, clock, ...options })
  servers.push(server)
  return server
}

/** A server that an earlier test has unpacked need not be fetched again. */
async function useUnpacked(): Promise<void> {
  const unpacked = join(PROJECT_DATA_DIR, 'redis-dist')
  if (existsSync(unpacked)) await symlink(unpacked, join(dataDir, 'redis-dist'))
}

async function redisFolder(): Promise<string> {
  const folder = join(dataDir, 'redis')
  await mkdir(folder)
  return folder
}

/** The port that a server listens on; fails for a Unix socket. */
const portOf = ({ url }: RedisServer) => Number(new URL(url).port)
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
const shell = async (command: string) => (await promisify(execFile)('/bin/sh', ['-c', command])).stdout.trim()
/** What every user of the machine sees of a process. */
const argumentsOf = (pid: number) =>
  process.platform === 'linux' ? readFile(`/proc/${pid}/cmdline`, 'utf8') : shell(`ps -o args= -p ${pid}`)

/** Starts a server from a process of its own, on a PATH that holds what Redis needs and nothing else. */
async function startFromAnother(): Promise<{ parent: ReturnType<typeof spawn>; pid: number }> {
  expect(existsSync(new URL(BUILT)), 'a process of its own runs from dist/: npm run build comes first').toBe(
    true,
  )
  const programs = join(dataDir, 'programs')
  await mkdir(programs)
  await writeFile(join(programs, 'env'), '#!/bin/sh\nexec /usr/bin/env "$@"\n')
  await chmod(join(programs, 'env'), 0o755)
  const parent = spawn(
    process.execPath,
    ['--input-type=module', '-e', START_AND_STAY, dataDir, JSON.stringify(binary)],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: programs } },
  )
  const [line] = (await once(createInterface(parent.stdout!), 'line')) as [string]
  return { parent, pid: Number(line) }
}
const untilGone = (pid: number) => untilPasses(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'))

describe('a private Redis server', () => {
  test('listens on a Unix socket in a folder of this user alone, and on no port', async () => {
    await mkdir(join(dataDir, 'redis'), { mode: 0o755 })
    const server = await start()
    expect(server.url).toBe(join(dataDir, 'redis', 'redis.sock'))
    expect([await modeOf(join(dataDir, 'redis')), await modeOf(server.url)]).toEqual(['700', '600'])
    const redis = await connect(server.url)
    expect(await redis.config('GET', 'port')).toEqual(['port', '0'])
    await closeRedis(redis, clock)
  })

  test('loses nothing at a power loss: it has an append-only file, synced at every write, and never evicts', async () => {
    const server = await start()
    const redis = await connect(server.url)
    const setting = async (name: string) => (await redis.config('GET', name)) as string[]
    expect(await setting('appendonly')).toEqual(['appendonly', 'yes'])
    expect(await setting('appendfsync')).toEqual(['appendfsync', 'always'])
    expect(await setting('auto-aof-rewrite-min-size')).toEqual([
      'auto-aof-rewrite-min-size',
      String(512 * 1024 * 1024),
    ])
    expect(await setting('maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    await closeRedis(redis, clock)
  })

  test('syncs every second when the settings say so', async () => {
    const server = await start({ appendfsync: 'everysec' })
    const redis = await connect(server.url)
    expect(await redis.config('GET', 'appendfsync')).toEqual(['appendfsync', 'everysec'])
    await closeRedis(redis, clock)
  })

  test('is reached by its url with ioredis, with BullMQ, and by the command for a shell', async () => {
    const server = await start()
    const redis = new Redis(server.url)
    await redis.set('greeting', 'hello')
    redis.disconnect()
    const queue = new Queue('jobs', { connection: { url: server.url } })
    await queue.add('work', { size: 1 })
    expect(await queue.getJobCounts('waiting')).toEqual({ waiting: 1 })
    await queue.close()
    expect(await shell(`${server.shellCommand} get greeting`)).toBe('hello')
  })

  test.each(['x'.repeat(100), 'why?'])(
    'listens on 127.0.0.1 with a password that nobody else can read where its folder %s does not fit a socket',
    async (name) => {
      dataDir = join(dataDir, name)
      const server = await start()
      expect(server.url).toMatch(/^redis:\/\/:[0-9a-f]{64}@127\.0\.0\.1:\d+$/)
      const { password, port } = new URL(server.url)
      await expect(connect(`redis://127.0.0.1:${port}`)).rejects.toThrow('NOAUTH')
      const redis = await connect(server.url)
      expect(await redis.config('GET', 'bind')).toEqual(['bind', '127.0.0.1'])
      await redis.set('greeting', 'hello')
      await closeRedis(redis, clock)
      expect(await runningRedisUrl(dataDir)).toBe(server.url)
      expect(await shell(`${server.shellCommand} get greeting`)).toBe('hello')
      expect(await argumentsOf(server.pid)).toContain('redis-server')
      expect(await argumentsOf(server.pid)).not.toContain(password)
      const folder = join(dataDir, 'redis')
      for (const file of ['password.conf', 'owner.json']) {
        expect(await readFile(join(folder, file), 'utf8')).toContain(password)
        expect(await modeOf(join(folder, file))).toBe('600')
      }
      await server.stop()
      expect(existsSync(join(folder, 'password.conf'))).toBe(false)
    },
  )

  test('stops in order and takes its socket away; a second stop is nothing', async () => {
    const server = await start()
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
    await server.ended
    expect(existsSync(server.url)).toBe(false)
    expect(await runningRedisUrl(dataDir)).toBeUndefined()
  })

  test('on a port gives it back when it stops', async () => {
    const server = await start({ port: 0 })
    expect(await processIdAt(server.url)).toBe(server.pid)
    await server.stop()
    expect(await isFree(portOf(server))).toBe(true)
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

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'ends in order when the process that started it ends by %s, with no program to help but sh',
    async (signal) => {
      const { parent, pid } = await startFromAnother()
      expect(() => process.kill(pid, 0)).not.toThrow()
      parent.kill(signal)
      await untilGone(pid)
      // An orderly end takes the socket away; a killed server leaves it.
      expect(existsSync(join(dataDir, 'redis', 'redis.sock'))).toBe(false)
    },
  )

  test('that is left over from a killed process is ended by the next start, and never used', async () => {
    const { parent, pid } = await startFromAnother()
    // Frozen, it does not take the SIGTERM that the end of its parent brings, and is there at the next start.
    process.kill(pid, 'SIGSTOP')
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    setTimeout(() => process.kill(pid, 'SIGCONT'), 500)
    expect(await runningRedisUrl(dataDir)).toBeUndefined()
    const server = await untilPasses(() => start())
    expect(server.pid).not.toBe(pid)
    await untilGone(pid)
  })

  test('does not take the socket of a server that is not ours', async () => {
    await mkdir(join(dataDir, 'redis'))
    const other = createServer().listen(join(dataDir, 'redis', 'redis.sock'))
    await once(other, 'listening')
    await expect(start()).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('a server that is not ours listens on'),
    })
    other.close()
  })
})

describe('the choice of a server', () => {
  const notify = () => undefined

  test('is the given URL, which is never stopped', async () => {
    const server = await start()
    const opened = await openRedis({ redisUrl: server.url, dataDir, clock, notify })
    expect(opened).toMatchObject({ url: server.url, source: 'given' })
    await opened.close()
    expect(await processIdAt(server.url)).toBe(server.pid)
  })

  test('is the private server of the same data folder when one runs', async () => {
    const server = await start()
    expect(await openRedis({ dataDir, clock, notify })).toMatchObject({ url: server.url, source: 'running' })
  })

  test('is the private server that another command is starting, once it has started', async () => {
    await useUnpacked()
    const lines: string[] = []
    const open = () => openRedis({ dataDir, clock, notify: (line) => void lines.push(line) })
    const opened = await Promise.all([open(), open()])
    expect(opened.map(({ source }) => source).sort()).toEqual(['running', 'started'])
    expect(new Set(opened.map(({ url }) => url)).size).toBe(1)
    // The command owns the folder until its server does.
    const starters = [process.pid, await processIdAt(opened[0]!.url)]
    const directory = join(dataDir, 'redis')
    const texts = starters.map(
      (pid) =>
        `plimsoll: process ${pid} is starting the private Redis of ${directory}: this command waits for it`,
    )
    const [waiting = '', ...others] = lines.filter((line) => line.includes('wait'))
    expect(texts).toContain(waiting)
    expect(others).toEqual([])
    await Promise.all(opened.map((redis) => redis.close()))
  })

  test('is not waited for longer than a start may take', async () => {
    await useUnpacked()
    const claim = await claimDirectory(await redisFolder())
    let nowMs = 0
    const hurried = { ...clock, monotonicMs: () => (nowMs += 10_000) }
    await expect(openRedis({ dataDir, clock: hurried, notify })).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: `process ${process.pid} has been starting a server in the data folder ${join(dataDir, 'redis')} for more than 60000 ms (START_TIMEOUT_MS): try again once it has started`,
    })
    claim.release()
  })

  test('that another process runs is replaced, in the same place and on the same data, when that process ends', async () => {
    await useUnpacked()
    const { parent, pid } = await startFromAnother()
    const replaced: OpenedRedis[] = []
    const failed = (error: Error) => expect.unreachable(error.message)
    const kept = await keepRedis({
      dataDir,
      clock,
      notify,
      failed,
      replaced: (redis) => void replaced.push(redis),
    })
    expect(kept).toMatchObject({ source: 'running', url: join(dataDir, 'redis', 'redis.sock') })
    const redis = await connect(kept.url)
    await redis.set('greeting', 'hello')
    parent.kill('SIGTERM')
    await untilPasses(() => expect(replaced).toHaveLength(1))
    await untilGone(pid)
    await untilPasses(async () => expect(await redis.get('greeting')).toBe('hello'))
    expect(await runningRedisUrl(dataDir)).toBe(kept.url)
    await closeRedis(redis, clock)
    await kept.close()
    expect(await runningRedisUrl(dataDir)).toBeUndefined()
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
