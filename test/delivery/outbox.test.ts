import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { OUTBOX_BYTES_MAX, RECENT_BYTES_MAX, RECORD_BYTES_MAX } from '../../src/delivery/index.ts'
import { Outbox } from '../../src/delivery/outbox.ts'
import { PUBLISH_RECORDS_MAX } from '../../src/domain/index.ts'
import { largeEvent, recordOf, sampleRecord, sampleRecords } from '../support/sample-events.ts'

const MIB = 1024 * 1024

function moveAll(outbox: Outbox): void {
  outbox.advanceStreamed(outbox.published)
  outbox.advanceEnqueued(outbox.published)
}

describe('the outbox', () => {
  it('holds the JSON of a record as it was published, made once', () => {
    const outbox = new Outbox()
    const record = sampleRecord('desk/1', 7)
    outbox.push([record], 12)
    const packed = outbox.record(1)
    expect(JSON.parse(packed.event.toString())).toEqual(record.event)
    expect(JSON.parse(packed.progress?.toString() ?? '')).toEqual(record.progress)
    expect(packed).toMatchObject({ subject: 'desk/1/cross/USDT', sequence: 7, kind: 'liquidation', rank: 1 })
    expect(outbox.record(1).event).toBe(packed.event)
    let made = 0
    const counting = {
      ...record.event,
      toJSON: () => {
        made++
        return record.event
      },
    }
    outbox.push([{ ...record, event: counting }], 12)
    moveAll(outbox)
    outbox.batch(1, 2, 10, MIB)
    expect(made).toBe(1)
  })

  it('has room as long as a batch of the largest events fits below its limit', () => {
    const outbox = new Outbox()
    const largest = recordOf(largeEvent('desk/1', 1, 1_000))
    const batch = new Array(PUBLISH_RECORDS_MAX).fill(largest)
    expect(JSON.stringify(largest).length).toBeLessThan(RECORD_BYTES_MAX)
    while (outbox.hasRoom) outbox.push(batch, 0)
    expect(outbox.waitingBytes).toBeLessThanOrEqual(OUTBOX_BYTES_MAX)
    expect(outbox.waitingBytes).toBeGreaterThan(OUTBOX_BYTES_MAX / 2)
    moveAll(outbox)
    expect(outbox.hasRoom).toBe(true)
  })

  it('counts small records too, so that their number is bounded', () => {
    const limits = { outboxBytesMax: MIB, recordBytesMax: 1_000, recentBytesMax: MIB }
    const outbox = new Outbox(limits)
    const { event, ...rest } = sampleRecord('desk/1', 1)
    const small = { ...rest, event: { id: event.id } as typeof event }
    while (outbox.hasRoom) outbox.push([small], 0)
    expect(outbox.pending).toBeLessThan(MIB / 512)
  })

  it('cuts a batch by count and by bytes; a larger record makes a batch by itself', () => {
    const outbox = new Outbox()
    outbox.push([...sampleRecords(5), recordOf(largeEvent('desk/9', 1, 300)), ...sampleRecords(5)], 0)
    const cut = (first: number) => outbox.batch(first, outbox.published, 4, 8_000).length
    expect([cut(1), cut(5), cut(6), cut(7), cut(10), cut(12)]).toEqual([4, 1, 1, 4, 2, 0])
  })

  it('gives back what was enqueued, from the recent ones, and says what it no longer holds', () => {
    const outbox = new Outbox({ outboxBytesMax: MIB, recordBytesMax: 1_000, recentBytesMax: 20_000 })
    outbox.push(sampleRecords(100), 0)
    moveAll(outbox)
    const heldFrom = 1 + outbox.rewind(0, 0)
    expect(outbox).toMatchObject({ streamed: heldFrom - 1, enqueued: heldFrom - 1 })
    expect(outbox.heldBytes).toBeLessThanOrEqual(20_000)
    expect(outbox.waitingBytes).toBe(outbox.heldBytes)
    expect(JSON.parse(outbox.record(heldFrom).event.toString())).toEqual(
      sampleRecords(1, heldFrom - 1)[0]?.event,
    )
    expect(() => outbox.record(heldFrom - 1)).toThrow('no longer held')
  })

  it('memory stays flat over 34,000 events of accounts with 100 positions', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const usedMib = async () => {
      gc()
      // Buffers are given back by another thread.
      await new Promise((resolve) => setTimeout(resolve, 100))
      gc()
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      return (heapUsed + arrayBuffers) / MIB
    }
    const outbox = new Outbox()
    const batch = new Array(50).fill(recordOf(largeEvent('desk/1', 1, 100)))
    const used: number[] = []
    for (let events = 50; events <= 34_000; events += 50) {
      outbox.push(batch, 0)
      moveAll(outbox)
      if (events % 8_500 === 0) used.push(await usedMib())
    }
    expect(used).toHaveLength(4)
    expect(outbox.heldBytes).toBeLessThanOrEqual(RECENT_BYTES_MAX)
    expect(Math.max(...used) - Math.min(...used)).toBeLessThan(RECENT_BYTES_MAX / MIB / 4)
  })
})
