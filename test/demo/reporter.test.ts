import { describe, expect, it } from 'vitest'
import { createBook } from '../../src/demo/accounts/synthetic-accounts.ts'
import { DEMO_INSTRUMENTS, demoRules } from '../../src/demo/exchange/instruments.ts'
import { createMeter } from '../../src/demo/exchange/meter.ts'
import { nearestLines } from '../../src/demo/screen/nearest.ts'
import { createReporter, type DemoState } from '../../src/demo/screen/reporter.ts'
import { levelRule } from '../../src/margin/index.ts'
import type { Worker } from '../../src/worker/worker.ts'
import { isolatedLong } from '../support/accounts.ts'
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

describe('the snapshot of a run', () => {
  it('tells the stage and the stored accounts before there is a worker', () => {
    const state: DemoState = {
      stage: 'loading',
      stored: 1_500,
      delivered: 0,
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
      marks: [],
      nearest: [],
      warningLevel: '10%',
      delivery: { made: 0, delivered: 0 },
      notes: ['a note'],
    })
    for (let note = 0; note < 50; note++) reporter.note(String(note))
    expect(reporter.snapshot().notes.length).toBeLessThanOrEqual(20)
  })

  it('looks for the nearest accounts at most every two seconds, and not while prices wait', () => {
    const clock = new TestClock(0)
    let looks = 0
    let waiting = 0
    const worker = {
      read: {
        counters: () => ({ waiting, ticks: 1, events: {}, log: { enqueued: 0 } }),
        marginAccounts: async ({ levels }: { levels: readonly string[] }) => {
          if (levels[0] === '2%') looks++
          return { lines: [], next: null }
        },
        levels: async () => [],
        market: () => undefined,
      },
    } as unknown as Worker
    const state: DemoState = {
      stage: undefined,
      stored: 10,
      delivered: 0,
      headlines: [],
      exchange: undefined,
      worker,
      notes: [],
    }
    const book = createBook(1, 10, DEMO_INSTRUMENTS)
    const reporter = createReporter({ state, book, durationMs: 1_000, rule: levelRule(), clock })
    const looksAt = (nowMs: number) => {
      clock.advanceTo(nowMs)
      reporter.snapshot()
      return looks
    }
    expect([looksAt(0), looksAt(150), looksAt(1_950), looksAt(2_000)]).toEqual([1, 1, 1, 2])
    waiting = 1
    expect([looksAt(4_000), looksAt(9_000)]).toEqual([2, 2])
    waiting = 0
    expect(looksAt(9_150)).toBe(3)
  })

  it('has rules for every demo instrument', () => {
    const rules = demoRules(DEMO_INSTRUMENTS)
    for (const { venue, symbol } of DEMO_INSTRUMENTS) expect(rules.get(venue)?.[symbol]).toBeDefined()
  })
})
