import { describe, expect, it } from 'vitest'
import { PUBLISH_RECORDS_MAX } from '../../src/domain/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor, restoreInto } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100 with 200. Ratio = 0.1 m / (10 m - 800), so 0.5 at 81.63..., 0.7 at 81.15..., 1 at 80.80...

/** A monitor whose log has room only when the test says so. */
function openWithGate(options: { transitionsWaitingMax?: number; pastMarksMax?: number } = {}) {
  const gate = { isOpen: false }
  const opened = openMonitor({ ...options, hasRoom: () => gate.isOpen })
  const release = () => {
    gate.isOpen = true
    opened.clock.advance(1_000)
    opened.clock.runTurns()
  }
  return { ...opened, gate, release }
}

describe('events that wait for the log of events', () => {
  it('are made from the terms and marks of their instant, while later instants are evaluated', () => {
    const { monitor, frame, events, release } = openWithGate()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '900' }, 2) })
    frame([['AUSDT', '100']])
    expect(monitor.counters.instants).toBe(2)
    expect(monitor.unpublished).toBe(2)
    expect(events()).toEqual([])
    release()
    expect(
      events().map(({ kind, accountVersion, marks }) => [kind, accountVersion, marks[0]!.markPrice]),
    ).toEqual([
      ['warning', 1, '81'],
      ['recovered', 2, '81'],
    ])
    expect(events()[0]).toMatchObject({ marginBalance: '10', maintenanceMargin: '8.1' })
    expect(monitor.isIdle).toBe(true)
  })

  it.each([
    ['kept for them', 200_000],
    ['let go at the limit', 20],
  ])('carry the marks of their instant after hundreds of later ones, the marks %s', (_, pastMarksMax) => {
    const { monitor, clock, frame, events, release } = openWithGate({ pastMarksMax })
    const accounts = 40
    for (let i = 0; i < accounts; i++) {
      monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`, { isolatedMargin: String(200 + i / 2) }) })
    }
    const marks: string[] = []
    let pastMarks = 0
    for (let step = 0; step < 400; step++) {
      if (step % 10 === 9) {
        monitor.frameStart(clock.nowMs(), clock.monotonicMs())
        monitor.unchanged('binance', 'AUSDT', 1_800_000_000_000 + step)
        monitor.frameEnd()
      } else {
        const mark = (81.7 - step / 100).toFixed(3)
        marks.push(mark)
        frame([['AUSDT', mark]])
      }
      clock.runTurns()
      pastMarks = Math.max(pastMarks, monitor.markets.pastMarks)
    }
    expect(monitor.unpublished).toBeGreaterThan(accounts)
    expect(pastMarks).toBeGreaterThan(10)
    expect(pastMarks).toBeLessThanOrEqual(pastMarksMax + 1)
    release()
    expect(monitor.markets.pastMarks).toBe(0)
    for (const { marginAccount, level, marks: seen, walletBalance, marginBalance } of events()) {
      // 10 AUSDT from 100: the balance of the event tells at which mark it was made.
      const mark = (Number(marginBalance) - Number(walletBalance)) / 10 + 100
      expect([marginAccount, Number(seen[0]!.markPrice)]).toEqual([marginAccount, Number(mark.toFixed(3))])
      expect(marks).toContain(seen[0]!.markPrice)
      // The level was reached there and not at the mark before.
      const at = marks.indexOf(seen[0]!.markPrice!)
      const ratioAt = (price: number) => (0.1 * price) / (10 * (price - 100) + Number(walletBalance))
      expect(ratioAt(mark)).toBeGreaterThanOrEqual(Number(level))
      expect(ratioAt(Number(marks[at - 1]))).toBeLessThan(Number(level))
    }
    expect(new Set(events().map(({ marginAccount }) => marginAccount)).size).toBe(accounts)
  })

  it('are settled before many of one account wait in numbers, and nothing of them is lost', () => {
    const { monitor, frame, story, release } = openWithGate()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    let pastMarks = 0
    for (let step = 0; step < 500; step++) {
      frame([['AUSDT', step % 2 === 0 ? '81' : '100']])
      pastMarks = Math.max(pastMarks, monitor.markets.pastMarks)
    }
    expect(monitor.unpublished).toBe(500)
    expect(pastMarks).toBeGreaterThan(10)
    expect(pastMarks).toBeLessThan(50)
    release()
    expect(story()).toHaveLength(500)
    expect(story().at(-1)).toBe('recovered a:isolated:AUSDT:long 0 #250 500')
  })

  it('leave with all liquidations first, whatever instant they are of, and each account in its own order', () => {
    const { monitor, frame, story, release } = openWithGate()
    for (const [id, isolatedMargin] of [
      ['falls', '200'],
      ['warned', '201'],
      ['late', '230'],
    ] as const) {
      monitor.apply({ kind: 'put', account: isolatedLong(id, { isolatedMargin }) })
    }
    frame([['AUSDT', '81.4']])
    frame([['AUSDT', '80.8']])
    frame([['AUSDT', '77']])
    release()
    expect(story()).toEqual([
      'warning falls:isolated:AUSDT:long 0.5 #1 1',
      'liquidation falls:isolated:AUSDT:long 1 #1 2',
      'warning warned:isolated:AUSDT:long 0.5 #1 1',
      'warning warned:isolated:AUSDT:long 0.7 #1 2',
      'liquidation warned:isolated:AUSDT:long 1 #1 3',
      'liquidation late:isolated:AUSDT:long 1 #1 1',
    ])
  })

  it('keep the order of an account that is closed and opened again under the same id', () => {
    const { monitor, frame, story, records, release } = openWithGate()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    monitor.apply({ kind: 'removed', id: 'a', version: 2 })
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '100' }, 3) })
    release()
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 0.7 #1 1',
      'closed a:isolated:AUSDT:long 0 #1 2',
      'liquidation a:isolated:AUSDT:long 1 #3 3',
    ])
    expect(records.at(-1)!.progress).toMatchObject({ level: '1' })
  })

  it('keep the order of an account that is removed while it is safe and comes back in breach', () => {
    const { monitor, frame, story, records, release } = openWithGate()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    frame([['AUSDT', '100']])
    monitor.apply({ kind: 'removed', id: 'a', version: 2 })
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '1' }, 3) })
    release()
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 0.7 #1 1',
      'recovered a:isolated:AUSDT:long 0 #1 2',
      'liquidation a:isolated:AUSDT:long 1 #3 3',
    ])
    expect(records.findLast(({ subject }) => subject.endsWith(':long'))!.progress).toMatchObject({
      level: '1',
    })
  })

  it('keep the order of an account that could not be read when the worker started', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('a') })
    first.frame([['AUSDT', '81']])
    const { monitor, frame, story, release } = openWithGate()
    restoreInto(monitor, first.records)
    monitor.refuse('a')
    monitor.loaded()
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '1' }, 2) })
    frame([['AUSDT', '81']])
    release()
    expect(story()).toEqual([
      'unknown a:isolated:AUSDT:long 0.7 #1 2',
      'liquidation a:isolated:AUSDT:long 1 #2 3',
    ])
  })

  it('are not taken after the monitor is stopped', () => {
    const { monitor, frame, story, release } = openWithGate()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    monitor.stop()
    release()
    expect(story()).toEqual([])
    expect(monitor.unpublished).toBe(1)
  })

  it('are asked for in batches that the log takes', () => {
    const { monitor, frame, batches, release } = openWithGate()
    for (let i = 0; i < 3 * PUBLISH_RECORDS_MAX; i++)
      monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    frame([['AUSDT', '80']])
    release()
    expect(Math.max(...batches)).toBe(PUBLISH_RECORDS_MAX)
    expect(batches.reduce((sum, count) => sum + count, 0)).toBe(3 * PUBLISH_RECORDS_MAX)
  })

  it('stop the worker with a code when more wait than the limit', () => {
    const { monitor, frame } = openWithGate({ transitionsWaitingMax: 10 })
    for (let i = 0; i < 11; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    expect(() => frame([['AUSDT', '80']])).toThrow(expect.objectContaining({ code: 'OUTBOX_FULL' }))
  })

  it('rank thousands of one instant worst first, in slices', () => {
    const { monitor, clock, frame, events } = openMonitor()
    const accounts = 5_000
    // A multiplier without a common divisor gives every account another size, in no order.
    const sizeOf = (index: number) => 1 + ((index * 1_237) % accounts)
    for (let i = 0; i < accounts; i++) {
      const size = sizeOf(i)
      monitor.apply({
        kind: 'put',
        account: isolatedLong(`a${i}`, { size: String(size), isolatedMargin: String(20 * size) }),
      })
    }
    frame([['AUSDT', '100']])
    let looks = 0
    clock.monotonicMs = () => 1_000 + looks++ / 50
    frame([['AUSDT', '80']])
    expect(events().length).toBeLessThan(accounts)
    clock.runTurns()
    const shortfalls = events().map(({ shortfall }) => Number(shortfall))
    expect(shortfalls).toEqual(shortfalls.toSorted((a, b) => b - a))
    expect(events().map(({ rank }) => rank)).toEqual(shortfalls.map((_, index) => index + 1))
    expect(new Set(shortfalls).size).toBe(accounts)
  })

  it('let changes of the book wait as the last of each account, and apply them between instants', () => {
    const { monitor, clock, frame, story } = openMonitor()
    for (let i = 0; i < 2_000; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    let looks = 0
    const { monotonicMs } = clock
    clock.monotonicMs = () => 1_000 + looks++
    frame([['AUSDT', '100']])
    for (let version = 2; version < 50; version++) {
      for (const id of ['a0', 'a1']) {
        monitor.apply({
          kind: 'put',
          account: isolatedLong(id, { isolatedMargin: String(150 + version) }, version),
        })
      }
    }
    clock.monotonicMs = monotonicMs
    clock.runTurns()
    frame([['AUSDT', '81']])
    // Of 150 + 49 the ratio at 81 is 0.9; no earlier version was judged at 100, where all of them are safe.
    expect(story().filter((line) => /a[01]:/.test(line))).toEqual([
      'warning a0:isolated:AUSDT:long 0.9 #1 1',
      'warning a1:isolated:AUSDT:long 0.9 #1 1',
    ])
    expect(monitor.watchlist.termsOf(0).version).toBe(49)
  })

  it('let an account that Redis lost keep the terms that wait to be applied', () => {
    const { monitor, clock, frame, events } = openMonitor()
    for (let i = 0; i < 2_000; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    let looks = 0
    const { monotonicMs } = clock
    clock.monotonicMs = () => 1_000 + looks++
    frame([['AUSDT', '100']])
    monitor.apply({ kind: 'put', account: isolatedLong('new') })
    monitor.apply({ kind: 'lost', id: 'new' })
    monitor.apply({ kind: 'put', account: isolatedLong('a0', { isolatedMargin: '60' }, 2) })
    monitor.apply({ kind: 'lost', id: 'a0' })
    clock.monotonicMs = monotonicMs
    clock.runTurns()
    expect(monitor.watchlist.accounts).toBe(2_001)
    frame([['AUSDT', '94.5']])
    expect(
      events().map(({ account, kind, accountVersion, reasons }) => [account, kind, accountVersion, reasons]),
    ).toEqual([['a0', 'liquidation', 2, ['book-lost']]])
  })
})
