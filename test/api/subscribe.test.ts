import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type SubscribeOptions, subscribe } from '../../src/api/subscribe.ts'
import { queueNameOf } from '../../src/domain/index.ts'
import type { PlimsollError } from '../../src/errors.ts'
import { keysOf } from '../../src/redis/index.ts'
import {
  locateRedisServer,
  type RedisBinary,
  type RedisServer,
  startRedisServer,
} from '../../src/redis-server/index.ts'
import { memoryInbox, type Subscription } from '../../src/subscriber/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { PROJECT_DATA_DIR } from '../support/redis.ts'
import { sampleEvent } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'plimsoll-subscribe-'))
const servers: RedisServer[] = []
const open: Subscription[] = []
let binary: RedisBinary

beforeAll(async () => {
  binary = await locateRedisServer({
    dataDir: PROJECT_DATA_DIR,
    clock: systemClock,
    notify: (line) => void process.stderr.write(`${line}\n`),
  })
})
afterEach(async () => {
  for (const subscription of open.splice(0)) await subscription.close()
  for (const server of servers.splice(0)) await server.stop()
})
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

async function startServer(options: { port?: number } = {}): Promise<RedisServer> {
  const server = await startRedisServer({ binary, dataDir, clock: systemClock, ...options })
  servers.push(server)
  return server
}

function consume(options: SubscribeOptions): Subscription {
  const subscription = subscribe(options)
  open.push(subscription)
  return subscription
}

async function add(url: string, sequence: number, shard = '0'): Promise<void> {
  const queue = new Queue(queueNameOf(), {
    connection: { url } as SubscribeOptions['connection'] & object,
    prefix: keysOf(shard).queuePrefix,
  })
  const events = [sampleEvent('desk/1', sequence)]
  await queue.add('events', {
    schemaVersion: 2,
    logId: 'log-1',
    shard,
    events,
    streamIds: { first: '1-1', last: '1-1' },
  })
  await queue.close()
}

describe('subscribe', () => {
  it('needs a connection and a handler, and reads shard 0', async () => {
    const server = await startServer()
    const seen: number[] = []
    consume({ connection: { url: server.url } as never, handler: ({ sequence }) => void seen.push(sequence) })
    await add(server.url, 1)
    await until(() => seen.length === 1)
  })

  it('reads another shard if one is named', async () => {
    const server = await startServer()
    const seen: number[] = []
    consume({
      connection: { url: server.url } as never,
      shard: 'asia',
      handler: ({ sequence }) => void seen.push(sequence),
    })
    await add(server.url, 1)
    await add(server.url, 2, 'asia')
    await until(() => seen.length === 1)
    expect(seen).toEqual([2])
  })

  it.each([
    ['nowhere', {}],
    ['in two places', { connection: { url: 'redis://127.0.0.1:1' }, dataDir: '.data' }],
  ])('refuses to look for Redis %s, and says what to give', (_, where) => {
    expect(() => consume({ ...where, handler: () => undefined })).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching(/either connection, .* or dataDir/),
      }),
    )
  })

  it('waits for the private Redis of a data folder, saying so once, and follows it to another place', async () => {
    const faults: PlimsollError[] = []
    const seen: number[] = []
    const subscription = consume({
      dataDir,
      inbox: memoryInbox(),
      fault: (error) => void faults.push(error),
      handler: ({ sequence }) => void seen.push(sequence),
    })
    await until(() => faults.length === 1)
    expect(faults[0]).toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining(`data folder ${dataDir}`),
    })
    const first = await startServer()
    await add(first.url, 1)
    await until(() => seen.length === 1)
    await first.stop()
    const second = await startServer({ port: 0 })
    expect(second.url).not.toBe(first.url)
    await add(second.url, 2)
    await until(() => seen.length === 2)
    expect(seen).toEqual([1, 2])
    expect(subscription.stats()).toMatchObject({ effects: 2 })
  })

  it('prints a fault as one line on standard error if no handler takes it, and lets the process end after close', () => {
    const built = new URL('../../dist/src/api/subscribe.js', import.meta.url).href
    const program = `
      const { subscribe } = await import(${JSON.stringify(built)})
      const subscription = subscribe({ connection: { port: 1 }, handler: () => undefined })
      setTimeout(() => subscription.close(), 1_500)`
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
    const lines = stderr.trim().split('\n')
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      msg: expect.stringContaining('ECONNREFUSED'),
    })
  })
})
