import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { follow } from '../../src/api/follow.ts'
import type { PlimsollError } from '../../src/errors.ts'
import { systemClock } from '../../src/system/clock.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { KEYS, marketRecord, queueConnection, sampleEvent } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

let server: TestRedis
let probe: Redis
beforeAll(async () => {
  server = await startTestRedis()
  probe = queueConnection(server.url)
})
beforeEach(async () => {
  await probe.flushall()
  await probe.xadd(KEYS.events, '1-0', 'owner', '1')
  for (const sequence of [1, 2, 3]) await append(`1-${sequence}`, sampleEvent('desk/1', sequence))
  await append('1-4', marketRecord('BTCUSDT', 1).event)
})
afterAll(async () => {
  probe.disconnect()
  await server.stop()
})

const append = (id: string, event: object) => probe.xadd(KEYS.events, id, 'event', JSON.stringify(event))

async function read(options: Parameters<typeof follow>[0], count: number): Promise<string[]> {
  const ids: string[] = []
  for await (const { id, event } of follow(options)) {
    ids.push(`${id} ${event?.kind}`)
    if (ids.length === count) break
  }
  return ids
}

describe('follow', () => {
  it('gives the events of both kinds from the beginning, and from the place that a reader kept', async () => {
    const options = { url: server.url, from: 'beginning' }
    const all = ['1-1 liquidation', '1-2 liquidation', '1-3 liquidation', '1-4 market-stale']
    expect(await read(options, 4)).toEqual(all)
    expect(await read({ ...options, from: '1-2' }, 2)).toEqual(all.slice(2))
  })

  it('continues after an outage of Redis, which it reports once, until its signal', async () => {
    const stop = new AbortController()
    const faults: PlimsollError[] = []
    const ids: string[] = []
    const reading = (async () => {
      const options = { url: server.url, from: '1-3', signal: stop.signal }
      for await (const { id } of follow({ ...options, fault: (error) => void faults.push(error) }))
        ids.push(id)
    })()
    await until(() => ids.length === 1)
    await server.restart('SIGKILL')
    await append('1-5', sampleEvent('desk/1', 4))
    await until(() => ids.length === 2)
    stop.abort()
    await reading
    expect(ids).toEqual(['1-4', '1-5'])
    expect(faults).toMatchObject([
      { code: 'REDIS_UNAVAILABLE', message: expect.stringMatching(/^reading the events of shard 0: /) },
    ])
  })

  it('gives no event after its signal, though a whole page was read', async () => {
    const stop = new AbortController()
    const ids: string[] = []
    for await (const { id } of follow({ url: server.url, from: 'beginning', signal: stop.signal })) {
      ids.push(id)
      stop.abort()
    }
    expect(ids).toEqual(['1-1'])
  })

  it('ends at its signal while it waits to read again, before that wait is over', async () => {
    const own = await startTestRedis()
    const stop = new AbortController()
    const faults: PlimsollError[] = []
    // No wait of this clock ends, so only the signal ends the pause between two reads.
    const clock = { ...systemClock, after: () => () => undefined }
    const options = { url: own.url, clock, signal: stop.signal }
    const reading = follow({ ...options, fault: (error) => void faults.push(error) }).next()
    await own.stop()
    await until(() => faults.length === 1)
    stop.abort()
    expect(await reading).toEqual({ done: true, value: undefined })
  })

  it('ends at its signal while it waits for the first connection', async () => {
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const stop = new AbortController()
    // No wait of this clock ends, so the limit on connecting does not.
    const clock = { ...systemClock, after: () => () => undefined }
    const reading = follow({ url: `redis://127.0.0.1:${port}`, clock, signal: stop.signal }).next()
    await once(silent, 'connection')
    stop.abort()
    expect(await reading).toEqual({ done: true, value: undefined })
    silent.close()
  })

  it('connects to nothing when its signal came before', async () => {
    const signal = AbortSignal.abort()
    expect(await follow({ url: 'redis://127.0.0.1:1', signal }).next()).toEqual({
      done: true,
      value: undefined,
    })
  })

  it.each(['garbage', '5', '1-x', '-1-0', '01-1', '1-01', '1-2-3', ' 1-2', ''])(
    'refuses the place %j, naming field, value and rule, before it connects',
    async (from) => {
      await expect(follow({ url: 'redis://127.0.0.1:1', from }).next()).rejects.toMatchObject({
        code: 'USAGE',
        path: 'from',
        message: `from is ${JSON.stringify(from)}: it must be now, beginning or a stream id such as 1763770000000-12`,
      })
    },
  )

  it('finds the private Redis of a data folder, and says when none runs', async () => {
    const options = { from: 'beginning', dataDir: server.dataDir }
    expect(await read(options, 1)).toEqual(['1-1 liquidation'])
    await expect(read({ dataDir: '/tmp/nothing-runs-here' }, 1)).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('/tmp/nothing-runs-here'),
    })
    await expect(read({}, 1)).rejects.toMatchObject({ code: 'USAGE' })
  })
})
