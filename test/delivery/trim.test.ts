import { describe, expect, it } from 'vitest'
import type { EventRecord } from '../../src/domain/index.ts'
import { useTestRedis } from '../support/redis.ts'
import { KEYS, largeEvent, openLog, recordOf, sampleRecords } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()

const BYTES_MAX = 2_000_000
const LIMITS = { bytesMax: BYTES_MAX, entriesMax: 1_000 }

/** Bytes and entries of the events in the stream. */
async function held(): Promise<{ bytes: number; entries: number; oldest: string }> {
  const entries = await harness.probe.xrange(KEYS.events, '-', '+')
  const bytes = entries.reduce((sum, [, fields]) => sum + (fields[1] ?? '').length, 0)
  return { bytes, entries: entries.length, oldest: entries[0]?.[0] ?? '' }
}

async function publish(batches: readonly EventRecord[][]) {
  const opened = await openLog(harness.server.url, { streamLimits: LIMITS })
  for (const batch of batches) {
    opened.log.publish(batch)
    expect(await opened.log.flush(20_000)).toBe(true)
  }
  return opened
}

const LARGE = recordOf(largeEvent('desk/1', 1, 200))
const large = (count: number) => Array.from({ length: count }, () => [LARGE])

describe('the trim of the stream', () => {
  it('keeps large events to the limit in bytes', async () => {
    const { close } = await publish(large(120))
    const { bytes, entries } = await held()
    expect(bytes).toBeLessThan(BYTES_MAX * 1.1)
    expect(bytes).toBeGreaterThan(BYTES_MAX * 0.8)
    expect(entries).toBeLessThan(60)
    await close()
  })

  it('keeps small events to the limit in entries', async () => {
    const { close } = await publish(Array.from({ length: 25 }, (_, batch) => sampleRecords(50, batch * 50)))
    const { entries } = await held()
    expect(entries).toBeLessThanOrEqual(1_070)
    expect(entries).toBeGreaterThanOrEqual(1_000)
    await close()
  })

  it('holds when large events are followed by small ones, and over a restart', async () => {
    await (await publish(large(60))).close()
    const { close } = await publish([
      ...Array.from({ length: 12 }, (_, batch) => sampleRecords(50, batch * 50)),
    ])
    const { bytes } = await held()
    expect(bytes).toBeLessThan(BYTES_MAX * 1.1)
    await close()
  })

  it('spares what is not in every queue yet', async () => {
    const { log, close } = await openLog(harness.server.url, { streamLimits: LIMITS })
    const meta = `${KEYS.queuePrefix}:margin-events:meta`
    // BullMQ's script reads this hash before it writes: it refuses to add.
    await harness.probe.set(meta, 'damaged')
    for (const [index, batch] of large(80).entries()) {
      log.publish(batch)
      await until(() => log.counters().streamed > index)
    }
    expect((await held()).entries).toBe(81)
    await harness.probe.del(meta)
    expect(await log.flush(20_000)).toBe(true)
    log.publish([LARGE])
    expect(await log.flush(20_000)).toBe(true)
    expect((await held()).bytes).toBeLessThan(BYTES_MAX * 1.1)
    await close()
  })
})
