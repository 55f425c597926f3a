import { describe, expect, it } from 'vitest'
import type { RedisEventLog } from '../../src/delivery/index.ts'
import type { RestoredProgress } from '../../src/domain/index.ts'
import { startTestRedis, useTestRedis } from '../support/redis.ts'
import {
  forgottenRecord,
  idsOf,
  KEYS,
  leaveInStream,
  openLog,
  sampleRecord,
  sampleRecords,
  waitingJobs,
} from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()

const LOG_ID = /^[a-z2-7]{26}$/
const ids = (records: readonly { event: { id: string } }[]) => records.map(({ event }) => event.id)

/** Subjects that the log hands to the monitor. */
async function subjectsOf(log: RedisEventLog): Promise<string[]> {
  const subjects: string[] = []
  const into: RestoredProgress = {
    marginAccount: (id) => void subjects.push(id),
    market: ({ symbol }) => void subjects.push(symbol),
    venue: ({ venue }) => void subjects.push(venue),
    revision: ({ id }) => void subjects.push(id),
  }
  await log.restore(into)
  return subjects.sort()
}

/** One run of a worker that publishes and stops in order. */
async function run(records = sampleRecords(3)) {
  const { log, close, faults, notices } = await openLog(harness.server.url)
  log.publish(records)
  expect(await log.flush(5_000)).toBe(true)
  await close()
  return { logId: log.logId, faults, notices }
}

describe('the id of a log', () => {
  it('is made with the stream, said once, and kept from run to run', async () => {
    const first = await run()
    const second = await run(sampleRecords(3, 3))
    expect(first.logId).toMatch(LOG_ID)
    expect(second.logId).toBe(first.logId)
    expect(first.notices).toEqual([expect.stringContaining(first.logId)])
    expect([...second.notices, ...first.faults, ...second.faults]).toEqual([])
  })

  it('is another one after Redis was emptied, and the stream and the jobs say so', async () => {
    const first = await run()
    await harness.probe.flushall()
    const second = await run()
    expect(second.logId).not.toBe(first.logId)
    const [[, owner] = ['', []]] = await harness.probe.xrange(KEYS.events, '-', '+', 'COUNT', 1)
    expect(owner).toEqual(['owner', expect.stringContaining(String(process.pid)), 'logId', second.logId])
    expect((await waitingJobs(harness.server.url)).map(({ data }) => data.logId)).toEqual([second.logId])
  })

  it.each([
    ['the stream', 'stream', () => harness.probe.del(KEYS.events)],
    ['the progress', 'progress, log id', () => harness.probe.del(KEYS.progress)],
    ['the log id', 'log id', () => harness.probe.hdel(KEYS.progress, 'log id')],
  ])('is another one where Redis lost %s alone, which is a fault', async (_, missing, lose) => {
    const first = await run()
    await lose()
    const second = await run(sampleRecords(3, 3))
    expect(second.logId).not.toBe(first.logId)
    expect(second.faults).toMatchObject([
      { code: 'LOG_RENEWED', message: expect.stringContaining(`(missing: ${missing})`) },
    ])
    expect(second.faults[0]?.message).toContain(second.logId)
    expect((await run(sampleRecords(3, 6))).logId).toBe(second.logId)
  })

  it('is given up by a worker that saw Redis lose what it cannot send again', async () => {
    const limits = { outboxBytesMax: 1e6, recordBytesMax: 1_000, recentBytesMax: 4_000 }
    const first = await openLog(harness.server.url, { outboxLimits: limits })
    first.log.publish(sampleRecords(40))
    await first.log.flush(5_000)
    await harness.probe.flushall()
    await harness.probe.hset(KEYS.progress, 'log id', first.log.logId)
    first.log.publish(sampleRecords(1, 40))
    await until(() => first.faults.some(({ code }) => code === 'REDIS_NO_AOF'))
    expect(await first.log.flush(5_000)).toBe(true)
    await first.close()
    expect((await run()).logId).not.toBe(first.log.logId)
  })

  it('is given up by a worker that saw Redis go back behind its start', async () => {
    await run()
    const second = await openLog(harness.server.url)
    await harness.probe.del(KEYS.events)
    second.log.publish(sampleRecords(1, 3))
    expect(await second.log.flush(5_000)).toBe(true)
    expect(second.faults).toMatchObject([
      { code: 'REDIS_NO_AOF', message: expect.stringContaining('before the start of this worker') },
    ])
    await second.close()
    expect((await run()).logId).not.toBe(second.log.logId)
  })
})

describe('the floor of sequences', () => {
  it('is the highest sequence of a forgotten subject, whose progress is gone', async () => {
    const { log, close } = await openLog(harness.server.url)
    expect(log.sequenceFloor).toBe(0)
    log.publish([sampleRecord('desk/1', 8), forgottenRecord('desk/1', 9), forgottenRecord('desk/2', 4)])
    expect(log.sequenceFloor).toBe(9)
    await log.flush(5_000)
    await close()
    const second = await openLog(harness.server.url)
    expect(second.log.sequenceFloor).toBe(9)
    expect(await subjectsOf(second.log)).toEqual([])
    await second.close()
  })

  it('is above every earlier sequence when a stored progress cannot be read', async () => {
    await run([sampleRecord('desk/1', 7), sampleRecord('desk/2', 40)])
    await harness.probe.hset(KEYS.progress, 'desk/2/cross/USDT', '{"sequence":-1}')
    await harness.probe.hset(KEYS.progress, 'market bybit BTCUSDT', 'not JSON')
    const { log, close, faults } = await openLog(harness.server.url)
    expect(faults.map(({ code, path }) => [code, path]).sort()).toEqual([
      ['INPUT_INVALID', 'desk/2/cross/USDT'],
      ['INPUT_INVALID', 'market bybit BTCUSDT'],
    ])
    expect(await subjectsOf(log)).toEqual(['desk/1/cross/USDT'])
    expect(log.sequenceFloor).toBeGreaterThan(40)
    expect(Number.isSafeInteger(log.sequenceFloor + 1_000_000)).toBe(true)
    const first = log.sequenceFloor
    await close()
    const second = await openLog(harness.server.url)
    expect(second.log.sequenceFloor).toBeGreaterThan(first)
    await second.close()
  })

  it('names twenty entries that cannot be read and counts the others', async () => {
    for (let entry = 0; entry < 50; entry++)
      await harness.probe.hset(KEYS.progress, `desk/${entry}/cross/USDT`, '{}')
    const { close, faults } = await openLog(harness.server.url)
    const invalid = faults.filter(({ code }) => code === 'INPUT_INVALID')
    expect(invalid).toHaveLength(21)
    expect(invalid.at(-1)?.message).toContain('30 more entries')
    await close()
  })
})

describe('a damaged cursor', () => {
  it.each([
    ['malformed', () => harness.probe.set(KEYS.cursor, '12-')],
    ['lost', () => harness.probe.del(KEYS.cursor)],
  ])(
    '(%s) is found again from the jobs: nothing is missed and nothing that waits comes twice',
    async (_, damage) => {
      await run(sampleRecords(30))
      await leaveInStream(harness.probe, sampleRecords(2, 30))
      await damage()
      const { log, close, faults } = await openLog(harness.server.url)
      expect(await log.flush(5_000)).toBe(true)
      expect(idsOf(await waitingJobs(harness.server.url))).toEqual(ids(sampleRecords(32)))
      expect(faults).toMatchObject([{ code: 'INPUT_INVALID', path: KEYS.cursor }])
      await close()
    },
  )

  it('without a job to go by begins at the oldest event that is kept', async () => {
    const queuePart = `${KEYS.queuePrefix}:margin-events:*`
    await run(sampleRecords(30))
    await harness.probe.del(...(await harness.probe.keys(queuePart)))
    await harness.probe.set(KEYS.cursor, 'nowhere')
    const { log, close } = await openLog(harness.server.url)
    expect(await log.flush(5_000)).toBe(true)
    expect(idsOf(await waitingJobs(harness.server.url))).toEqual(ids(sampleRecords(30)))
    await close()
  })

  it('under a running worker is put right by what the worker knows', async () => {
    const { log, close, faults } = await openLog(harness.server.url)
    log.publish(sampleRecords(30))
    await log.flush(5_000)
    await harness.probe.set(KEYS.cursor, '🙂')
    log.publish(sampleRecords(30, 30))
    expect(await log.flush(5_000)).toBe(true)
    expect([...new Set(idsOf(await waitingJobs(harness.server.url)))]).toEqual(ids(sampleRecords(60)))
    expect(faults).toMatchObject([{ code: 'INPUT_INVALID', path: KEYS.cursor }])
    await close()
  })
})

describe('what is left behind at the end', () => {
  it('is nothing after a flush', async () => {
    const { log, close } = await openLog(harness.server.url)
    log.publish(sampleRecords(10))
    await log.flush(5_000)
    expect(await close()).toEqual({ notInStream: 0, notInQueues: 0 })
  })

  it('is counted exactly: what no stream has, and what the next start puts into the queues', async () => {
    const own = await startTestRedis()
    try {
      const { log, close } = await openLog(own.url)
      log.publish(sampleRecords(10))
      await log.flush(5_000)
      process.kill(own.pid, 'SIGSTOP')
      log.publish(sampleRecords(7, 10))
      expect(await log.flush(100)).toBe(false)
      const left = await close()
      process.kill(own.pid, 'SIGCONT')
      expect(left).toEqual({ notInStream: 7, notInQueues: 0 })
    } finally {
      await own.stop()
    }
  })
})
