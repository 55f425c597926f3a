import { describe, expect, it } from 'vitest'
import { createBook } from '../../src/demo/accounts/synthetic-accounts.ts'
import { DEMO_INSTRUMENTS, demoRules } from '../../src/demo/exchange/instruments.ts'
import { createMeter } from '../../src/demo/exchange/meter.ts'
import { distanceOf } from '../../src/demo/screen/nearest.ts'
import { createReporter, type DemoState } from '../../src/demo/screen/reporter.ts'
import { venueId } from '../../src/domain/index.ts'
import { levelRule, marginAccountsOf, marginStateOf } from '../../src/margin/index.ts'
import { withRules } from '../../src/rules/index.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import type { Worker } from '../../src/worker/worker.ts'
import { isolatedPosition, makeAccount } from '../support/accounts.ts'
import { TestClock } from '../support/clock.ts'
import { rulesFrom } from '../support/rules.ts'

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
  const account = makeAccount({
    id: 'demo-1',
    venue: 'binance',
    positions: [isolatedPosition('SOLUSDT', { size: '10', entryPrice: '100', leverage: '10' })],
  })
  const tiers = [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }]
  const rules = { SOLUSDT: rulesFrom({ tiers }) }
  const book = withRules(ruleBookOf(venueId('binance')), rules, 'test')
  const distanceAt = (mark: string | undefined) =>
    distanceOf(marginStateOf(marginAccountsOf(account, book)[0]!, () => mark, levelRule()))

  it('state how far the mark is from the liquidation price, in percent of the mark', () => {
    // Liquidated at 90/0.99 = 90.909…, which is 1 % below 91.8274.
    expect(distanceAt('91.8273645546')).toBeCloseTo(1, 6)
  })

  it('state no distance while the mark is unknown', () => {
    expect(distanceAt(undefined)).toBeNull()
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
        marginAccounts: async () => {
          looks++
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
    const rules = demoRules()
    for (const { venue, symbol } of DEMO_INSTRUMENTS) expect(rules.get(venue)?.[symbol]).toBeDefined()
  })
})
