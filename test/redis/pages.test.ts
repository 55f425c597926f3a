import { describe, expect, it, onTestFinished } from 'vitest'
import {
  connectRedis,
  newestStreamId,
  type RedisCommands,
  readStream,
  readStreamRange,
  scanHash,
  scanKeys,
} from '../../src/redis/index.ts'
import { systemClock } from '../../src/system/index.ts'
import { SERVER_INFO, startTestRedis } from '../support/redis.ts'
import { untilPasses } from '../support/until.ts'

/** Gives the replies in turn and keeps the commands, but for INFO, which states the process that answers. */
function scripted(...replies: unknown[]) {
  const commands: unknown[][] = []
  const state = { runId: 'a1' }
  const redis: RedisCommands = {
    async call(...command) {
      if (command[0] === 'INFO') return SERVER_INFO.replace('a1', state.runId)
      commands.push(command)
      return replies.shift()
    },
  }
  return { redis, commands, state }
}

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const page of pages) found.push(page)
  return found
}

describe('a scan', () => {
  it('follows the cursor to its end, over empty pages, and gives pairs', async () => {
    const { redis, commands } = scripted(['7', ['a', '1', 'b', '2']], ['9', []], ['0', ['a', '1']])
    const sizes = [10, 20, 30]
    expect(await all(scanHash(redis, 'hash', () => sizes.shift()!))).toEqual([
      [
        ['a', '1'],
        ['b', '2'],
      ],
      [],
      [['a', '1']],
    ])
    expect(commands).toEqual([
      ['HSCAN', 'hash', '0', 'COUNT', 10],
      ['HSCAN', 'hash', '7', 'COUNT', 20],
      ['HSCAN', 'hash', '9', 'COUNT', 30],
    ])
  })

  it('fails when another process of Redis answers, whose cursors mean something else', async () => {
    const { redis, state } = scripted(['7', ['a', '1']], ['9', ['b', '2']], ['0', ['c', '3']])
    const pages = scanHash(redis, 'hash', () => 1)
    expect((await pages.next()).value).toEqual([['a', '1']])
    // The second page was asked for by then, the third was not.
    state.runId = 'b2'
    expect((await pages.next()).value).toEqual([['b', '2']])
    await expect(all(pages)).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
  })

  it('fails when Redis is killed and started again between two pages, and leaves nothing out in silence', async () => {
    const server = await startTestRedis()
    const redis = await connectRedis({
      url: server.url,
      role: 'command',
      clock: systemClock,
      random: () => 0,
    })
    onTestFinished(async () => {
      redis.disconnect()
      await server.stop()
    })
    const fields = Array.from({ length: 5_000 }, (_, index) => [`field-${index}`, '1'])
    await redis.call('HSET', 'hash', ...fields.flat())
    const pages = scanHash(redis, 'hash', () => 500)
    await pages.next()
    // The reply of the second page is here before that of PING.
    await redis.call('PING')
    await server.restart('SIGKILL')
    await untilPasses(() => redis.call('PING'))
    await expect(all(pages)).rejects.toThrow('another Redis process took the place of the one that was read')
    expect((await all(scanHash(redis, 'hash', () => 500))).flat()).toHaveLength(5_000)
  })

  it('of a Redis that does not say which process answers is refused', async () => {
    const redis: RedisCommands = { call: async () => '# Server\r\nredis_version:7.0.15\r\n' }
    await expect(all(scanHash(redis, 'hash', () => 1))).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('run_id'),
    })
  })

  it('of keys gives names', async () => {
    const { redis, commands } = scripted(['0', ['x:1', 'x:2']])
    expect(await all(scanKeys(redis, 'x:*', () => 5))).toEqual([['x:1', 'x:2']])
    expect(commands).toEqual([['SCAN', '0', 'MATCH', 'x:*', 'COUNT', 5]])
  })
})

describe('a stream', () => {
  const raw = ['5-1', ['event', '{}', 'previous', '4-9']]
  const entry = {
    id: '5-1',
    fields: new Map([
      ['event', '{}'],
      ['previous', '4-9'],
    ]),
  }

  it.each([
    ['RESP2', [['stream', [raw]]], [entry]],
    ['RESP3', ['stream', [raw]], [entry]],
    ['no entry within the time', null, []],
  ])('is read from a reply: %s', async (_, reply, entries) => {
    const { redis, commands } = scripted(reply)
    expect(await readStream(redis, 'stream', '4-9', 3, 100)).toEqual(entries)
    expect(commands).toEqual([['XREAD', 'COUNT', 3, 'BLOCK', 100, 'STREAMS', 'stream', '4-9']])
  })

  it('is not waited for without a time', async () => {
    const { redis, commands } = scripted(null)
    await readStream(redis, 'stream', '4-9', 3)
    expect(commands).toEqual([['XREAD', 'COUNT', 3, 'STREAMS', 'stream', '4-9']])
  })

  it('is read by range', async () => {
    const { redis } = scripted([raw])
    expect(await readStreamRange(redis, 'stream', '(4-9', '+', 3)).toEqual([entry])
  })

  it('ends with its newest id, 0-0 where it is empty', async () => {
    const { redis } = scripted([raw], [])
    expect([await newestStreamId(redis, 'stream'), await newestStreamId(redis, 'stream')]).toEqual([
      '5-1',
      '0-0',
    ])
  })
})
