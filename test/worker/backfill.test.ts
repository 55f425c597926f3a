import { expect, it } from 'vitest'
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

it('publishes gaps beyond those that may wait as not filled, keeps each in Redis, and ends with none open', async () => {
  const log = new RecordingLog()
  const { monitor, events } = openMonitor({ startMs: AT })
  monitor.apply({ kind: 'put', account: isolatedLong('a') })
  monitor.loaded()
  const backfill = new WorkerBackfill({
    // A stream of the user's: the venue's record is not asked for its prices.
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
  const FILLED_AT_ONCE = 16
  const gaps = GAPS_OPEN_MAX + FILLED_AT_ONCE + 3
  for (let number = 0; number < gaps; number++) {
    const gap: Gap = {
      venue: venueId('binance'),
      symbol: 'AUSDT',
      fromMs: AT + number,
      toMs: AT + number + 5_000,
      heard: [],
      held: new Map(),
    }
    backfill.found(gap)
  }
  backfill.open()
  const kept = async (): Promise<readonly KeptGap[]> => {
    const { gaps } = await new RedisGapLog(harness.probe, keys.gaps).load((fault) => {
      throw fault
    })
    return gaps
  }
  try {
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
  } finally {
    await backfill.close()
  }
  const ofKind = (reason: string) =>
    log.lines.filter(({ fields }) => (fields.reasons as string[] | undefined)?.includes(reason)).length
  expect(ofKind('too-many')).toBe(3)
  expect(ofKind('no-record')).toBe(gaps - 3)
})
