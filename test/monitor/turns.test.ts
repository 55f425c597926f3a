import { describe, expect, it } from 'vitest'
import { SLICE_MS } from '../../src/monitor/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const ACCOUNTS = 200

/** A monitor whose events wait for later turns. Each look at its clock is `time.lookMs` later. */
function monitorWithWaitingEvents() {
  const opened = openMonitor()
  const { monitor, clock, frame } = opened
  for (let i = 0; i < ACCOUNTS; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
  const other = isolatedLong('b')
  const positions = other.positions.map((position) => ({ ...position, symbol: 'BUSDT' }))
  monitor.apply({ kind: 'put', account: { ...other, positions } })
  frame([['AUSDT', '100']])
  frame([['BUSDT', '100']])
  const time = { nowMs: 1_000, lookMs: 1 }
  clock.monotonicMs = () => {
    time.nowMs += time.lookMs
    return time.nowMs
  }
  frame([['AUSDT', '80']])
  while (monitor.counters.instants < 3) clock.runTurn()
  expect(monitor.unpublished).toBeGreaterThan(ACCOUNTS / 2)
  return { ...opened, time }
}

describe('a frame that comes while events wait for later turns', () => {
  it('is judged at once, before them', () => {
    const { monitor, clock, frame, story, time } = monitorWithWaitingEvents()
    time.lookMs = 0.001
    const { unpublished } = monitor
    frame([['BUSDT', '80']])
    expect(monitor.counters.instants).toBe(4)
    expect(monitor.unpublished).toBe(unpublished + 1)
    clock.runTurns()
    expect(monitor.isIdle).toBe(true)
    expect(story().filter((line) => line.includes(' b:'))).toEqual([
      'liquidation b:isolated:BUSDT:long 1 #1 1',
    ])
  })

  it('waits for the next turn when the frames before it took their part of this one', () => {
    const { monitor, clock, frame, time } = monitorWithWaitingEvents()
    const judgedOf = (frames: number) => {
      const before = monitor.counters.instants
      for (let i = 0; i < frames; i++) frame([['BUSDT', i % 2 === 0 ? '99' : '100']])
      return monitor.counters.instants - before
    }
    time.lookMs = 1
    expect(judgedOf(20)).toBeGreaterThan(0)
    expect(monitor.waiting).toBeGreaterThan(20 - 2 * SLICE_MS)
    expect(judgedOf(20)).toBe(0)
    while (monitor.waiting > 0) clock.runTurn()
    expect(monitor.unpublished).toBeGreaterThan(0)
    expect(judgedOf(1)).toBe(1)
  })
})
