import { once } from 'node:events'
import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  CHECK_EVERY_MS,
  checkRedis,
  closeRedis,
  connectRedis,
  type RedisConnection,
  type RedisRole,
  redactUrl,
  watchRedis,
} from '../../src/redis/index.ts'
import { sleep, systemClock } from '../../src/system/clock.ts'
import { TestClock } from '../support/clock.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until, untilPasses } from '../support/until.ts'

const clock = systemClock
const connect = (url: string, role: RedisRole = 'command', report?: (error: Error) => void) =>
  connectRedis({ url, role, clock, random: () => 0.5, ...(report === undefined ? {} : { report }) })

let server: TestRedis
beforeAll(async () => {
  server = await startTestRedis()
})
afterAll(() => server.stop())

describe('a connection to Redis', () => {
  test('is ready when it is given out', async () => {
    const redis = await connect(server.url)
    expect(await redis.ping()).toBe('PONG')
    await closeRedis(redis, clock)
  })

  test('to a server that is not there fails in bounded time and names it without its password', async () => {
    await expect(connect('redis://user:secret-word@127.0.0.1:1/3')).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringMatching(/^no Redis at redis:\/\/user:\*\*\*@127\.0\.0\.1:1\/3: .*ECONNREFUSED/),
    })
  })

  test('to a peer that accepts and never answers fails in bounded time', async () => {
    const mute = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const { port } = mute.address() as { port: number }
    await expect(connect(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('no answer within 3000 ms'),
    })
    mute.close()
  })

  test('logs in with the password of the URL; without it, or with another, it is refused at once', async () => {
    const redis = await connect(server.url)
    await redis.config('SET', 'requirepass', 'open-sesame')
    const withPassword = (password: string) => server.url.replace('//', `//:${password}@`)
    const admitted = await connect(withPassword('open-sesame'))
    for (const url of [server.url, withPassword('wrong-word')]) {
      const failure = await connect(url).catch((error: unknown) => error)
      expect(failure).toMatchObject({
        code: 'REDIS_REFUSED',
        message: expect.stringMatching(/WRONGPASS|NOAUTH/),
      })
      // Everything that a log or a debugger would show: causes, stacks, the command that failed with its arguments.
      const shown = inspect(failure, { depth: Number.POSITIVE_INFINITY, showHidden: true })
      expect(shown).toMatch(/WRONGPASS|NOAUTH/)
      expect(shown).not.toContain('wrong-word')
    }
    await admitted.config('SET', 'requirepass', '')
    await Promise.all([closeRedis(admitted, clock), closeRedis(redis, clock)])
  })

  test('to a database that the server does not have is refused, and does not end up in another one', async () => {
    await expect(connect(`${server.url}/99`)).rejects.toMatchObject({
      code: 'REDIS_REFUSED',
      message: expect.stringContaining('DB index is out of range'),
    })
    await expect(connect(`${server.url}/main`)).rejects.toMatchObject({ code: 'CONFIGURATION' })
  })

  test('to a port on which another program answers says what it answered', async () => {
    const other = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    await expect(connect(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('Unknown RESP type'),
    })
    other.close()
  })

  test('that loses its login later reports that without the password', async () => {
    const admin = await connect(server.url)
    await admin.acl('SETUSER', 'guest', 'on', '>secret-word', '~*', '+@all')
    const errors: Error[] = []
    const url = server.url.replace('//', '//guest:secret-word@')
    const redis = await connect(url, 'command', (error) => void errors.push(error))
    // As BullMQ listens to a connection that it is given.
    redis.on('error', (error: Error) => void errors.push(error))
    await admin.acl('SETUSER', 'guest', 'resetpass', '>another')
    await admin.client('KILL', 'USER', 'guest')
    await untilPasses(() => expect(errors.length).toBeGreaterThan(1))
    const shown = inspect(errors, { depth: Number.POSITIVE_INFINITY, showHidden: true })
    expect(shown).toContain('WRONGPASS')
    expect(shown).not.toContain('secret-word')
    await Promise.all([closeRedis(redis, clock), closeRedis(admin, clock)])
  })

  test('rejects a command while the server is away, tells of the outage once, and works again after it', async () => {
    const errors: Error[] = []
    const away = await startTestRedis()
    const redis = await connect(away.url, 'command', (error) => void errors.push(error))
    process.kill(away.pid, 'SIGKILL')
    await untilPasses(() => expect(errors).toHaveLength(1))
    await expect(redis.get('kept')).rejects.toThrow()
    await sleep(clock, 500)
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('ECONNREFUSED')])
    await away.restart()
    await untilPasses(async () => expect(await redis.get('kept')).toBeNull())
    await closeRedis(redis, clock)
    await away.stop()
  })

  test('gives up on a command when the server is frozen', async () => {
    const redis = await connect(server.url)
    process.kill(server.pid, 'SIGSTOP')
    try {
      await expect(redis.ping()).rejects.toThrow('Command timed out')
    } finally {
      process.kill(server.pid, 'SIGCONT')
      await closeRedis(redis, clock)
    }
  })

  test('for the queue keeps a command through a restart', async () => {
    const redis = await connect(server.url, 'queue')
    const restarted = server.restart()
    await untilPasses(() => expect(redis.status).not.toBe('ready'))
    expect(await redis.ping()).toBe('PONG')
    await restarted
    await closeRedis(redis, clock)
  })
})

test('a URL is shown without any password', () => {
  expect(redactUrl('rediss://user:secret@host:6380/2?password=secret')).not.toContain('secret')
  expect(() => redactUrl('secret@host')).toThrow(expect.not.stringContaining('secret'))
})

describe('the start-up check', () => {
  let admin: RedisConnection
  /** As on managed servers: this user may not use CONFIG. */
  let redis: RedisConnection
  beforeAll(async () => {
    admin = await connect(server.url)
    await admin.acl('SETUSER', 'managed', 'on', '>word', '~*', '+@all', '-config')
    redis = await connect(server.url.replace('//', '//managed:word@'))
  })
  afterAll(() => Promise.all([closeRedis(redis, clock), closeRedis(admin, clock)]))
  afterEach(async () => {
    await set('maxmemory-policy', 'noeviction')
    await set('appendonly', 'yes')
  })
  const set = (name: string, value: string) => admin.config('SET', name, value)
  const check = async (allowUnsafe = false) => {
    const warnings: string[] = []
    await checkRedis(redis, { allowUnsafe, warn: (message) => void warnings.push(message) })
    return warnings
  }
  const durability = (connection: RedisConnection) =>
    checkRedis(connection, { allowUnsafe: false, warn: (message) => expect.unreachable(message) })

  test('passes a server with append-only file and noeviction, even if CONFIG is forbidden', async () => {
    await expect(redis.config('GET', '*')).rejects.toThrow('NOPERM')
    expect(await check()).toEqual([])
  })

  test.each(['allkeys-lru', 'volatile-ttl', 'allkeys-random'])('refuses the policy %s', async (policy) => {
    await set('maxmemory-policy', policy)
    await expect(check()).rejects.toMatchObject({
      code: 'REDIS_POLICY',
      message: expect.stringMatching(
        new RegExp(
          `maxmemory-policy is ${policy} and must be noeviction.*CONFIG SET maxmemory-policy noeviction`,
        ),
      ),
    })
  })

  test('refuses a server without append-only file', async () => {
    await set('appendonly', 'no')
    await expect(check()).rejects.toMatchObject({
      code: 'REDIS_NO_AOF',
      message: expect.stringMatching(/appendonly is no and must be yes.*CONFIG SET appendonly yes/),
    })
  })

  test('lets both pass when the settings allow it, and warns of each', async () => {
    await set('appendonly', 'no')
    await set('maxmemory-policy', 'allkeys-lfu')
    expect(await check(true)).toEqual([
      expect.stringMatching(/^UNSAFE REDIS ALLOWED BY FLAG \(REDIS_POLICY\)/),
      expect.stringMatching(/^UNSAFE REDIS ALLOWED BY FLAG \(REDIS_NO_AOF\)/),
    ])
  })

  test.each([
    ['always', true, /^Redis loses nothing at a power loss: appendfsync is always$/],
    ['everysec', false, /^Redis loses up to two seconds of .* appendfsync is everysec\. Fix: CONFIG SET/],
    ['no', false, /^Redis loses .*often 30 seconds at a power loss: appendfsync is no\. Fix: CONFIG SET/],
  ])(
    'reports what a power loss takes with appendfsync %s, and refuses none',
    async (policy, isSafe, sentence) => {
      await set('appendfsync', policy)
      const found = await durability(admin)
      await set('appendfsync', 'always')
      expect(found).toMatchObject({ appendfsync: policy, isSafe, sentence: expect.stringMatching(sentence) })
    },
  )

  test('says that it does not know what a power loss takes if CONFIG is forbidden', async () => {
    expect(await durability(redis)).toMatchObject({
      appendfsync: undefined,
      isSafe: false,
      sentence: expect.stringMatching(/does not let this user read appendfsync: unless it is always/),
    })
  })

  test('is made again every minute: what is switched off is said once, and that it is right again', async () => {
    const manual = new TestClock()
    const said: string[] = []
    const stop = watchRedis({
      connection: redis,
      clock: manual,
      failed: ({ code }) => void said.push(code),
      mended: (message) => void said.push(`right again: ${message.slice(0, 24)}`),
    })
    const next = async () => {
      manual.advance(1)
      expect(manual.timers).toBe(0)
      await until(() => manual.timers === 1)
      manual.advance(CHECK_EVERY_MS - 1)
      expect(manual.timers).toBe(1)
    }
    await until(() => manual.timers === 1)
    manual.advance(CHECK_EVERY_MS - 1)
    await set('appendonly', 'no')
    await next()
    await next()
    expect(said).toEqual(['REDIS_NO_AOF'])
    await set('appendonly', 'yes')
    await next()
    expect(said).toEqual(['REDIS_NO_AOF', 'right again: Redis setting appendonly'])
    stop()
  })
})
