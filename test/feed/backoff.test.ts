import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectBudget, jitteredDelayMs } from '../../src/feed/backoff.ts'
import { openFeed } from '../../src/feed/index.ts'
import { FEED_LIMITS } from '../../src/feed/limits.ts'
import { Markets } from '../../src/feed/markets.ts'
import { type Connect, httpGet, openFollowed } from '../../src/system/index.ts'
import { TestClock } from '../support/clock.ts'
import { testSeed } from '../support/seed.ts'
import { optionsOf, RecordingSink } from './harness.ts'

const SEED = testSeed(30)

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

  it(`never lets more than five through in any second, nor more than one a second on average (seed ${SEED})`, () => {
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
      { seed: SEED, numRuns: 50 },
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

describe('the budget of connects after an attempt that failed', () => {
  it('lets the next one come no sooner than a second after the last, whoever asks', () => {
    const time = { nowMs: 0 }
    const budget = connectBudget(at(time))
    expect([budget.reserve(), budget.reserve()]).toEqual([0, 0])
    time.nowMs = 5
    budget.failed()
    expect(budget.tryReserve()).toBe(false)
    expect([budget.reserve(), budget.reserve()]).toEqual([995, 1_995])
    time.nowMs = 4_000
    expect([budget.tryReserve(), budget.tryReserve(), budget.reserve()]).toEqual([true, false, 1_000])
  })

  it('allows several at once again when none has failed for a minute', () => {
    const time = { nowMs: 0 }
    const budget = connectBudget(at(time))
    budget.failed()
    time.nowMs = 59_999
    expect([budget.reserve(), budget.reserve()]).toEqual([0, 1_000])
    time.nowMs = 120_000
    expect([budget.reserve(), budget.reserve()]).toEqual([0, 0])
  })
})

describe('a venue that ends every connection at once', () => {
  const stormOf = (feeds: number, livesMs: number, chance: readonly number[]) => {
    const clock = new TestClock(0)
    const attemptsMs: number[] = []
    const failuresMs: number[] = []
    const connect: Connect = (_url, _limits, events) => {
      attemptsMs.push(clock.nowMs())
      let isClosed = false
      clock.after(livesMs, () => {
        isClosed = true
        failuresMs.push(clock.nowMs())
        events.closed(1013)
      })
      return {
        get isClosed() {
          return isClosed
        },
        unsentBytes: 0,
        send: () => {},
        ping: () => {},
        close: () => {},
        terminate: () => {},
      }
    }
    let draw = 0
    const budget = connectBudget(clock)
    for (let feed = 0; feed < feeds; feed++)
      openFeed({
        ...optionsOf({ url: 'ws://127.0.0.1:1' }, ['BTCUSDT']),
        machine: { connect, httpGet, openFollowed },
        clock,
        random: () => chance[draw++ % chance.length]!,
        limits: FEED_LIMITS,
        budget,
        sink: new RecordingSink(),
      })
    clock.advance(60_000)
    return { attemptsMs, failuresMs }
  }

  it(`gets one connection in any second after the first that failed (seed ${SEED})`, () => {
    const chance = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 900 }),
        chance,
        (feeds, livesMs, drawn) => {
          const { attemptsMs, failuresMs } = stormOf(feeds, livesMs, drawn)
          const later = attemptsMs.filter((attemptMs) => attemptMs > failuresMs[0]!)
          // A feed alone waits for its jitter of at most 4 s as well.
          expect(later.length).toBeGreaterThan(feeds === 1 ? 8 : 15)
          for (let index = 1; index < later.length; index++)
            expect(later[index]! - later[index - 1]!).toBeGreaterThanOrEqual(1_000 - 1e-6)
          expect(attemptsMs.filter((attemptMs) => attemptMs < 1_000).length).toBe(Math.min(feeds, 5))
        },
      ),
      { seed: SEED, numRuns: 50 },
    )
  })
})

describe('an outage of 10 s', () => {
  it('ends for a feed within 4 s of the end of the outage, and within a storm of eight feeds within 11 s', () => {
    const outageMs = 10_000
    const { backoffBaseMs, backoffCapMs } = FEED_LIMITS
    const reconnectMs = (feeds: number, chance: readonly number[]): number => {
      const clock = new TestClock(0)
      const budget = connectBudget(clock)
      let draw = 0
      const random = () => chance[draw++ % chance.length]!
      let lastMs = 0
      const connect = (attempt: number): void => {
        if (clock.nowMs() >= outageMs) {
          lastMs = clock.nowMs()
          return
        }
        budget.failed()
        clock.after(jitteredDelayMs(attempt, backoffBaseMs, backoffCapMs, random), () =>
          clock.after(budget.reserve(), () => connect(attempt + 1)),
        )
      }
      for (let feed = 0; feed < feeds; feed++) clock.after(budget.reserve(), () => connect(0))
      clock.advance(60_000)
      return lastMs - outageMs
    }
    const chance = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(chance, (drawn) => {
        expect(reconnectMs(1, drawn)).toBeLessThanOrEqual(4_000)
        expect(reconnectMs(8, drawn)).toBeLessThanOrEqual(11_000)
      }),
      { seed: testSeed(12_700), numRuns: 500 },
    )
  })
})

describe('freshness of markets', () => {
  const opened = () => {
    const markets = new Markets({
      staleAfterMs: 5_000,
      indexStaleAfterMs: 5_000,
      firstMarkMs: 30_000,
      aheadOfClock: () => {},
    })
    markets.add('BTCUSDT', 0)
    const reported: string[] = []
    const check = (heardMs: number) =>
      markets.check(heardMs, (symbol, state) => reported.push(`${symbol} ${state}`))
    const frame = (timeMs: number) => ({
      receivedMonotonicMs: timeMs,
      receivedTimeMs: timeMs,
      heardMs: timeMs,
    })
    return { markets, reported, check, frame }
  }

  it('lasts as long as the limit and not a millisecond more', () => {
    const { markets, reported, check, frame } = opened()
    markets.accept('BTCUSDT', '100', 1, frame(1_000))
    check(6_000)
    expect(reported).toEqual([])
    check(6_001)
    check(7_000)
    expect(reported).toEqual(['BTCUSDT stale'])
  })

  it('is never taken from a market that has had no mark: it stays unknown, which is reported once', () => {
    const { markets, reported, check } = opened()
    check(30_000)
    expect(reported).toEqual([])
    check(30_001)
    check(1e9)
    expect(reported).toEqual(['BTCUSDT unknown'])
    expect(markets.all.get('BTCUSDT')?.state).toBe('unknown')
  })

  it('orders by venue times up to a second ahead of our clock, and by none further ahead', () => {
    const orders = (aheadMs: number) => {
      const { markets, frame } = opened()
      markets.accept('BTCUSDT', '100', 10_000 + aheadMs, frame(10_000))
      return markets.accept('BTCUSDT', '101', 10_000, frame(10_001)) === 'older'
    }
    expect([1, 1_000, 1_001, 1e9].map(orders)).toEqual([true, true, false, false])
  })

  it('tells apart when a mark was stated and when it was confirmed', () => {
    const { markets, frame } = opened()
    markets.accept('BTCUSDT', '100', 1, frame(1_000))
    markets.accept('BTCUSDT', undefined, 2, frame(3_000))
    expect(markets.all.get('BTCUSDT')).toMatchObject({
      state: 'fresh',
      statedMonotonicMs: 1_000,
      seenMonotonicMs: 3_000,
      eventTimeMs: 2,
    })
  })
})
