import { describe, expect, it } from 'vitest'
import { UNREAD_JOBS_MAX } from '../../src/delivery/index.ts'
import { bullQueues } from '../../src/delivery/queue.ts'
import { EventQueues } from '../../src/delivery/queues.ts'
import { grouped } from '../../src/domain/index.ts'
import type { PlimsollError } from '../../src/errors.ts'
import { TestClock } from '../support/clock.ts'
import { useTestRedis } from '../support/redis.ts'
import {
  idsOf,
  KEYS,
  openLog,
  queueConnection,
  sampleRecords,
  waitingJobs,
} from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()

const published = (count: number, from = 0) => sampleRecords(count, from).map(({ event }) => event.id)
const idsIn = async (consumer?: string) => idsOf(await waitingJobs(harness.server.url, consumer))

/** One run of a worker with these consumers. */
async function run(consumers: string[], count: number, from = 0) {
  const { log, close, notices } = await openLog(harness.server.url, { consumers })
  log.publish(sampleRecords(count, from))
  expect(await log.flush(5_000)).toBe(true)
  await close()
  return notices
}

describe('named consumers', () => {
  it('get every event each, in a queue of their own', async () => {
    await run(['risk', 'alerts'], 250)
    expect(await idsIn('risk')).toEqual(published(250))
    expect(await idsIn('alerts')).toEqual(published(250))
    expect(await idsIn()).toEqual([])
  })

  it('added later begin with what comes then; one that is taken away is named while its queue holds jobs', async () => {
    await run(['risk'], 20)
    const notices = await run(['alerts'], 20, 20)
    expect(await idsIn('alerts')).toEqual(published(20, 20))
    expect(await idsIn('risk')).toEqual(published(20))
    expect(notices).toEqual([expect.stringMatching(/^queue margin-events-risk gets no events.*holds 1 job/)])
    await harness.probe.del(...(await harness.probe.keys(`${KEYS.queuePrefix}:margin-events-risk:*`)))
    expect(await run(['alerts'], 1, 40)).toEqual([])
    expect(await harness.probe.smembers(KEYS.queues)).toEqual(['margin-events-alerts'])
  })

  it('all have the job before the cursor moves: one that lacks it gets it, the other does not get it twice', async () => {
    const { log, close } = await openLog(harness.server.url, { consumers: ['risk', 'alerts'] })
    const meta = `${KEYS.queuePrefix}:margin-events-alerts:meta`
    // BullMQ's script reads this hash before it writes: it refuses to add.
    await harness.probe.del(meta)
    await harness.probe.set(meta, 'damaged')
    const before = await harness.probe.get(KEYS.cursor)
    log.publish(sampleRecords(5))
    await until(() => log.counters().retries >= 2)
    expect(await harness.probe.get(KEYS.cursor)).toBe(before)
    await harness.probe.del(meta)
    expect(await log.flush(5_000)).toBe(true)
    expect(await idsIn('risk')).toEqual(published(5))
    expect(await idsIn('alerts')).toEqual(published(5))
    await close()
  })

  it.each([
    [['Risk'], /must be 1 to 32 of a-z, 0-9 and -/],
    [['a', 'a'], /twice/],
    [Array.from({ length: 17 }, (_, index) => `c${index}`), /16/],
  ])('that are no names are refused: %s', async (consumers, rule) => {
    await expect(openLog(harness.server.url, { consumers })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(rule),
    })
  })
})

describe('a queue without a reader', () => {
  it('is named when it holds too many jobs, and again when they have doubled', async () => {
    const clock = new TestClock()
    const faults: PlimsollError[] = []
    const connection = queueConnection(harness.server.url)
    const queues = new EventQueues({
      open: bullQueues(connection, KEYS.queuePrefix, clock),
      clock,
      consumers: ['slow', 'quick'],
      fault: (error) => void faults.push(error),
      failed: (error) => void faults.push(error as PlimsollError),
    })
    const slow = `${KEYS.queuePrefix}:margin-events-slow:wait`
    const fillTo = async (jobs: number) => {
      const missing = jobs - (await harness.probe.llen(slow))
      if (missing > 0)
        await harness.probe.rpush(slow, ...Array.from({ length: missing }, (_, index) => `j1-${index}-1`))
      clock.advance(10_000)
      await queues.reportUnread()
      return faults.length
    }
    expect(await fillTo(UNREAD_JOBS_MAX)).toBe(0)
    expect(await fillTo(UNREAD_JOBS_MAX + 1)).toBe(1)
    expect(await fillTo(2 * UNREAD_JOBS_MAX)).toBe(1)
    expect(await fillTo(2 * UNREAD_JOBS_MAX + 1)).toBe(2)
    await harness.probe.del(slow)
    expect(await fillTo(1)).toBe(2)
    expect(await fillTo(UNREAD_JOBS_MAX + 1)).toBe(3)
    expect(faults.map(({ code }) => code)).toEqual(['QUEUE_UNREAD', 'QUEUE_UNREAD', 'QUEUE_UNREAD'])
    expect(faults[0]?.message).toContain(
      `queue margin-events-slow holds ${grouped(UNREAD_JOBS_MAX + 1)} jobs`,
    )
    const closed = queues.close()
    clock.advance(10_000)
    await closed.catch(() => undefined)
    connection.disconnect()
  })
})
