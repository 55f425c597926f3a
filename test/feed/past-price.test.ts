import { describe, expect, it } from 'vitest'
import { Markets } from '../../src/feed/markets.ts'

const HOUR_MS = 3_600_000
/** Time of the venue at the start of the test. */
const START_MS = 1_700_000_000_000

/** A market whose venue states times, at `atMs` of the monotonic clock. */
function open(judgedUntilMs = 0) {
  const markets = new Markets({
    staleAfterMs: 5_000,
    indexStaleAfterMs: 5_000,
    firstMarkMs: 30_000,
    judgedUntilMs: () => judgedUntilMs,
    aheadOfClock: () => {},
  })
  markets.add('BTCUSDT', 0)
  const hear = (atMs: number, price: string | undefined, eventTimeMs: number | undefined) =>
    markets.accept('BTCUSDT', price, eventTimeMs, {
      receivedMonotonicMs: atMs,
      receivedTimeMs: START_MS + atMs,
      heardMs: atMs,
    })
  return { markets, hear, check: (atMs: number) => markets.check(atMs, () => {}) }
}

describe('a mark that ends a silence', () => {
  it('is dropped as old until the venue states a later time than before the silence', () => {
    const { hear, check, markets } = open()
    expect(hear(1_000, '100', START_MS + 1_000)).toBe('freshened')
    check(7_000)
    for (const second of [0, 1, 2, 60])
      expect(hear(8 * HOUR_MS + second * 1_000, '100', START_MS + 1_000)).toBe('older')
    expect(markets.all.get('BTCUSDT')).toMatchObject({ state: 'stale' })
    expect(hear(9 * HOUR_MS, '90', START_MS + 1_001)).toBe('freshened')
  })

  it('is dropped also behind another connection', () => {
    const { hear, check, markets } = open()
    hear(1_000, '100', START_MS + 1_000)
    markets.forgetOrder()
    check(7_000)
    expect(hear(HOUR_MS, '100', START_MS + 900)).toBe('older')
    expect(hear(HOUR_MS + 1_000, '100', START_MS + 1_000)).toBe('older')
    expect(hear(HOUR_MS + 2_000, '90', START_MS + HOUR_MS)).toBe('freshened')
  })

  it('is accepted with the second time that goes on as ours does: the clock of the venue was set back', () => {
    const { hear, check } = open()
    hear(1_000, '100', START_MS + 1_000)
    check(7_000)
    expect(hear(8_000, '90', START_MS + 8_000 - HOUR_MS)).toBe('older')
    expect(hear(9_000, '91', START_MS + 9_000 - HOUR_MS)).toBe('freshened')
    expect(hear(10_000, '92', START_MS + 10_000 - HOUR_MS)).toBe('accepted')
    check(16_000)
    // What counts behind the next silence is the new clock.
    expect(hear(17_000, '93', START_MS + 17_000 - HOUR_MS)).toBe('freshened')
  })

  it('is dropped where old marks come together, whose times go on faster than ours', () => {
    const { hear, check } = open()
    hear(60_000, '100', START_MS + 60_000)
    check(70_000)
    for (const second of [10, 11, 12, 13])
      expect(hear(HOUR_MS + second, '100', START_MS + second * 1_000)).toBe('older')
  })

  it('is accepted where the venue states no times, and on another connection in time', () => {
    const timeless = open()
    timeless.hear(1_000, '100', undefined)
    timeless.check(7_000)
    expect(timeless.hear(HOUR_MS, '90', undefined)).toBe('freshened')
    const { hear, markets } = open()
    hear(1_000, '100', START_MS + 1_000)
    markets.forgetOrder()
    expect(hear(3_000, '100', START_MS + 1_000)).toBe('accepted')
  })

  it('confirms nothing as long as it is old, and after another price that was dropped', () => {
    const { hear, check } = open()
    hear(1_000, '100', START_MS + 1_000)
    check(7_000)
    expect(hear(HOUR_MS, undefined, START_MS + 1_000)).toBe('older')
    expect(hear(HOUR_MS + 1_000, '101', START_MS + 500)).toBe('older')
    expect(hear(HOUR_MS + 2_000, undefined, START_MS + HOUR_MS)).toBe('doubtful')
  })
})

describe('the first mark of a worker', () => {
  it('is dropped unless it is newer than what an earlier worker may have evaluated', () => {
    const { hear, markets } = open(START_MS)
    expect(hear(1_000, '100', START_MS - 8 * HOUR_MS)).toBe('older')
    expect(hear(2_000, '100', START_MS)).toBe('older')
    expect(markets.all.get('BTCUSDT')).toMatchObject({ state: 'unknown' })
    expect(hear(3_000, '90', START_MS + 1)).toBe('freshened')
    expect(open().hear(1_000, '100', START_MS - 8 * HOUR_MS)).toBe('freshened')
  })
})
