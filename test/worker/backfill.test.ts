import { expect, it, onTestFinished } from 'vitest'
import { GAPS_KEPT_MAX, RedisGapLog } from '../../src/delivery/index.ts'
import { type Gap, type KeptGap, venueId } from '../../src/domain/index.ts'
import { keysOf } from '../../src/redis/index.ts'
import { systemClock, systemRandom } from '../../src/system/index.ts'
import { GAPS_OPEN_MAX, WorkerBackfill } from '../../src/worker/backfill.ts'
import { RecordingLog } from '../feed/harness.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'
import { useTestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()
const keys = keysOf('backfill')
const AT = 1_700_000_040_000

/** A backfill over a monitor that holds one account. The record of no venue is asked: the stream is one of the user's. */
async function opened() {
  const log = new RecordingLog()
  const { monitor, events } = openMonitor({ startMs: AT })
  monitor.apply({ kind: 'put', account: isolatedLong('a') })
  monitor.loaded()
  const backfill = new WorkerBackfill({
    config: { streamUrls: { 'binance-usdm': 'ws://127.0.0.1:1' } },
    redis: harness.probe,
    keys,
    clock: systemClock,
    random: systemRandom,
    log,
    guard: (action) => action(),
    counters: () => ({ published: 0, streamed: 0 }),
  })
  await backfill.restore(monitor)
  onTestFinished(() => backfill.close())
  return { backfill, monitor, events, log }
}

function gapAfter(ms: number): Gap {
  const times = { fromMs: AT + ms, toMs: AT + ms + 5_000 }
  return { venue: venueId('binance'), symbol: 'AUSDT', ...times, heard: [], held: new Map() }
}

it('gives the monitor nothing once it has ended: the gap stays open for the next worker', async () => {
  const { backfill, monitor, log } = await opened()
  backfill.open()
  backfill.found(gapAfter(0))
  backfill.end()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(monitor.isIdle).toBe(true)
  expect(log.messages).toEqual(['marks were not heard; the record of the venue is asked for them'])
  await backfill.close()
  const { gaps } = await new RedisGapLog(harness.probe, keys.gaps).load((fault) => {
    throw fault
  })
  expect(gaps).toMatchObject([{ fromMs: AT, state: 'open' }])
})

it('publishes gaps beyond those that may wait as not filled, keeps each in Redis, and ends with none open', async () => {
  const { backfill, events, log } = await opened()
  const FILLED_AT_ONCE = 16
  const gaps = GAPS_OPEN_MAX + FILLED_AT_ONCE + 3
  for (let number = 0; number < gaps; number++) backfill.found(gapAfter(number))
  backfill.open()
  const kept = async (): Promise<readonly KeptGap[]> => {
    const { gaps } = await new RedisGapLog(harness.probe, keys.gaps).load((fault) => {
      throw fault
    })
    return gaps
  }
  await until(
    async () => (await kept()).filter(({ state }) => state === 'unfilled').length >= GAPS_KEPT_MAX,
    60_000,
  )
  const states = await kept()
  expect(states.filter(({ state }) => state === 'open')).toEqual([])
  expect(states.at(-1)).toMatchObject({ fromMs: AT + gaps - 1, state: 'unfilled', reasons: ['too-many'] })
  // The oldest are forgotten.
  expect(states).toHaveLength(GAPS_KEPT_MAX)
  expect(states[0]).toMatchObject({ fromMs: AT + gaps - GAPS_KEPT_MAX, reasons: ['no-record'] })
  expect(events().length).toBe(0)
  const ofKind = (reason: string) =>
    log.lines.filter(({ fields }) => (fields.reasons as string[] | undefined)?.includes(reason)).length
  expect(ofKind('too-many')).toBe(3)
  expect(ofKind('no-record')).toBe(gaps - 3)
})
