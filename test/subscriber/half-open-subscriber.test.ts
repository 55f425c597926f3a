import { Redis, type RedisOptions } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryInbox, type SubscriptionOptions } from '../../src/subscriber/index.ts'
import { watchedConnection } from '../../src/subscriber/watched-connection.ts'
import { sleep, systemClock } from '../../src/system/clock.ts'
import { type SilentProxy, startSilentProxy } from '../support/proxy.ts'
import { sampleEvent } from '../support/sample-events.ts'
import { until } from '../support/until.ts'
import { useQueue } from './queue-harness.ts'

const harness = useQueue()
const { consume, add, faults } = harness
let proxy: SilentProxy
let instance: Redis
beforeEach(async () => {
  proxy = await startSilentProxy(harness.server.port)
  instance = new Redis(proxy.port, '127.0.0.1', { maxRetriesPerRequest: null })
  instance.on('error', () => undefined)
})
afterEach(async () => {
  instance.disconnect()
  await proxy.stop()
})

const CONNECTIONS: Record<string, () => SubscriptionOptions['connection']> = {
  'a URL': () => ({ url: `redis://127.0.0.1:${proxy.port}` }),
  'an instance': () => instance,
}

describe.each(Object.entries(CONNECTIONS))(
  'a subscription to %s whose peer is gone without a word',
  (_, at) => {
    it('notices it while it waits for jobs, reports it once, and continues', async () => {
      const seen: number[] = []
      consume({ connection: at(), handler: ({ sequence }) => void seen.push(sequence) })
      await add('ja', [sampleEvent('desk/1', 1)])
      await until(async () => (await harness.queue.getCompletedCount()) === 1)
      proxy.silence()
      await add('jb', [sampleEvent('desk/1', 2)])
      await until(() => seen.length === 2, 30_000)
      await add('jc', [sampleEvent('desk/1', 3)])
      await until(() => seen.length === 3)
      expect(seen).toEqual([1, 2, 3])
      expect(faults).toMatchObject([
        { code: 'REDIS_UNAVAILABLE', message: expect.stringMatching(/^queue margin-events: .*6000ms/) },
      ])
    })

    it('notices it in the middle of a job; every event takes effect once', async () => {
      const seen: number[] = []
      const subscription = consume({
        connection: at(),
        inbox: memoryInbox(),
        handler: async ({ sequence }) => {
          seen.push(sequence)
          if (sequence === 10) proxy.silence()
          await sleep(systemClock, 20)
        },
      })
      const sequences = Array.from({ length: 100 }, (_, index) => index + 1)
      await add(
        'ja',
        sequences.map((sequence) => sampleEvent('desk/1', sequence)),
      )
      await add('jb', [sampleEvent('desk/1', 101)])
      await until(() => subscription.stats().jobs === 2, 40_000)
      // A job whose lock ran out meanwhile is taken up again behind the other one; then its last events come late.
      expect([...seen].sort((left, right) => left - right)).toEqual([...sequences, 101])
      expect(faults.filter(({ code }) => code === 'REDIS_UNAVAILABLE')).toHaveLength(1)
      expect(await harness.queue.getFailedCount()).toBe(0)
    })
  },
)

describe('the connection of a subscription', () => {
  it('has the settings of the caller, as far as the queue works with them', () => {
    const given = { host: 'redis', retryStrategy: () => 77, socketTimeout: 9_000, commandTimeout: 100 }
    let isClosed = false
    const connection = watchedConnection(given, () => isClosed) as RedisOptions
    expect(connection).toMatchObject({
      host: 'redis',
      socketTimeout: 9_000,
      commandTimeout: undefined,
      maxRetriesPerRequest: null,
    })
    expect(connection.retryStrategy?.(1)).toBe(77)
    isClosed = true
    expect(connection.retryStrategy?.(1)).toBeNull()
    expect(watchedConnection(instance, () => false)).toMatchObject({ port: proxy.port, socketTimeout: 6_000 })
  })
})
