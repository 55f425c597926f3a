import { describe, expect, it } from 'vitest'
import type { GapReason } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { crossPosition, isolatedLong, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'
import { AT, bar, MINUTE_MS, short, VENUE, watching } from '../support/past.ts'

describe('a gap in the marks of a market', () => {
  it('begins with the last mark before an interruption, and ends with the first one behind it', () => {
    const { at, gaps, interrupt } = watching(['a'])
    at(1, ['AUSDT', '99'])
    at(2, ['AUSDT', '101'])
    interrupt()
    expect(gaps).toEqual([])
    at(130, ['AUSDT', '100'])
    at(131, ['AUSDT', '98'])
    expect(short({ gap: gaps[0]! })).toEqual({
      symbol: 'AUSDT',
      fromS: 2,
      toS: 130,
      heard: ['0: 99 to 101'],
      held: [],
    })
    at(180, ['AUSDT', '50'])
    expect(short({ gap: gaps[0]! }).heard).toEqual(['0: 99 to 101', '2: 98 to 100'])
    expect(gaps).toHaveLength(1)
  })

  it('within a minute knows what was heard of it on both sides', () => {
    const { at, gaps, interrupt } = watching(['a'])
    at(1, ['AUSDT', '99'])
    interrupt()
    at(30, ['AUSDT', '101'])
    at(59, ['AUSDT', '100'])
    at(60, ['AUSDT', '77'])
    expect(short({ gap: gaps[0]! })).toMatchObject({ fromS: 1, toS: 30, heard: ['0: 99 to 101'] })
  })

  it('is none where the next mark comes within the cadence, where nobody holds the market, and before the first mark', () => {
    const { at, gaps, monitor, interrupt } = watching(['a'])
    interrupt()
    at(1, ['AUSDT', '99'])
    interrupt()
    at(2, ['AUSDT', '99'])
    interrupt()
    monitor.apply({ kind: 'removed', id: 'a', version: 2 })
    at(100, ['AUSDT', '99'])
    expect(gaps).toEqual([])
  })

  it('is found where the market was stale, and where the venue confirms its last mark', () => {
    const { at, gaps, monitor, interrupt, clock } = watching(['a'])
    at(1, ['AUSDT', '99'])
    monitor.marketStale(VENUE, 'AUSDT', clock.nowMs(), clock.monotonicMs())
    at(70, ['AUSDT', '99'])
    interrupt()
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.unchanged(VENUE, 'AUSDT', AT + 200_000)
    monitor.frameEnd()
    expect(gaps.map((gap) => short({ gap }))).toMatchObject([
      { fromS: 1, toS: 70 },
      { fromS: 70, toS: 200 },
    ])
  })

  it('begins at the mark that an earlier worker evaluated last', () => {
    const { monitor, frame, gaps } = openMonitor()
    const heard = { minuteMs: AT, low: '90', high: '110' }
    monitor.missed.restoreWatermark({
      venue: isolatedLong('a').venue,
      symbol: 'AUSDT',
      eventTimeMs: AT + 5_000,
      heard,
    })
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    monitor.loaded()
    frame([['AUSDT', '100']], VENUE, AT + 95_000)
    expect(short({ gap: gaps[0]! })).toMatchObject({ fromS: 5, toS: 95, heard: ['0: 90 to 110'] })
  })

  it('begins with the first margin account where the first mark comes much later, also for the next worker', () => {
    const { at, gaps, monitor } = watching(['a'])
    expect([...monitor.missed.watermarks()]).toEqual([
      { venue: VENUE, symbol: 'AUSDT', eventTimeMs: AT, heard: null },
    ])
    at(95, ['AUSDT', '99'])
    expect(gaps.map((gap) => short({ gap }))).toEqual([
      { symbol: 'AUSDT', fromS: 0, toS: 95, heard: [], held: [] },
    ])

    const next = openMonitor({ startMs: AT + 50_000 })
    next.monitor.missed.restoreWatermark({
      venue: isolatedLong('a').venue,
      symbol: 'AUSDT',
      eventTimeMs: AT,
      heard: null,
    })
    next.monitor.apply({ kind: 'put', account: isolatedLong('a') })
    next.monitor.loaded()
    expect([...next.monitor.missed.watermarks()]).toMatchObject([{ eventTimeMs: AT, heard: null }])
    next.frame([['AUSDT', '99']], VENUE, AT + 95_000)
    expect(next.gaps.map((gap) => short({ gap }))).toMatchObject([{ fromS: 0, toS: 95, heard: [] }])
    expect([...next.monitor.missed.watermarks()]).toMatchObject([{ eventTimeMs: AT + 95_000 }])
  })

  it('is none while a market is subscribed, and begins anew with an account that comes after all had left', () => {
    const { at, gaps, monitor, clock } = watching(['a'])
    at(10, ['AUSDT', '99'])
    expect(gaps).toEqual([])
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    clock.advanceTo(AT + 15_000)
    monitor.apply({ kind: 'removed', id: 'b', version: 2 })
    clock.runTurns()
    expect(gaps).toEqual([])
    clock.advanceTo(AT + 40_000)
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    at(100, ['BUSDT', '99'])
    expect(gaps.map((gap) => short({ gap }))).toMatchObject([{ symbol: 'BUSDT', fromS: 40, toS: 100 }])
  })

  it('goes on for an account that comes while the market is cut and all others have left', () => {
    const { at, gaps, monitor, clock, interrupt } = watching(['a'])
    at(10, ['AUSDT', '99'])
    interrupt()
    clock.advanceTo(AT + 40_000)
    monitor.apply({ kind: 'removed', id: 'a', version: 2 })
    monitor.apply({ kind: 'put', account: isolatedLong('b') })
    expect([...monitor.missed.watermarks()]).toMatchObject([{ eventTimeMs: AT + 40_000 }])
    at(100, ['AUSDT', '99'])
    expect(gaps.map((gap) => short({ gap }))).toMatchObject([
      { fromS: 10, toS: 40 },
      { fromS: 40, toS: 100 },
    ])
  })

  it('begins where an earlier worker ended, for a market that was held first while none ran', () => {
    const { monitor, frame, gaps, clock } = openMonitor({ startMs: AT + 90_000 })
    const { venue } = isolatedLong('a')
    const heard = { minuteMs: AT, low: '90', high: '110' }
    monitor.missed.restoreWatermark({ venue, symbol: 'AUSDT', eventTimeMs: AT + 5_000, heard })
    monitor.missed.restoreHeardUntil(AT + 5_000)
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    monitor.loaded()
    clock.runTurns()
    frame([['BUSDT', '100']], VENUE, AT + 95_000)
    expect(gaps.map((gap) => short({ gap }))).toEqual([
      { symbol: 'BUSDT', fromS: 5, toS: 95, heard: [], held: [] },
    ])
  })

  it('that is not filled counts whom it leaves without a whole verdict', () => {
    const { at, gaps, interrupt, monitor, clock, records } = watching(['a'], ['b'])
    at(1, ['AUSDT', '99'])
    interrupt()
    at(130, ['AUSDT', '99'])
    const { fromMs, toMs } = gaps[0]!
    const publish = (reasons: GapReason[], undecided: number) =>
      monitor.missed.publishUnfilled(VENUE, 'AUSDT', { fromMs, toMs, reasons, undecided })
    publish(['no-record'], 0)
    publish(['terms-unknown'], 1)
    publish(['bars-missing', 'terms-unknown'], 1)
    clock.runTurns()
    expect(records.map(({ event }) => 'marginAccounts' in event && event.marginAccounts)).toEqual([2, 1, 2])
  })

  it('knows the levels at which margin accounts stood at its ends', () => {
    // Liquidated at 80.808…: 200 + 10·(x − 100) ≤ 0.1·x.
    const { at, gaps, interrupt } = watching(
      ['before'],
      ['after', { isolatedMargin: '150' }],
      ['safe', { isolatedMargin: '500' }],
    )
    at(1, ['AUSDT', '100'])
    at(2, ['AUSDT', '80.7'])
    interrupt()
    at(130, ['AUSDT', '85.8'])
    expect(Object.fromEntries(gaps[0]!.held)).toEqual({
      'before:isolated:AUSDT:long': '1',
      'after:isolated:AUSDT:long': '1',
    })
  })
})

describe('a gap that is filled', () => {
  it('publishes what came and went in it, at the minute and the price, and that it is over', () => {
    const { at, gaps, interrupt, fill, events, story } = watching(['a'], ['far', { isolatedMargin: '500' }])
    at(1, ['AUSDT', '100'])
    interrupt()
    at(200, ['AUSDT', '100'])
    const bars = [bar(0, '99', '100'), bar(1, '80.9', '100'), bar(2, '80.8', '100'), bar(3, '70', '100')]
    expect(fill(gaps[0]!, { AUSDT: bars })).toEqual({ found: 1, undecided: 0 })
    expect(story()).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #1 1',
      'recovered a:isolated:AUSDT:long 0 #1 2',
    ])
    const [breach, recovered] = events()
    expect(breach).toMatchObject({
      eventTimeMs: AT + 2 * MINUTE_MS,
      reasons: ['backfill'],
      confidence: 'confirmed',
      marks: [{ symbol: 'AUSDT', markPrice: '80.8', eventTimeMs: AT + 2 * MINUTE_MS }],
    })
    expect(recovered).toMatchObject({ eventTimeMs: AT + 200_000, marks: [{ markPrice: '100' }] })
    for (const event of events()) expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
  })

  it('publishes nothing of an extreme that was heard, and of a breach that was published at its end', () => {
    const { at, gaps, interrupt, fill, story } = watching(['a'], ['b', { isolatedMargin: '150' }])
    at(1, ['AUSDT', '100'])
    at(2, ['AUSDT', '80.7'])
    at(3, ['AUSDT', '100'])
    interrupt()
    at(130, ['AUSDT', '85.8'])
    at(170, ['AUSDT', '84'])
    at(180, ['AUSDT', '100'])
    const before = story().length
    // The low of the first minute was heard, that of the last one too; `b` was in breach when the gap ended.
    const bars = [bar(0, '80.7', '100'), bar(1, '85', '100'), bar(2, '84', '100')]
    expect(fill(gaps[0]!, { AUSDT: bars })).toEqual({ found: 0, undecided: 0 })
    expect(story()).toHaveLength(before)
    // Lower than what was heard of that minute.
    expect(fill(gaps[0]!, { AUSDT: [bar(2, '80', '100')] })).toEqual({ found: 1, undecided: 0 })
    expect(story().slice(before)).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #2 3',
      'recovered a:isolated:AUSDT:long 0 #2 4',
    ])
  })

  it('raises a level that stands, and lets it fall back', () => {
    const { at, gaps, interrupt, fill, story } = watching(['a'])
    at(1, ['AUSDT', '100'])
    interrupt()
    // 0.1·81.6 / (200 − 184) is half of the line.
    at(130, ['AUSDT', '81.6'])
    fill(gaps[0]!, { AUSDT: [bar(1, '80', '100')] })
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 0.5 #1 1',
      'liquidation a:isolated:AUSDT:long 1 #1 2',
      'recovered a:isolated:AUSDT:long 0.5 #1 3',
    ])
  })

  it('publishes a level of several markets once, whichever of their gaps shows it, and not what was published live', () => {
    const both = makeAccount({
      id: 'x',
      venue: VENUE,
      collateral: [{ asset: 'USDT', amount: '20' }],
      positions: [crossPosition('AUSDT'), crossPosition('BUSDT')],
    })
    const { at, gaps, monitor, interrupt, fill, story, clock } = watching()
    monitor.apply({ kind: 'put', account: both })
    const cut = () => {
      interrupt()
      monitor.marketInterrupted(VENUE, 'BUSDT', clock.nowMs(), clock.monotonicMs())
    }
    at(1, ['AUSDT', '100'], ['BUSDT', '100'])
    cut()
    at(130, ['AUSDT', '100'], ['BUSDT', '100'])
    const bars = { AUSDT: [bar(1, '85', '100', '85')], BUSDT: [bar(1, '90', '100', '90')] }
    expect(gaps.map(({ symbol }) => symbol)).toEqual(['AUSDT', 'BUSDT'])
    expect(gaps.map((gap) => fill(gap, bars).found)).toEqual([1, 0])
    const once = ['liquidation x:cross:USDT 1 #1 1', 'recovered x:cross:USDT 0 #1 2']
    expect(story()).toEqual(once)
    // Another breach, in a later gap, is another one.
    cut()
    at(250, ['AUSDT', '100'], ['BUSDT', '100'])
    const later = { AUSDT: [bar(3, '85', '100', '85')], BUSDT: [bar(3, '90', '100', '90')] }
    expect(gaps.slice(2).map((gap) => fill(gap, later).found)).toEqual([1, 0])
    expect(story()).toHaveLength(4)
    // One market is heard on; what it shows is published live.
    interrupt()
    at(310, ['BUSDT', '75'])
    at(320, ['BUSDT', '100'])
    at(430, ['AUSDT', '100'])
    expect(story()).toHaveLength(6)
    const live = { AUSDT: [bar(5, '99', '100')], BUSDT: [bar(5, '75', '100', '75')] }
    expect(fill(gaps[4]!, live)).toMatchObject({ found: 0 })
    expect(story()).toHaveLength(6)
  })

  it('judges a minute once in which two gaps are', () => {
    const { at, gaps, interrupt, fill, story } = watching(['a'])
    at(1, ['AUSDT', '100'])
    interrupt()
    at(70, ['AUSDT', '100'])
    interrupt()
    at(90, ['AUSDT', '100'])
    interrupt()
    at(150, ['AUSDT', '100'])
    const [low, lowest] = [bar(1, '80', '100'), bar(2, '79', '100')]
    expect(fill(gaps[0]!, { AUSDT: [bar(0, '99', '100'), low] })).toMatchObject({ found: 1 })
    expect(fill(gaps[1]!, { AUSDT: [low] })).toMatchObject({ found: 0 })
    expect(fill(gaps[2]!, { AUSDT: [low, lowest] })).toMatchObject({ found: 1 })
    expect(story()).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #1 1',
      'recovered a:isolated:AUSDT:long 0 #1 2',
      'liquidation a:isolated:AUSDT:long 1 #2 3',
      'recovered a:isolated:AUSDT:long 0 #2 4',
    ])
  })

  it('judges shorts by the high', () => {
    const { at, gaps, interrupt, fill, events } = watching(['s', { size: '-10' }])
    at(1, ['AUSDT', '100'])
    interrupt()
    at(130, ['AUSDT', '100'])
    fill(gaps[0]!, { AUSDT: [bar(1, '50', '119')] })
    expect(events()[0]).toMatchObject({ kind: 'liquidation', marks: [{ markPrice: '119' }] })
  })

  it('judges several markets at their opens, and at extremes that may not have come together', () => {
    const both = makeAccount({
      id: 'x',
      venue: VENUE,
      collateral: [{ asset: 'USDT', amount: '20' }],
      positions: [crossPosition('AUSDT'), crossPosition('BUSDT', { size: '-1' })],
    })
    const { at, gaps, monitor, interrupt, fill, events } = watching()
    monitor.apply({ kind: 'put', account: both })
    at(1, ['AUSDT', '100'], ['BUSDT', '100'])
    interrupt()
    at(190, ['AUSDT', '100'], ['BUSDT', '100'])
    // Loses 9 + 10: 20 − 19 ≤ 2.01.
    const extremes = { AUSDT: [bar(1, '91', '100')], BUSDT: [bar(1, '100', '110', '100')] }
    expect(fill(gaps[0]!, extremes)).toEqual({ found: 1, undecided: 0 })
    expect(events()[0]).toMatchObject({ kind: 'liquidation', confidence: 'suspect' })
    expect(events()[0]!.reasons).toEqual(['backfill-extremes', 'backfill'])
    // At one moment.
    const opens = { AUSDT: [bar(2, '91', '100', '91')], BUSDT: [bar(2, '100', '110', '110')] }
    expect(fill(gaps[0]!, opens)).toEqual({ found: 1, undecided: 0 })
    expect(events()[2]).toMatchObject({ kind: 'liquidation', confidence: 'confirmed', reasons: ['backfill'] })
    for (const event of events()) expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
    // The other market has no bar of that minute.
    expect(fill(gaps[0]!, { AUSDT: [bar(3, '91', '100')] })).toEqual({ found: 0, undecided: 1 })
  })

  it('judges an account that has changed by the terms of each minute', () => {
    const { at, gaps, monitor, interrupt, fill, events } = watching(['a'])
    at(1, ['AUSDT', '100'])
    interrupt()
    const now = isolatedLong('a', { isolatedMargin: '900' }, 2)
    monitor.apply({ kind: 'put', account: now })
    at(250, ['AUSDT', '100'])
    const versions = (fromS: number) =>
      new Map([
        [
          'a',
          [
            { fromMs: 0, account: isolatedLong('a') },
            { fromMs: AT + fromS * 1_000, account: now },
          ],
        ],
      ])
    const bars = { AUSDT: [bar(1, '80', '100'), bar(2, '80', '100')] }
    expect(fill(gaps[0]!, bars, versions(30))).toEqual({ found: 0, undecided: 0 })
    expect(fill(gaps[0]!, bars, versions(90))).toEqual({ found: 1, undecided: 0 })
    expect(events()[0]).toMatchObject({ kind: 'liquidation', accountVersion: 1, walletBalance: '200' })
    expect(events()[0]!.reasons).toEqual(['backfill-change', 'backfill'])
    expect(events()[1]).toMatchObject({ kind: 'recovered', accountVersion: 2 })
    const unknown = new Map([
      [
        'a',
        [
          { fromMs: 0, account: 'unknown' as const },
          { fromMs: AT + 90_000, account: now },
        ],
      ],
    ])
    expect(fill(gaps[0]!, bars, unknown)).toEqual({ found: 0, undecided: 1 })
    for (const event of events()) expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
  })

  it('judges an account by its terms before a change that came after Redis was asked for the changes', () => {
    const { at, gaps, monitor, interrupt, fill, events } = watching(['a'], ['b'], ['c'])
    at(1, ['AUSDT', '100'])
    interrupt()
    at(130, ['AUSDT', '100'])
    monitor.missed.expect()
    at(200, ['AUSDT', '100'])
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '900' }, 2) })
    monitor.apply({ kind: 'removed', id: 'b', version: 2 })
    monitor.apply({ kind: 'put', account: isolatedLong('new') })
    expect(fill(gaps[0]!, { AUSDT: [bar(1, '80', '100')] })).toEqual({ found: 3, undecided: 0 })
    monitor.missed.expectNoMore()
    const breaches = events().filter(({ kind }) => kind === 'liquidation')
    expect(breaches.map(({ account, accountVersion }) => [account, accountVersion])).toEqual(
      expect.arrayContaining([
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ]),
    )
  })

  it('judges an account by its terms before a change that comes while it waits for its turn', () => {
    const { at, gaps, monitor, interrupt, events, clock, kernel } = watching(['a'], ['b'])
    at(1, ['AUSDT', '100'])
    interrupt()
    at(130, ['AUSDT', '100'])
    // The slice ends with the first account.
    const recheck = kernel.recheckAccount.bind(kernel)
    kernel.recheckAccount = (marginAccount) => {
      clock.advance(10)
      return recheck(marginAccount)
    }
    const bars = new Map([['AUSDT', new Map([[AT + MINUTE_MS, bar(1, '80', '100')]])]])
    monitor.missed.judge({
      gap: gaps[0]!,
      minutes: [AT + MINUTE_MS],
      bars,
      versions: new Map(),
      published: new Map(),
      done: () => undefined,
    })
    expect([monitor.isIdle, monitor.waitingChanges]).toEqual([false, 0])
    for (const id of ['a', 'b'])
      monitor.apply({ kind: 'put', account: isolatedLong(id, { isolatedMargin: '900' }, 2) })
    clock.runTurns()
    const breaches = events().filter(({ kind }) => kind === 'liquidation')
    expect(breaches.map(({ account, accountVersion }) => [account, accountVersion])).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })
})
