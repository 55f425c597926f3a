import { describe, expect, it } from 'vitest'
import { jobsOf, lastEventOf, type QueuedEvent } from '../../src/delivery/jobs.ts'
import { pack } from '../../src/delivery/packed.ts'
import type { EventRecord } from '../../src/domain/index.ts'
import { JOB_BYTES_MAX, jobDataSchema } from '../../src/domain/index.ts'
import {
  largeEvent,
  marketRecord,
  recordOf,
  sampleEvent,
  sampleRecord,
  sampleRecords,
} from '../support/sample-events.ts'

const queuedOf = (records: readonly EventRecord[], fence = 5, logId = 'log'): QueuedEvent[] =>
  records.map((record, index) => {
    const digest = pack(record, 0)
    return { id: `${fence}-${index + 1}`, logId, event: digest.event, digest }
  })
const ranked = (account: string, rank: number) => recordOf({ ...sampleEvent(account, 1), rank })
const sizes = (jobs: readonly { text: string }[]) => jobs.map(({ text }) => JSON.parse(text).events.length)

describe('the jobs of a queue', () => {
  it('are named for people: kinds by severity, and the worst liquidation', () => {
    const records = [
      marketRecord('BTCUSDT', 1),
      ...['a', 'b'].map((account) => sampleRecord(account, 1, 'recovered')),
      ranked('desk-7/alpha', 2),
      ranked('desk-9/beta', 1),
      ranked('desk-9/gamma', 3),
      sampleRecord('c', 1, 'warning'),
    ]
    expect(jobsOf(queuedOf(records), '0').map(({ name }) => name)).toEqual([
      '3 liquidation, 1 warning, 1 market-stale, 2 recovered, worst desk-9/beta/cross/USDT',
    ])
    expect(jobsOf(queuedOf([sampleRecord('a', 1, 'closed')]), '0')[0]?.name).toBe('1 closed')
    const unreadable = { id: '5-1', logId: 'log', event: Buffer.from('"?"'), digest: undefined }
    expect(jobsOf([unreadable], '0')[0]?.name).toBe('1 unreadable')
  })

  it('carry the texts of the events as they were made', () => {
    const records = sampleRecords(3)
    const [job] = jobsOf(queuedOf(records), 'eu')
    const data = jobDataSchema.parse(JSON.parse(job?.text ?? ''))
    expect(data).toEqual({
      schemaVersion: 2,
      logId: 'log',
      shard: 'eu',
      events: records.map(({ event }) => event),
      streamIds: { first: '5-1', last: '5-3' },
    })
    for (const { event } of records) expect(job?.text).toContain(JSON.stringify(event))
    const spaced = { id: '5-1', logId: 'log', event: Buffer.from('{ "id" : 1.0 }'), digest: undefined }
    expect(jobsOf([spaced], 'eu')[0]?.text).toContain('{ "id" : 1.0 }')
  })

  it('hold at most a hundred events and at most JOB_BYTES_MAX bytes; a larger event is a job of its own', () => {
    const large = recordOf(largeEvent('desk/1', 1, 1_600))
    const huge = recordOf(largeEvent('desk/2', 1, 5_000))
    expect(JSON.stringify(huge.event).length).toBeGreaterThan(JOB_BYTES_MAX)
    const jobs = jobsOf(
      queuedOf([...sampleRecords(150), large, large, large, large, large, huge, large]),
      '0',
    )
    expect(sizes(jobs)).toEqual([100, 52, 2, 1, 1, 1])
    expect(jobsOf([], '0')).toEqual([])
  })

  it('hold events of one owner and one log only', () => {
    const events = [
      ...queuedOf(sampleRecords(3), 5, 'first'),
      ...queuedOf(sampleRecords(2), 6, 'first'),
      ...queuedOf(sampleRecords(1), 6, 'second'),
    ]
    const jobs = jobsOf(events, '0')
    expect(sizes(jobs)).toEqual([3, 2, 1])
    expect(jobs.map(({ text }) => JSON.parse(text).logId)).toEqual(['first', 'first', 'second'])
  })

  it('say by their id which event is their last', () => {
    const [job] = jobsOf(queuedOf(sampleRecords(7)), '0')
    expect(lastEventOf(job?.id ?? '')).toEqual({ fence: 5, sequence: 7 })
    expect(lastEventOf('repeat:1')).toBeUndefined()
  })
})
