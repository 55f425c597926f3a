import { afterEach, describe, expect, it } from 'vitest'
import type { RedisEventLog } from '../../src/delivery/index.ts'
import type {
  MarginAccountProgress,
  MarketProgress,
  OpenRevision,
  VenueProgress,
} from '../../src/domain/index.ts'
import { JOB_BYTES_MAX, JOB_EVENTS_MAX, revisionSubject, venueSubject } from '../../src/domain/index.ts'
import { useTestRedis } from '../support/redis.ts'
import {
  idsOf,
  KEYS,
  largeEvent,
  leaveInStream,
  marketRecord,
  openLog,
  ready,
  recordOf,
  sampleEvent,
  sampleRecord,
  sampleRecords,
  sampleRevision,
  sampleVenueEvent,
  waitingJobs,
} from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()

const ids = (records: readonly { event: { id: string } }[]) => records.map(({ event }) => event.id)

/** What an earlier run left, as the monitor is given it. */
async function restored(log: RedisEventLog) {
  const marginAccounts = new Map<string, MarginAccountProgress>()
  const markets: MarketProgress[] = []
  const venues: VenueProgress[] = []
  const revisions: OpenRevision[] = []
  await log.restore({
    marginAccount: (id, progress) => void marginAccounts.set(id, progress),
    market: (progress) => void markets.push(progress),
    venue: (progress) => void venues.push(progress),
    revision: (open) => void revisions.push(open),
  })
  return { marginAccounts, markets, venues, revisions }
}

async function streamIds(): Promise<string[]> {
  const entries = await harness.probe.xrange(KEYS.events, '-', '+')
  return entries.flatMap(([, [field, value]]) => (field === 'event' ? [JSON.parse(value ?? '').id] : []))
}

describe('the log of events', () => {
  it('keeps an anomaly of a venue until it is over, and gives it to the next worker', async () => {
    const event = sampleVenueEvent()
    const { venue, episode, sequence, sinceMs: anomalySinceMs, suspectMarkets } = event
    const progress = { venue, episode, sequence, anomalySinceMs, suspectMarkets }
    const first = await openLog(harness.server.url)
    first.log.publish([{ event, subject: venueSubject(venue), progress }])
    await first.log.flush(5_000)
    await first.close()
    const second = await openLog(harness.server.url)
    expect((await restored(second.log)).venues).toEqual([progress])
    const over = sampleVenueEvent({ kind: 'venue-clear', sequence: 2, endedBy: 'quiet' })
    second.log.publish([{ event: over, subject: venueSubject(venue), progress: null }])
    await second.log.flush(5_000)
    await second.close()
    const third = await openLog(harness.server.url)
    expect([(await restored(third.log)).venues, third.log.sequenceFloor]).toEqual([[], 2])
    await third.close()
  })

  it('keeps a suspect event until its revision is in the stream, and gives it to the next worker', async () => {
    const { integrityRules, markets, ...of } = sampleRevision(sampleEvent('desk/1', 1))
    const { kind: _kind, revision: _revision, confidence: _confidence, receivedTimeMs, ...revised } = of
    const prices = markets.map(({ symbol, markPrice }) => ({ symbol, markPrice }))
    const open = { ...revised, integrityRules, untilMs: receivedTimeMs + 60_000, markets: prices }
    const first = await openLog(harness.server.url)
    first.log.publish([{ ...sampleRecord('desk/1', 1), openRevision: open }])
    await first.log.flush(5_000)
    await first.close()
    const second = await openLog(harness.server.url)
    expect((await restored(second.log)).revisions).toEqual([open])
    const event = sampleRevision(sampleEvent('desk/1', 1))
    second.log.publish([{ event, subject: revisionSubject(event.id), progress: null }])
    await second.log.flush(5_000)
    await second.close()
    expect(await streamIds()).toEqual([open.id, open.id])
    const third = await openLog(harness.server.url)
    const left = await restored(third.log)
    expect([left.revisions, left.marginAccounts.size]).toEqual([[], 1])
    await third.close()
  })

  it('puts a single event into the stream and into a job', async () => {
    const { log, close, faults } = await openLog(harness.server.url)
    const records = sampleRecords(3)
    for (const record of records) {
      log.publish([record])
      expect(await log.flush(5_000)).toBe(true)
    }
    const jobs = await waitingJobs(harness.server.url)
    expect(jobs.map(({ data }) => data.events.length)).toEqual([1, 1, 1])
    expect(jobs[0]?.data).toEqual({
      schemaVersion: 2,
      logId: log.logId,
      shard: '0',
      events: [records[0]?.event],
      streamIds: { first: expect.stringMatching(/^\d+-1$/), last: expect.stringMatching(/^\d+-1$/) },
    })
    expect(await streamIds()).toEqual(ids(records))
    expect(faults).toEqual([])
    await close()
  })

  it('packs a burst into jobs of at most a hundred, in order and complete', async () => {
    const { log, close } = await openLog(harness.server.url)
    const records = sampleRecords(2_345)
    log.publish(records)
    expect(log.pending).toBe(2_345)
    expect(await log.flush(20_000)).toBe(true)
    const jobs = await waitingJobs(harness.server.url)
    const sizes = jobs.map(({ data }) => data.events.length)
    expect(Math.max(...sizes)).toBe(JOB_EVENTS_MAX)
    expect(jobs.length).toBeLessThan(50)
    expect(idsOf(jobs)).toEqual(ids(records))
    expect(await streamIds()).toEqual(ids(records))
    expect(log.counters()).toMatchObject({
      published: 2_345,
      streamed: 2_345,
      enqueued: 2_345,
      outbox: 0,
      retries: 0,
      rewinds: 0,
    })
    expect(log.counters().queueP99Ms).toBeGreaterThan(0)
    await close()
  })

  it('puts large events into jobs of bounded bytes, each of which says how many completed ones stay', async () => {
    const { log, close } = await openLog(harness.server.url)
    const large = Array.from({ length: 12 }, (_, index) => recordOf(largeEvent(`desk/${index}`, 1, 1_000)))
    log.publish([...large, ...sampleRecords(3, 12)])
    expect(await log.flush(20_000)).toBe(true)
    const jobs = await waitingJobs(harness.server.url)
    expect(idsOf(jobs)).toEqual([...ids(large), ...ids(sampleRecords(3, 12))])
    for (const { data, completedKept } of jobs) {
      const bytes = JSON.stringify(data).length
      expect(bytes).toBeLessThan(JOB_BYTES_MAX * 1.01)
      expect(completedKept * bytes).toBeLessThanOrEqual(64 * 1024 * 1024)
      expect(completedKept).toBeGreaterThan(50)
    }
    await close()
  })

  it('carries letters of every script', async () => {
    const { log, close } = await openLog(harness.server.url)
    const record = recordOf({ ...sampleEvent('交易/台', 1), reasons: ['币安人生USDT', '🙂', '"\\u2028 '] })
    log.publish([record])
    expect(await log.flush(5_000)).toBe(true)
    expect((await waitingJobs(harness.server.url))[0]).toMatchObject({
      name: '1 liquidation, worst 交易/台/cross/USDT',
      data: { events: [record.event] },
    })
    await close()
  })

  it('stores the progress of each subject with its events and restores it in the next run', async () => {
    const first = await openLog(harness.server.url)
    first.log.publish([...sampleRecords(250), marketRecord('BTCUSDT', 1)])
    await first.log.flush(5_000)
    await first.close()
    const second = await openLog(harness.server.url)
    const { marginAccounts, markets } = await restored(second.log)
    expect(marginAccounts.size).toBe(100)
    expect(marginAccounts.get('desk/49/cross/USDT')).toEqual(sampleRecord('desk/49', 3).progress)
    expect(marginAccounts.get('desk/50/cross/USDT')).toEqual(sampleRecord('desk/50', 2).progress)
    expect(markets).toEqual([marketRecord('BTCUSDT', 1).progress])
    expect(second.faults).toEqual([])
    await second.close()
  })

  it('takes no more bytes than the outbox holds: all of a call or nothing', async () => {
    const limits = { outboxBytesMax: 100_000, recordBytesMax: 1_000, recentBytesMax: 10_000 }
    const { log, close } = await openLog(harness.server.url, { outboxLimits: limits })
    expect(log.hasRoom).toBe(true)
    expect(() => log.publish(sampleRecords(80))).toThrow(
      expect.objectContaining({ code: 'OUTBOX_FULL', message: expect.stringContaining('limit is 100000') }),
    )
    expect(log.pending).toBe(0)
    const records = sampleRecords(25)
    log.publish(records)
    expect(log.hasRoom).toBe(false)
    expect(await log.flush(5_000)).toBe(true)
    expect(log.hasRoom).toBe(true)
    expect(await streamIds()).toEqual(ids(records))
    await close()
  })

  it('says that it could not flush in the given time', async () => {
    const { log, close } = await openLog(harness.server.url)
    log.publish(sampleRecords(5_000))
    expect(await log.flush(0)).toBe(false)
    expect(await log.flush(20_000)).toBe(true)
    await close()
  })
})

describe('after a restart', () => {
  it('the queue gets what was in the stream only, once and first', async () => {
    const first = await openLog(harness.server.url)
    const queued = sampleRecords(30)
    first.log.publish(queued)
    await first.log.flush(5_000)
    await first.close()
    const left = sampleRecords(1_250, 30)
    await leaveInStream(harness.probe, left)
    const second = await openLog(harness.server.url)
    const fresh = sampleRecords(5, 1_280)
    second.log.publish(fresh)
    expect(await second.log.flush(10_000)).toBe(true)
    expect(idsOf(await waitingJobs(harness.server.url))).toEqual(ids([...queued, ...left, ...fresh]))
    expect(second.log.counters().recovered).toBe(1_250)
    await second.close()
    const third = await openLog(harness.server.url)
    expect(await third.log.flush(5_000)).toBe(true)
    expect(third.log.counters().recovered).toBe(0)
    await third.close()
  })

  it('jobs that were added without the cursor being moved are not added twice', async () => {
    const first = await openLog(harness.server.url)
    const records = sampleRecords(100)
    first.log.publish(records)
    await first.log.flush(5_000)
    await first.close()
    const before = await waitingJobs(harness.server.url)
    const [top] = (await harness.probe.xrange(KEYS.events, '-', '+', 'COUNT', 1))[0] ?? ['']
    await harness.probe.set(KEYS.cursor, top)
    const second = await openLog(harness.server.url)
    await second.log.flush(5_000)
    expect(before).toHaveLength(1)
    expect(await waitingJobs(harness.server.url)).toEqual(before)
    await second.close()
  })

  it('a job that was added before does not swallow the longer one that is cut now', async () => {
    const first = await openLog(harness.server.url)
    const records = sampleRecords(5)
    first.log.publish(records.slice(0, 1))
    await first.log.flush(5_000)
    await first.close()
    const [owner] = await harness.probe.xrange(KEYS.events, '-', '+')
    await leaveInStream(harness.probe, records.slice(1))
    await harness.probe.set(KEYS.cursor, owner?.[0] ?? '')
    const second = await openLog(harness.server.url)
    await second.log.flush(5_000)
    expect(new Set(idsOf(await waitingJobs(harness.server.url)))).toEqual(new Set(ids(records)))
    await second.close()
  })
})

describe('two owners of one stream', () => {
  it('the later one makes the earlier one stop with STREAM_FENCED, and no event of the earlier one follows', async () => {
    const first = await openLog(harness.server.url)
    first.log.publish([sampleRecord('desk/1', 1)])
    await first.log.flush(5_000)
    const second = await openLog(harness.server.url, { takeOver: true })
    first.log.publish([sampleRecord('desk/1', 2)])
    await until(() => first.faults.length > 0)
    expect(first.faults.map(({ code }) => code)).toEqual(['STREAM_FENCED'])
    expect(await first.log.flush(100)).toBe(false)
    expect(() => first.log.publish([])).toThrow(expect.objectContaining({ code: 'STREAM_FENCED' }))
    second.log.publish([sampleRecord('desk/1', 3)])
    expect(await second.log.flush(5_000)).toBe(true)
    expect(await streamIds()).toEqual(ids([sampleRecord('desk/1', 1), sampleRecord('desk/1', 3)]))
    await first.close()
    await second.close()
  })

  it('the later one has the higher fence even when its clock went back', async () => {
    await harness.probe.xadd(KEYS.events, '99999999999999-5', 'owner', '1')
    const { log, close } = await openLog(harness.server.url)
    log.publish([sampleRecord('desk/1', 1)])
    expect(await log.flush(5_000)).toBe(true)
    expect((await harness.probe.xrevrange(KEYS.events, '+', '-', 'COUNT', 1))[0]?.[0]).toBe(
      '100000000000000-1',
    )
    await close()
  })
})

describe('when Redis is full', () => {
  afterEach(() => harness.probe.config('SET', 'maxmemory', '0'))

  it('each stage tells it once and tries ever more rarely; nothing is lost when there is room again', async () => {
    const { log, close, faults } = await openLog(harness.server.url)
    const told = (stage: string) => faults.filter(({ message }) => message.includes(`the ${stage} does not`))
    await harness.probe.config('SET', 'maxmemory', '1mb')
    const records = sampleRecords(20)
    log.publish(records)
    expect(await log.flush(1_500)).toBe(false)
    expect(told('stream')).toMatchObject([{ message: expect.stringContaining('OOM') }])
    expect(told('queue').length).toBeLessThanOrEqual(1)
    // Of each stage after 50, 100, 200, 400 and 800 ms.
    expect(log.counters().retries).toBeLessThan(16)
    await harness.probe.config('SET', 'maxmemory', '0')
    expect(await log.flush(5_000)).toBe(true)
    expect(await streamIds()).toEqual(ids(records))
    expect(idsOf(await waitingJobs(harness.server.url))).toEqual(ids(records))
    await harness.probe.config('SET', 'maxmemory', '1mb')
    log.publish(sampleRecords(1, 20))
    await until(() => told('stream').length === 2)
    await harness.probe.config('SET', 'maxmemory', '0')
    expect(await log.flush(5_000)).toBe(true)
    await close()
  })
})

describe('when Redis loses what it had acknowledged', () => {
  it('the lost events are sent again, from the recent ones', async () => {
    const { log, close, redis, faults } = await openLog(harness.server.url)
    const records = sampleRecords(700)
    log.publish(records)
    await log.flush(5_000)
    await harness.probe.flushall()
    // A reconnect is when the log looks again.
    redis.disconnect(true)
    await until(() => log.counters().rewinds > 0)
    await ready(redis)
    const more = sampleRecords(10, 700)
    log.publish(more)
    expect(await log.flush(10_000)).toBe(true)
    expect(await streamIds()).toEqual(ids([...records, ...more]))
    expect(idsOf(await waitingJobs(harness.server.url))).toEqual(ids([...records, ...more]))
    expect(await harness.probe.hlen(KEYS.progress)).toBe(100)
    expect(faults.filter(({ code }) => code !== 'REDIS_UNAVAILABLE')).toEqual([])
    await close()
  })

  it('a loss is found without a reconnect too, by the next event', async () => {
    const { log, close } = await openLog(harness.server.url)
    const records = sampleRecords(150)
    log.publish(records)
    await log.flush(5_000)
    await harness.probe.flushall()
    const more = sampleRecords(1, 150)
    log.publish(more)
    await until(() => log.counters().rewinds > 0)
    expect(await log.flush(10_000)).toBe(true)
    expect(await streamIds()).toEqual(ids([...records, ...more]))
    expect(new Set(idsOf(await waitingJobs(harness.server.url)))).toEqual(new Set(ids([...records, ...more])))
    await close()
  })
})
