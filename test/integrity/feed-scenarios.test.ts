import { describe, expect, it } from 'vitest'
import { openFeedScenario } from './feed-scenario.ts'
import { desk, START_MS } from './scenario.ts'

const HOUR_MS = 3_600_000
/** Bought at 100: warned at 81.63…, where half of its margin is asked for, liquidated at 80.80…. */
const LONG = desk('BTC', 'bybit', { entryPrice: '100' })

describe('S10: a price that is zero, empty or no price', () => {
  it.each([
    '"0"',
    '"0.00"',
    '0',
    '""',
    '" "',
    'null',
    '[]',
    '{}',
    '"-1"',
    '"1e999"',
    '1e999',
    '"NaN"',
    '"Infinity"',
    '"0x10"',
    '"1_000"',
    '"1,000"',
    'true',
  ])('liquidates nobody: %s', (none) => {
    const run = openFeedScenario([LONG])
    run.state(['"100"', '"91"', '"82.5"', '"81"', none, none])
    run.state(new Array(8).fill(none))
    run.state(['"82"', '"100"'])
    expect(run.story()).toEqual([
      '3 s: desk/bybit warning at 81 confirmed',
      '8 s: bybit BTCUSDT market-stale',
      '8 s: desk/bybit unknown at no mark confirmed stale-mark',
      '14 s: bybit BTCUSDT market-fresh',
      '14 s: desk/bybit recovered at 82 confirmed',
    ])
    expect(run.counters()).toMatchObject({ malformed: 10 })
  })
})

describe('S12: a venue is halted for eight hours and states its old price first', () => {
  it('to a worker that was started meanwhile: no event is of that price, before and after the first new one', () => {
    const before = openFeedScenario([LONG])
    before.state(['"100"', '"100"', '"100"'])
    const stated = before.clock.nowMs() - 1_000
    const left = before.leave()
    const atOldPrice = desk('BTC', 'bybit', { entryPrice: '130', id: 'desk/bought-later' })
    const startMs = START_MS + 8 * HOUR_MS
    const run = openFeedScenario([LONG, atOldPrice], startMs, left)
    run.state(new Array(40).fill('"100"'), stated)
    run.state(['"100"', '"100"'], stated - 60_000)
    expect(run.monitor.unknownMarginAccounts).toBe(2)
    run.state(['"120"', '"110"'])
    expect(run.story()).toEqual(['30 s: bybit BTCUSDT market-stale', '42 s: bybit BTCUSDT market-fresh'])
  })

  it('and confirms it later as that of the present: it is judged from then on', () => {
    const before = openFeedScenario([LONG])
    before.state(['"100"', '"91"', '"82.5"', '"81"'])
    const stated = before.clock.nowMs() - 1_000
    const run = openFeedScenario([LONG], START_MS + 8 * HOUR_MS, before.leave())
    run.state(['"80"', '"80"'], stated)
    run.venue.confirm(stated)
    run.pass(1)
    expect(run.story()).toEqual([])
    run.venue.confirm(run.clock.nowMs())
    run.pass(1)
    expect(run.story()).toEqual(['3 s: desk/bybit liquidation at 80 confirmed'])
    expect(run.counters()).toMatchObject({ droppedOld: 3, doubtful: 1, ticks: 1 })
  })

  it('to a worker that runs on: no event is of that price', () => {
    const run = openFeedScenario([LONG])
    run.state(['"100"', '"91"', '"82.5"', '"81"'])
    const stated = run.clock.nowMs() - 1_000
    run.halt(8)
    run.put(desk('BTC', 'bybit', { entryPrice: '110', id: 'desk/bought-later' }))
    run.state(new Array(10).fill('"81"'), stated)
    run.state(['"100"', '"92"', '"88"'])
    expect(run.story()).toEqual([
      '3 s: desk/bybit warning at 81 confirmed',
      '8 s: bybit BTCUSDT market-stale',
      '8 s: desk/bybit unknown at no mark confirmed stale-mark',
      '28824 s: bybit BTCUSDT market-fresh',
      '28824 s: desk/bybit recovered at 100 confirmed',
      '28826 s: desk/bought-later liquidation at 88 confirmed',
    ])
  })
})

describe('S14: a venue falls silent while others fall by 15 %', () => {
  it('its market is stale and its accounts unknown within five seconds; at its next price they are liquidated', () => {
    const run = openFeedScenario([LONG])
    run.state(['"100"', '"91"', '"82.5"', '"81"'])
    run.pass(60)
    run.state(['"70"', '"70"'])
    expect(run.story()).toEqual([
      '3 s: desk/bybit warning at 81 confirmed',
      '8 s: bybit BTCUSDT market-stale',
      '8 s: desk/bybit unknown at no mark confirmed stale-mark',
      '64 s: desk/bybit liquidation at 70 confirmed',
      '64 s: bybit BTCUSDT market-fresh',
    ])
  })
})
