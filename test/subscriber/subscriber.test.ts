import { describe, expect, it } from 'vitest'
import { marketSubject, type PlimsollEvent } from '../../src/domain/index.ts'
import { type EventContext, HANDLER_CALLS_MAX, memoryInbox } from '../../src/subscriber/index.ts'
import { sleep, systemClock } from '../../src/system/clock.ts'
import { startTestRedis } from '../support/redis.ts'
import {
  marketRecord,
  openLog,
  sampleEvent,
  sampleRecords,
  sampleRevision,
} from '../support/sample-events.ts'
import { until } from '../support/until.ts'
import { HASTY_CLOCK, useQueue } from './queue-harness.ts'

const harness = useQueue()
const { consume, add, faults } = harness

describe('a subscriber', () => {
  it('gets every published event once, in order', async () => {
    const { log, close } = await openLog(harness.server.url)
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

  it('runs one effect when the queue delivers an event in two jobs', async () => {
    const seen: string[] = []
    const subscription = consume({ handler: ({ id }) => void seen.push(id), inbox: memoryInbox() })
    const [first, second] = [sampleEvent('desk/1', 1), sampleEvent('desk/1', 2)]
    await add('ja', [first, second])
    await add('jb', [first])
    await until(() => subscription.stats().jobs === 2)
    expect(seen).toEqual([first.id, second.id])
    expect(subscription.stats()).toMatchObject({ events: 3, effects: 2, duplicates: 1 })
  })

  it('runs one effect for an event and one for its revision, which has its id, also when both come again', async () => {
    const seen: string[] = []
    const subscription = consume({
      handler: ({ kind }, { isLate }) => void seen.push(`${kind} ${isLate}`),
      inbox: memoryInbox(),
    })
    const [event, next] = [sampleEvent('desk/1', 1), sampleEvent('desk/1', 2, 'recovered')]
    await add('ja', [event, next])
    await add('jb', [sampleRevision(event)])
    await add('jc', [event, sampleRevision(event)])
    await until(() => subscription.stats().jobs === 3)
    expect(seen).toEqual(['liquidation false', 'recovered false', 'revision false'])
    expect(subscription.stats()).toMatchObject({ effects: 3, duplicates: 2, late: 0 })
  })

  it('is given the event without fields that this version does not know', async () => {
    const seen: PlimsollEvent[] = []
    consume({ handler: (event) => void seen.push(event) })
    await add('ja', [{ ...sampleEvent('desk/1', 1), laterField: 1 }])
    await until(() => seen.length === 1)
    expect(seen).toEqual([sampleEvent('desk/1', 1)])
  })

  it('calls a failing handler again for the same event before the next event', async () => {
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
      clock: HASTY_CLOCK,
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
    await until(async () => (await harness.queue.getFailedCount()) === 1)
    expect(seen).toEqual([1, 3])
    expect(subscription.stats().malformed).toBe(1)
    await until(() => faults.length === 1)
    expect(faults[0]).toMatchObject({
      code: 'SUBSCRIBER_FAILED',
      message: expect.stringMatching(/job ja: events\[1\] is malformed: kind/),
    })
  })

  it('keeps a job whose envelope is malformed as failed', async () => {
    const subscription = consume({ handler: () => undefined })
    await harness.queue.add('events', { schemaVersion: 1, events: [] }, { jobId: 'jx' })
    await until(async () => (await harness.queue.getFailedCount()) === 1)
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

  it('gets the log and the shard of an event, and the events of markets too', async () => {
    const seen: [PlimsollEvent, EventContext][] = []
    consume({ handler: (event, context) => void seen.push([event, context]) })
    const market = marketRecord('BTCUSDT', 1)
    await add('ja', [sampleEvent('desk/1', 1), market.event], { logId: 'log-7' })
    await until(() => seen.length === 2)
    expect(seen[1]?.[0]).toEqual(market.event)
    expect(market.subject).toBe(marketSubject('bybit', 'BTCUSDT'))
    for (const [, context] of seen) {
      expect(context).toMatchObject({ jobId: 'ja', logId: 'log-7', shard: '0', delivery: 1, isLate: false })
    }
  })

  it('with a name of its own gets every event, beside the others', async () => {
    const seen: Record<string, string[]> = { risk: [], alerts: [], unnamed: [] }
    for (const consumer of ['risk', 'alerts']) {
      consume({ consumer, handler: ({ id }) => void seen[consumer]?.push(id) })
    }
    consume({ handler: ({ id }) => void seen.unnamed?.push(id) })
    const { log, close } = await openLog(harness.server.url, { consumers: ['risk', 'alerts'] })
    const records = sampleRecords(250)
    log.publish(records)
    await until(() => seen.risk?.length === 250 && seen.alerts?.length === 250)
    const published = records.map(({ event }) => event.id)
    expect(seen).toMatchObject({ risk: published, alerts: published })
    await close()
  })

  it('splits the events with another one of the same name, so that each event takes effect once', async () => {
    const seen: string[][] = [[], []]
    for (const ids of seen) {
      consume({
        consumer: 'risk',
        handler: async ({ id }) => {
          ids.push(id)
          await sleep(systemClock, 5)
        },
      })
    }
    const { log, close } = await openLog(harness.server.url, { consumers: ['risk'] })
    const records = sampleRecords(1_500)
    log.publish(records)
    await until(() => seen.flat().length >= 1_500)
    expect(seen.every((ids) => ids.length > 0)).toBe(true)
    expect(seen.flat().sort()).toEqual(records.map(({ event }) => event.id).sort())
    await close()
  })

  it('refuses a consumer whose queue no worker can have', () => {
    expect(() => consume({ consumer: 'Risk 1', handler: () => undefined })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('"Risk 1"') }),
    )
  })
})

describe('a new log', () => {
  it('is announced once, with the one before, and its events take effect', async () => {
    const inbox = memoryInbox()
    const logs: unknown[] = []
    const seen: [string, number][] = []
    consume({
      inbox,
      logStarted: (log) => void logs.push(log),
      handler: ({ sequence }, { logId }) => void seen.push([logId, sequence]),
    })
    await add('ja', [sampleEvent('desk/1', 7)], { logId: 'log-1' })
    await until(() => seen.length === 1)
    expect(logs).toEqual([{ logId: 'log-1', previous: undefined }])
    expect(faults).toEqual([])
    await add('jb', [sampleEvent('desk/1', 1)], { logId: 'log-2' })
    await add('jc', [sampleEvent('desk/1', 8)], { logId: 'log-1' })
    await add('jd', [sampleEvent('desk/1', 2)], { logId: 'log-2' })
    await until(() => seen.length === 4)
    expect(logs.slice(1)).toEqual([{ logId: 'log-2', previous: 'log-1' }])
    expect(faults).toMatchObject([
      { code: 'LOG_RENEWED', message: expect.stringMatching(/log log-2 follows log log-1/) },
    ])
    expect(seen.slice(1)).toEqual([
      ['log-2', 1],
      ['log-1', 8],
      ['log-2', 2],
    ])
  })

  it('is announced when the worker finds its Redis empty; what it publishes then is new to the inbox', async () => {
    const inbox = memoryInbox()
    const logs: string[] = []
    const seen: string[] = []
    consume({
      inbox,
      logStarted: ({ logId }) => void logs.push(logId),
      handler: ({ id }) => void seen.push(id),
    })
    const first = await openLog(harness.server.url)
    first.log.publish(sampleRecords(3))
    await until(() => seen.length === 3)
    await first.close()
    await harness.redis.flushall()
    const second = await openLog(harness.server.url)
    second.log.publish(sampleRecords(5).slice(3))
    await until(() => seen.length === 5)
    expect(logs).toEqual([first.log.logId, second.log.logId])
    expect(new Set(logs).size).toBe(2)
    expect(faults.map(({ code }) => code)).toContain('LOG_RENEWED')
    await second.close()
  })
})

describe('an event that comes after a later one of its margin account', () => {
  it('is marked as late, and no other is', async () => {
    const seen: [string, number, boolean][] = []
    const subscription = consume({
      inbox: memoryInbox(),
      handler: (event, { isLate }) => {
        if ('account' in event) seen.push([event.account, event.sequence, isLate])
      },
    })
    await add('ja', [sampleEvent('desk/1', 1), sampleEvent('desk/1', 3), sampleEvent('desk/2', 1)])
    await add('jb', [sampleEvent('desk/1', 2), sampleEvent('desk/2', 2)])
    await add('jc', [sampleEvent('desk/1', 3), sampleEvent('desk/1', 4)])
    await until(() => subscription.stats().jobs === 3)
    expect(seen).toEqual([
      ['desk/1', 1, false],
      ['desk/1', 3, false],
      ['desk/2', 1, false],
      ['desk/1', 2, true],
      ['desk/2', 2, false],
      ['desk/1', 4, false],
    ])
    expect(subscription.stats().late).toBe(1)
  })

  it('is not late if it is the newest one again', async () => {
    const seen: [number, boolean][] = []
    consume({ handler: ({ sequence }, { isLate }) => void seen.push([sequence, isLate]) })
    for (const [id, sequence] of [['ja', 1] as const, ['jb', 1] as const, ['jc', 2] as const]) {
      await add(id, [sampleEvent('desk/1', sequence)])
    }
    await until(() => seen.length === 3)
    expect(seen).toEqual([
      [1, false],
      [1, false],
      [2, false],
    ])
  })

  it('is not late if its log is another one', async () => {
    const seen: boolean[] = []
    consume({ handler: (_, { isLate }) => void seen.push(isLate) })
    await add('ja', [sampleEvent('desk/1', 9)], { logId: 'log-1' })
    await add('jb', [sampleEvent('desk/1', 1)], { logId: 'log-2' })
    await until(() => seen.length === 2)
    expect(seen).toEqual([false, false])
  })
})
