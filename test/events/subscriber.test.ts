import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sleep, systemClock } from '../../src/clock.ts'
import type { MarginEvent } from '../../src/domain/index.ts'
import type { PlimsollError } from '../../src/errors.ts'
import {
  EVENTS_QUEUE_NAME,
  HANDLER_CALLS_MAX,
  memoryInbox,
  type SubscribeOptions,
  type Subscription,
  subscribe,
} from '../../src/events/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { KEYS, openLog, queueConnection, sampleEvent, sampleRecords, until } from './sample.ts'

let server: TestRedis
let probe: Redis
let queue: Queue
const open: Subscription[] = []
const faults: PlimsollError[] = []

beforeAll(async () => {
  server = await startTestRedis()
  probe = queueConnection(server.url)
  queue = new Queue(EVENTS_QUEUE_NAME, { connection: probe, prefix: KEYS.queuePrefix })
})
beforeEach(async () => {
  await probe.flushall()
  faults.length = 0
})
afterEach(async () => {
  for (const subscription of open.splice(0)) await subscription.close()
})
afterAll(async () => {
  await queue.close()
  probe.disconnect()
  await server.stop()
})

function consume(options: Pick<SubscribeOptions, 'handler'> & Partial<SubscribeOptions>): Subscription {
  const subscription = subscribe({
    connection: { url: server.url },
    queuePrefix: KEYS.queuePrefix,
    clock: systemClock,
    fault: (error) => void faults.push(error),
    ...options,
  })
  open.push(subscription)
  return subscription
}

function add(id: string, events: readonly unknown[], attempts = 5) {
  const streamIds = { first: '1-1', last: '1-9' }
  const data = { schemaVersion: 2, logId: 'sample', shard: '0', events, streamIds }
  return queue.add('events', data, { jobId: id, attempts, backoff: { type: 'fixed', delay: 50 } })
}

describe('a subscriber', () => {
  it('gets every published event once, in order', async () => {
    const { log, close } = await openLog(server.url)
    const records = sampleRecords(1_500)
    const seen: string[] = []
    consume({ handler: ({ id }) => void seen.push(id), inbox: memoryInbox() })
    log.publish(records.slice(0, 1))
    await log.flush(5_000)
    log.publish(records.slice(1))
    await until(() => seen.length >= 1_500)
    expect(seen).toEqual(records.map(({ event }) => event.id))
    expect(faults).toEqual([])
    await close()
  })

  it('handles one effect where the queue delivers an event in two jobs', async () => {
    const seen: string[] = []
    const subscription = consume({ handler: ({ id }) => void seen.push(id), inbox: memoryInbox() })
    const [first, second] = [sampleEvent('desk/1', 1), sampleEvent('desk/1', 2)]
    await add('ja', [first, second])
    await add('jb', [first])
    await until(() => subscription.stats().jobs === 2)
    expect(seen).toEqual([first.id, second.id])
    expect(subscription.stats()).toMatchObject({ events: 3, effects: 2, duplicates: 1 })
  })

  it('is given the event without fields that this version does not know', async () => {
    const seen: MarginEvent[] = []
    consume({ handler: (event) => void seen.push(event) })
    await add('ja', [{ ...sampleEvent('desk/1', 1), laterField: 1 }])
    await until(() => seen.length === 1)
    expect(seen).toEqual([sampleEvent('desk/1', 1)])
  })

  it('calls a failing handler again for the same event before it goes on', async () => {
    const calls: number[] = []
    consume({
      handler: ({ sequence }) => {
        calls.push(sequence)
        if (sequence === 1 && calls.length < 3) throw new Error('not yet')
      },
      inbox: memoryInbox(),
    })
    await add('ja', [sampleEvent('desk/1', 1), sampleEvent('desk/1', 2)])
    await until(() => calls.length === 4)
    expect(calls).toEqual([1, 1, 1, 2])
    expect(faults.map(({ code }) => code)).toEqual(['SUBSCRIBER_FAILED'])
    expect(faults[0]?.message).toContain('not yet')
  })

  it('gives a job back to the queue after HANDLER_CALLS_MAX failures and gets it again', async () => {
    let calls = 0
    const subscription = consume({
      clock: { ...systemClock, after: (delayMs, then) => systemClock.after(Math.min(delayMs, 5), then) },
      handler: () => {
        calls++
        if (calls <= HANDLER_CALLS_MAX) throw new Error('no')
      },
    })
    await add('ja', [sampleEvent('desk/1', 1)])
    await until(() => subscription.stats().jobs === 1)
    expect(calls).toBe(HANDLER_CALLS_MAX + 1)
  })

  it('handles the good events of a job with a malformed one and keeps the job as failed', async () => {
    const seen: number[] = []
    const subscription = consume({ handler: ({ sequence }) => void seen.push(sequence) })
    await add('ja', [sampleEvent('desk/1', 1), { id: 'e_bad' }, sampleEvent('desk/1', 3)])
    await until(async () => (await queue.getFailedCount()) === 1)
    expect(seen).toEqual([1, 3])
    expect(subscription.stats().malformed).toBe(1)
    await until(() => faults.length === 1)
    expect(faults[0]).toMatchObject({
      code: 'SUBSCRIBER_FAILED',
      message: expect.stringMatching(/job ja: events\[1\] is malformed: schemaVersion/),
    })
  })

  it('keeps a job whose envelope is malformed as failed', async () => {
    const subscription = consume({ handler: () => undefined })
    await queue.add('events', { schemaVersion: 2, logId: 'sample', shard: '0', events: [] }, { jobId: 'jx' })
    await until(async () => (await queue.getFailedCount()) === 1)
    expect(subscription.stats()).toMatchObject({ malformed: 1, effects: 0 })
  })

  it('that closes while a handler fails leaves the rest of the job to the next one, first in the queue', async () => {
    const inbox = memoryInbox()
    const first: number[] = []
    const closing = consume({
      inbox,
      handler: ({ sequence }) => {
        first.push(sequence)
        if (sequence === 2) throw new Error('down')
      },
    })
    await add('ja', [sampleEvent('desk/1', 1), sampleEvent('desk/1', 2), sampleEvent('desk/1', 3)])
    await add('jb', [sampleEvent('desk/1', 4)])
    await until(() => first.includes(2))
    await closing.close()
    const second: number[] = []
    consume({ inbox, handler: ({ sequence }) => void second.push(sequence) })
    await until(() => second.length === 3)
    expect(second).toEqual([2, 3, 4])
  })

  it('tells an outage of Redis once, and closes in bounded time while it lasts', {
    timeout: 20_000,
  }, async () => {
    const away = await startTestRedis()
    const seen: number[] = []
    const { log, close } = await openLog(away.url)
    const subscription = consume({
      connection: { url: away.url },
      handler: ({ sequence }) => void seen.push(sequence),
    })
    log.publish(sampleRecords(1))
    await until(() => seen.length === 1)
    await close()
    await away.stop()
    await sleep(systemClock, 3_000)
    expect(faults).toMatchObject([{ code: 'REDIS_UNAVAILABLE' }])
    await subscription.close()
    expect(faults).toHaveLength(1)
  })

  it('closes in bounded time while a handler does not end; the event is delivered again', async () => {
    const seen: string[] = []
    const stuck = consume({
      lockMs: 1_000,
      handler: () => {
        seen.push('stuck')
        return new Promise(() => undefined)
      },
    })
    await add('ja', [sampleEvent('desk/1', 1)])
    await until(() => seen.length === 1)
    await stuck.close()
    consume({ lockMs: 1_000, handler: () => void seen.push('next') })
    await until(() => seen.includes('next'))
  })
})
