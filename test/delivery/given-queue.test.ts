import { expect, test } from 'vitest'
import type { EventQueue } from '../../src/delivery/index.ts'
import { useTestRedis } from '../support/redis.ts'
import { openLog, sampleRecords } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()

test('A given queue that fails gets every event in the end, once, in order, and the stream continues meanwhile', async () => {
  const jobs: string[] = []
  let failures = 3
  const queue = (name: string): EventQueue => ({
    name,
    add: async (added) => {
      if (failures-- > 0) throw new Error('the queue is away')
      jobs.push(...added.map(({ id }) => id))
    },
    notDone: async () => jobs.length,
    newestEvent: async () => undefined,
    close: async () => undefined,
  })
  const { log, faults, close } = await openLog(harness.server.url, { openQueue: queue })
  log.publish(sampleRecords(250))
  await until(() => log.counters().streamed === 250)
  expect(log.counters().enqueued).toBeLessThan(250)
  expect(await log.flush(10_000)).toBe(true)
  expect(jobs.map((id) => id.replace(/^j\d+-/, ''))).toEqual(['1-100', '101-200', '201-250'])
  expect(faults.map(({ code, message }) => [code, message.includes('the queue is away')])).toEqual([
    ['REDIS_UNAVAILABLE', true],
  ])
  expect(log.counters()).toMatchObject({ enqueued: 250, retries: 3 })
  await close()
})
