import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeRedis, connectRedis, type RedisRole } from '../../src/redis/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { type SilentProxy, startSilentProxy } from '../support/proxy.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { idsOf, openLog, sampleRecords, waitingJobs } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

let server: TestRedis
let proxy: SilentProxy
beforeAll(async () => {
  server = await startTestRedis()
  proxy = await startSilentProxy(server.port)
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
})

const connect = (role: RedisRole) =>
  connectRedis({
    url: `redis://127.0.0.1:${proxy.port}`,
    role,
    clock: systemClock,
    random: seededRandom(3, 1),
  })

describe('a Redis that neither answers nor ends its connections', () => {
  it('is noticed, and delivery continues over new connections: nothing lost, nothing twice', async () => {
    const redis = await connect('command')
    const queueConnection = await connect('queue')
    const { log, close, faults } = await openLog(server.url, { redis, queueConnection })
    log.publish(sampleRecords(150))
    expect(await log.flush(5_000)).toBe(true)
    const { opened } = proxy
    proxy.silence()
    log.publish(sampleRecords(150, 150))
    await until(() => log.pending === 0, 40_000)
    expect(proxy.opened).toBeGreaterThanOrEqual(opened + 2)
    expect(idsOf(await waitingJobs(server.url))).toEqual(sampleRecords(300).map(({ event }) => event.id))
    expect(faults.map(({ code }) => code)).toContain('REDIS_UNAVAILABLE')
    await close()
    await Promise.all([closeRedis(redis, systemClock), closeRedis(queueConnection, systemClock)])
  })
})
