import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import type { PlimsollError } from '../../src/errors.ts'
import { memoryInbox, openSubscription } from '../../src/subscriber/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { idsOf, KEYS, openLog, sampleRecords, waitingJobs } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

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
    const subscription = openSubscription({
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
      await until(() => log.counters().enqueued > begin + 1_000)
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
    const told = /^queue margin-events: |^the lock of job \S+ expired, because/
    expect(subscriberFaults.filter(({ message }) => !told.test(message))).toEqual([])
    await subscription.close()
    await close()
  })
})

describe('when Redis is killed while several consumers are fed', () => {
  it('every queue holds every event, once and in order', async () => {
    server = await startTestRedis({ appendfsync: 'always' })
    const { url } = server
    const consumers = ['risk', 'alerts', 'desk']
    const { log, close } = await openLog(url, { consumers })
    const records = sampleRecords(9_000)
    for (let kill = 0; kill < 3; kill++) {
      log.publish(records.slice(kill * 3_000, (kill + 1) * 3_000))
      await until(() => log.counters().enqueued > kill * 3_000 + 500)
      await server.restart('SIGKILL')
    }
    expect(await log.flush(60_000)).toBe(true)
    const published = records.map(({ event }) => event.id)
    for (const consumer of consumers) expect(idsOf(await waitingJobs(url, consumer))).toEqual(published)
    await close()
  })
})

describe('when Redis loses power and comes back without the last writes that it acknowledged', () => {
  it('the lost events are in stream and queue again, and every event takes effect once', async () => {
    server = await startTestRedis()
    const { log, close, faults } = await openLog(server.url)
    const records = sampleRecords(2_000)
    const effects: string[] = []
    const subscription = openSubscription({
      connection: { url: server.url, retryStrategy: () => 50 },
      queuePrefix: KEYS.queuePrefix,
      inbox: memoryInbox(),
      handler: ({ id }) => void effects.push(id),
      lockMs: 2_000,
      clock: systemClock,
      fault: () => undefined,
    })
    const durable = join(server.dataDir, 'redis', 'appendonlydir')
    const atPowerLoss = join(server.dataDir, 'at-power-loss')
    log.publish(records.slice(0, 700))
    expect(await log.flush(10_000)).toBe(true)
    cpSync(durable, atPowerLoss, { recursive: true })
    log.publish(records.slice(700, 1_900))
    expect(await log.flush(10_000)).toBe(true)
    await until(() => effects.length === 1_900)
    process.kill(server.pid, 'SIGKILL')
    rmSync(durable, { recursive: true })
    cpSync(atPowerLoss, durable, { recursive: true })
    await server.restart()
    log.publish(records.slice(1_900))
    await until(() => log.counters().rewinds > 0)
    expect(await log.flush(10_000)).toBe(true)
    await until(() => effects.length >= 2_000)
    const published = records.map(({ event }) => event.id)
    expect(await storedIds(server.url)).toEqual(published)
    expect(effects).toHaveLength(2_000)
    expect(new Set(effects)).toEqual(new Set(published))
    expect(faults.every(({ code }) => code === 'REDIS_UNAVAILABLE')).toBe(true)
    await subscription.close()
    await close()
  })
})

async function storedIds(url: string): Promise<string[]> {
  const redis = new Redis(url)
  const entries = await redis.xrange(KEYS.events, '-', '+')
  redis.disconnect()
  return entries.flatMap(([, [field, value]]) => (field === 'event' ? [JSON.parse(value ?? '').id] : []))
}

describe('while Redis is away', () => {
  it('events wait, and the log says once for each stage that they do and closes without hanging', async () => {
    server = await startTestRedis()
    const { log, close, faults } = await openLog(server.url)
    process.kill(server.pid, 'SIGKILL')
    log.publish(sampleRecords(10))
    await until(() => log.counters().retries >= 5)
    expect(await log.flush(50)).toBe(false)
    expect(log.pending).toBe(10)
    expect(faults.map(({ code }) => code)).toContain('REDIS_UNAVAILABLE')
    expect(faults.length).toBeLessThanOrEqual(2)
    await close()
  })

  it('a frozen Redis makes the log wait and not pile up commands', async () => {
    server = await startTestRedis()
    const { log, close, redis } = await openLog(server.url)
    log.publish(sampleRecords(10))
    await log.flush(5_000)
    process.kill(server.pid, 'SIGSTOP')
    log.publish(sampleRecords(3_000, 10))
    await until(() => log.counters().retries >= 3)
    expect(redis.commandQueue.length).toBeLessThanOrEqual(5)
    process.kill(server.pid, 'SIGCONT')
    expect(await log.flush(20_000)).toBe(true)
    expect(await storedIds(server.url)).toEqual(sampleRecords(3_010).map(({ event }) => event.id))
    await close()
  })
})
