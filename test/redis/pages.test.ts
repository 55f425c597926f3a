import { describe, expect, it } from 'vitest'
import {
  newestStreamId,
  type RedisCommands,
  readStream,
  readStreamRange,
  scanHash,
  scanKeys,
} from '../../src/redis/index.ts'

/** Gives the replies in turn and keeps the commands. */
function scripted(...replies: unknown[]) {
  const commands: unknown[][] = []
  const redis: RedisCommands = {
    async call(...command) {
      commands.push(command)
      return replies.shift()
    },
  }
  return { redis, commands }
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
