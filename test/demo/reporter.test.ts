import { describe, expect, it } from 'vitest'
import { createBook } from '../../src/demo/accounts/synthetic-accounts.ts'
import { DEMO_INSTRUMENTS, demoRules } from '../../src/demo/exchange/instruments.ts'
import { createMeter } from '../../src/demo/exchange/meter.ts'
import { nearestLines } from '../../src/demo/screen/nearest.ts'
import { createReporter, type DemoState } from '../../src/demo/screen/reporter.ts'
import { createVenueCounts } from '../../src/demo/venue-counts.ts'
import { levelRule } from '../../src/margin/index.ts'
import type { Worker } from '../../src/worker/worker.ts'
import { isolatedLong, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { TestClock } from '../support/clock.ts'
import { openMonitor } from '../support/monitor.ts'

describe('rates of the view', () => {
  it('are per second of a window of a second or more, and stay until the next is complete', () => {
    const clock = new TestClock(0)
    const meter = createMeter(['ticks'], clock)
    expect(meter.rates({ ticks: 0 })).toEqual({ ticks: 0 })
    clock.advanceTo(500)
    expect(meter.rates({ ticks: 100 })).toEqual({ ticks: 0 })
    clock.advanceTo(2_000)
    expect(meter.rates({ ticks: 600 })).toEqual({ ticks: 300 })
    clock.advanceTo(2_900)
    expect(meter.rates({ ticks: 5_000 })).toEqual({ ticks: 300 })
  })
})

describe('the accounts nearest to their line', () => {
  // 10 AUSDT, at 81.1 with a loss of 189 and a maintenance margin of 8.11. At equal ratios a short is nearer than a long.
  const SIDES = { long: { size: '10', entryPrice: '100' }, short: { size: '-10', entryPrice: '62.2' } }
  const opened = (...accounts: readonly [side: keyof typeof SIDES, margin: string][]) => {
    const { monitor, frame } = openMonitor()
    for (const [side, isolatedMargin] of accounts) {
      const account = isolatedLong(`${side}${isolatedMargin}`, { ...SIDES[side], isolatedMargin })
      monitor.apply({ kind: 'put', account })
    }
    frame([['AUSDT', '81.1']])
    return monitor.read
  }
  const LEVELS = ['0.5', '0.7', '0.9']

  it('stand in the order of their exact distances, also where that of their ratios is another', async () => {
    const read = opened(['long', '199.1375'], ['short', '199.1757'], ['long', '202'])
    const lines = await nearestLines(read, LEVELS, 8)
    expect(lines.map(({ marginAccount }) => marginAccount.split(':')[0])).toEqual([
      'short199.1757',
      'long199.1375',
      'long202',
    ])
    // 2.0275 left over 811 · 0.99, and 0.8 = 8.11 / 10.1375. The short has 0.797, and 2.0657 left over 811 · 1.01.
    expect(lines[1]).toMatchObject({ marginRatio: '0.8', distance: expect.stringMatching(/^0\.00252525/) })
    expect(await nearestLines(read, LEVELS, 1)).toEqual([lines[0]])
  })

  it('are those of the nearest level alone where these are enough, and none without a verdict', async () => {
    const read = opened(['long', '198.01'], ['long', '204'])
    expect(await nearestLines(read, LEVELS, 1)).toMatchObject([
      { marginAccount: expect.stringContaining('198.01') },
    ])
    expect(await nearestLines(read, ['0.7'], 8)).toHaveLength(0)
  })
})

const NO_PROGRESS = { delivered: 0, arrivals: {}, replayedTicks: 0 }

/** A run with a worker whose parts are given. */
function reporting(parts: { readonly read: object; readonly state?: Partial<DemoState> }) {
  const clock = new TestClock(0)
  const read = {
    counters: () => ({ waiting: 0, ticks: 1, events: {}, log: { enqueued: 0 } }),
    marginAccounts: async () => ({ lines: [], next: null }),
    levels: async () => [],
    market: () => undefined,
    ...parts.read,
  }
  const state: DemoState = {
    stage: undefined,
    stored: 10,
    counts: createVenueCounts(),
    progress: NO_PROGRESS,
    headlines: [],
    exchange: undefined,
    worker: { read } as unknown as Worker,
    isReplaying: false,
    notes: [],
    ...parts.state,
  }
  const book = createBook(1, 10, DEMO_INSTRUMENTS)
  return {
    clock,
    state,
    reporter: createReporter({ state, book, durationMs: 1_000, rule: levelRule(), clock }),
  }
}

describe('the snapshot of a run', () => {
  it('states of each venue what it holds, hears and has sent to the other process', () => {
    const progress = { ...NO_PROGRESS, arrivals: { okx: { delivered: 3, duplicated: 0 } } }
    const market = (venue: string) => (venue === 'okx' ? { markPrice: '75' } : undefined)
    const { clock, state, reporter } = reporting({ read: { market }, state: { progress } })
    reporter.snapshot()
    state.counts.store([makeAccount({ venue: 'okx', positions: [isolatedPosition('SOL-USDT-SWAP', {})] })])
    const heard = { venue: 'okx', symbol: 'SOL-USDT-SWAP', markPrice: '75' }
    for (let price = 0; price < 20; price++) state.counts.hear([heard])
    clock.advanceTo(2_000)
    const { venues } = reporter.snapshot()
    expect(venues.map(({ venue }) => venue)).toEqual([
      'bybit',
      'binance',
      'okx',
      'kraken',
      'deribit',
      'bitmex',
    ])
    expect(venues[2]).toEqual({
      venue: 'okx',
      accounts: 1,
      markets: 1,
      pricesPerSecond: 10,
      events: 3,
      mark: { symbol: 'SOL-USDT-SWAP', markPrice: '75', changePercent: expect.any(Number) },
    })
    expect(venues[0]).toMatchObject({ accounts: 0, events: 0, mark: null })
  })

  it('counts the accounts by level at most every two seconds, one count at a time, and not for a line', async () => {
    let counts = 0
    let finish = () => {}
    const levels = () => {
      counts++
      return new Promise((resolve) => {
        finish = () => resolve([])
      })
    }
    const { clock, reporter } = reporting({ read: { levels } })
    const countsAt = (nowMs: number) => {
      clock.advanceTo(nowMs)
      reporter.snapshot()
      return counts
    }
    reporter.snapshotOfCounters()
    expect(counts).toBe(0)
    expect([countsAt(0), countsAt(150), countsAt(5_000)]).toEqual([1, 1, 1])
    finish()
    await new Promise((resolve) => setImmediate(resolve))
    expect([countsAt(5_150), countsAt(5_300), countsAt(9_000)]).toEqual([2, 2, 2])
  })

  it('states how far the replay is once the worker has stopped, of which nothing is asked any more', () => {
    const levels = () => {
      throw new Error('the worker has stopped')
    }
    const progress = { ...NO_PROGRESS, replayedTicks: 1 }
    const { state, reporter } = reporting({ read: { levels }, state: { progress, isReplaying: true } })
    state.counts.hear([
      { venue: 'okx', symbol: 'SOL-USDT-SWAP', markPrice: '75' },
      { venue: 'okx', symbol: 'BTC-USDT-SWAP', markPrice: '60000' },
    ])
    expect(reporter.snapshot().replay).toEqual({ ticks: 1, ticksInAll: 2 })
  })

  it('tells the stage and the stored accounts before there is a worker', () => {
    const state: DemoState = {
      stage: 'loading',
      stored: 1_500,
      counts: createVenueCounts(),
      progress: NO_PROGRESS,
      isReplaying: false,
      exchange: undefined,
      worker: undefined,
      headlines: [],
      notes: [],
    }
    const reporter = createReporter({
      state,
      book: createBook(1, 10, DEMO_INSTRUMENTS),
      durationMs: 1_000,
      rule: levelRule(),
      clock: new TestClock(0),
    })
    reporter.note('a note')
    expect(reporter.snapshot()).toMatchObject({
      phase: 'loading',
      accounts: 1_500,
      replay: null,
      nearest: [],
      warningLevel: '10%',
      delivery: { made: 0, delivered: 0 },
      notes: ['a note'],
    })
    for (let note = 0; note < 50; note++) reporter.note(String(note))
    expect(reporter.snapshot().notes.length).toBeLessThanOrEqual(20)
  })

  it('looks for the nearest accounts at most every two seconds, and not while prices wait', async () => {
    let looks = 0
    let waiting = 0
    const { clock, reporter } = reporting({
      read: {
        counters: () => ({ waiting, ticks: 1, events: {}, log: { enqueued: 0 } }),
        marginAccounts: async ({ levels }: { levels: readonly string[] }) => {
          if (levels[0] === '2%') looks++
          return { lines: [], next: null }
        },
      },
    })
    const looksAt = async (nowMs: number) => {
      clock.advanceTo(nowMs)
      reporter.snapshot()
      await new Promise((resolve) => setImmediate(resolve))
      return looks
    }
    expect([await looksAt(0), await looksAt(150), await looksAt(1_950), await looksAt(2_000)]).toEqual([
      1, 1, 1, 2,
    ])
    waiting = 1
    expect([await looksAt(4_000), await looksAt(9_000)]).toEqual([2, 2])
    waiting = 0
    expect(await looksAt(9_150)).toBe(3)
  })

  it('has rules for every demo instrument', () => {
    const rules = demoRules(DEMO_INSTRUMENTS)
    for (const { venue, symbol } of DEMO_INSTRUMENTS) expect(rules.get(venue)?.[symbol]).toBeDefined()
  })
})
