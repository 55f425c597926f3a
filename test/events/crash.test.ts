import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { PlimsollError } from '../../src/errors.ts'
import { memoryInbox, subscribe } from '../../src/events/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { KEYS, openLog, sampleRecords, until } from './sample.ts'

const EVENTS = 30_000
const KILLS = 4

let server: TestRedis | undefined
afterEach(() => server?.stop())

describe('when Redis is killed in the middle of a burst and comes back', () => {
  it('every event takes effect once, first deliveries come in order, and the log needs no help', async () => {
    server = await startTestRedis({ appendfsync: 'always' })
    const { log, close, faults } = await openLog(server.url)
    const records = sampleRecords(EVENTS)
    const effects: string[] = []
    const firstDeliveries: string[] = []
    const subscriberFaults: PlimsollError[] = []
    const subscription = subscribe({
      connection: { url: server.url, retryStrategy: () => 50 },
      queuePrefix: KEYS.queuePrefix,
      inbox: memoryInbox(),
      handler: ({ id }, { delivery }) => {
        effects.push(id)
        if (delivery === 1) firstDeliveries.push(id)
      },
      // A job is handed out again after this time where the kill cut the reply that handed it out.
      lockMs: 2_000,
      clock: systemClock,
      fault: (error) => void subscriberFaults.push(error),
    })
    for (let kill = 0; kill < KILLS; kill++) {
      const begin = (EVENTS / KILLS) * kill
      log.publish(records.slice(begin, begin + EVENTS / KILLS))
      await until(() => log.stats().enqueued > begin + 1_000)
      expect(log.pending).toBeGreaterThan(0)
      await server.restart('SIGKILL')
    }
    expect(await log.flush(30_000)).toBe(true)
    await until(() => effects.length >= EVENTS, 60_000)
    const published = records.map(({ event }) => event.id)
    expect(effects).toHaveLength(EVENTS)
    expect(new Set(effects)).toEqual(new Set(published))
    const delivered = new Set(firstDeliveries)
    expect(firstDeliveries).toEqual(published.filter((id) => delivered.has(id)))
    expect(faults.every(({ code }) => code === 'REDIS_UNAVAILABLE')).toBe(true)
    expect(faults.length).toBeGreaterThanOrEqual(1)
    expect(subscriberFaults.every(({ code }) => code === 'REDIS_UNAVAILABLE')).toBe(true)
    await subscription.close()
    await close()
  })
})
