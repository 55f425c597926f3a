import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectBudget, jitteredDelayMs } from '../../src/feed/backoff.ts'
import { Markets } from '../../src/feed/markets.ts'

const at = (time: { nowMs: number }) => ({
  nowMs: () => 0,
  monotonicMs: () => time.nowMs,
  after: () => () => {},
  nextTurn: () => {},
})

describe('the budget of connects', () => {
  it('lets five through at once and then one a second, however many ask', () => {
    const budget = connectBudget(at({ nowMs: 0 }))
    const waits = Array.from({ length: 8 }, () => budget.reserve())
    expect(waits).toEqual([0, 0, 0, 0, 0, 1_000, 2_000, 3_000])
  })

  it('never lets more than five through in any second, nor more than one a second on average', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 300 })
    fc.assert(
      fc.property(pauses, (pausesMs) => {
        const time = { nowMs: 0 }
        const budget = connectBudget(at(time))
        const starts = pausesMs.map((pauseMs) => {
          time.nowMs += pauseMs
          return time.nowMs + budget.reserve()
        })
        for (const start of starts) {
          const within = (ms: number) =>
            starts.filter((other) => other >= start && other < start + ms - 1e-6).length
          expect(within(1_000)).toBeLessThanOrEqual(5)
          expect(within(60_000)).toBeLessThanOrEqual(64)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('gives a renewal only what is left', () => {
    const time = { nowMs: 0 }
    const budget = connectBudget(at(time))
    expect(Array.from({ length: 6 }, () => budget.tryReserve())).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ])
    time.nowMs = 1_000
    expect([budget.tryReserve(), budget.tryReserve()]).toEqual([true, false])
  })
})

describe('the delay before a reconnect', () => {
  it('lies anywhere between nothing and base·2^attempt, at most the cap', () => {
    expect([0, 1, 2, 5, 6, 1_000].map((attempt) => jitteredDelayMs(attempt, 500, 30_000, () => 1))).toEqual([
      500, 1_000, 2_000, 16_000, 30_000, 30_000,
    ])
    expect(jitteredDelayMs(3, 500, 30_000, () => 0)).toBe(0)
    expect(jitteredDelayMs(3, 500, 30_000, () => 0.25)).toBe(1_000)
  })
})

describe('freshness of markets', () => {
  it('lasts as long as the limit and not a millisecond more', () => {
    const markets = new Markets(5_000)
    markets.add('BTCUSDT', 0)
    const stale: string[] = []
    markets.accept('BTCUSDT', 1, 1_000)
    markets.check(6_000, (symbol) => stale.push(symbol))
    expect(stale).toEqual([])
    markets.check(6_001, (symbol) => stale.push(symbol))
    markets.check(7_000, (symbol) => stale.push(symbol))
    expect(stale).toEqual(['BTCUSDT'])
  })

  it('is never taken from a market that has had no mark: it stays unknown', () => {
    const markets = new Markets(5_000)
    markets.add('BTCUSDT', 0)
    markets.check(1e9, () => expect.fail('unknown markets do not become stale'))
    expect(markets.all.get('BTCUSDT')?.state).toBe('unknown')
  })
})
