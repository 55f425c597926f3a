import { describe, expect, it } from 'vitest'
import { PlimsollError } from '../../src/errors.ts'
import { levelRule } from '../../src/margin/index.ts'
import { crossPosition, isolatedLong, makeAccount } from '../support/accounts.ts'
import { allSteps, openMonitor, restoreInto } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100 with 200. Ratio = 0.1 m / (10 m - 800), so 0.5 at 81.63..., 0.7 at 81.15...

describe('the standing of a margin account when marks or terms are lost or the worker starts again', () => {
  it('publishes one event of a stale market, and unknown only for accounts above safe', () => {
    const { monitor, kernel, clock, frame, story, records, events } = openMonitor()
    for (const id of ['safe', 'breached']) {
      monitor.apply({
        kind: 'put',
        account: isolatedLong(id, { isolatedMargin: id === 'safe' ? '900' : '200' }),
      })
    }
    frame([['AUSDT', '80']])
    expect(monitor.unknownMarginAccounts).toBe(0)
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    expect(monitor.unknownMarginAccounts).toBe(2)
    expect(kernel.unknownAccounts).toBe(2)
    frame([['AUSDT', '80']])
    expect(monitor.unknownMarginAccounts).toBe(0)
    expect(story()).toEqual([
      'liquidation breached:isolated:AUSDT:long 1 #1 1',
      'market-stale AUSDT #1 1',
      'unknown breached:isolated:AUSDT:long 1 #1 2',
      'liquidation breached:isolated:AUSDT:long 1 #2 3',
      'market-fresh AUSDT #1 2',
    ])
    expect(events()[1]).toMatchObject({ marginBalance: null, reasons: ['stale-mark'] })
    expect(records[1]).toMatchObject({
      subject: 'market binance AUSDT',
      event: { venue: 'binance', symbol: 'AUSDT', marginAccounts: 2, markPrice: null },
      progress: { venue: 'binance', symbol: 'AUSDT', stale: true, episode: 1, sequence: 1 },
    })
    expect(records[4]).toMatchObject({ event: { marginAccounts: 2, markPrice: '80' }, progress: null })
  })

  it('gives the verdict at the confirmed mark when a venue says that a stale mark has not changed', () => {
    const { monitor, clock, frame, story, events } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    clock.advance(7_000)
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.unchanged('binance', 'AUSDT', 1_700_000_008_000)
    monitor.frameEnd()
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 0.7 #1 1',
      'market-stale AUSDT #1 1',
      'unknown a:isolated:AUSDT:long 0.7 #1 2',
      'market-fresh AUSDT #1 2',
      'warning a:isolated:AUSDT:long 0.7 #2 3',
    ])
    expect(events().at(-1)!.marks).toEqual([
      { symbol: 'AUSDT', markPrice: '81', eventTimeMs: 1_700_000_008_000, ageMs: 0 },
    ])
  })

  it('counts the age of a mark from its last confirmation', () => {
    const { monitor, clock, frame, events } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81.9']])
    for (let i = 0; i < 30; i++) {
      clock.advance(100)
      monitor.frameStart(clock.nowMs(), clock.monotonicMs())
      monitor.unchanged('binance', 'AUSDT', 1_700_000_002_000 + i)
      monitor.frameEnd()
    }
    clock.advance(40)
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '185' }, 2) })
    expect(events().map(({ marks }) => marks[0]!.ageMs)).toEqual([40])
    expect(monitor.counters).toMatchObject({ ticks: 1, confirmations: 30 })
  })

  it('counts accounts of a market that never had a mark as unknown, and says so once its time is over', () => {
    const { monitor, clock, frame, story, records } = openMonitor()
    const cross = (symbol: string) => crossPosition(symbol, { size: '10', entryPrice: '100' })
    const collateral = [{ asset: 'USDT', amount: '200' }]
    monitor.apply({
      kind: 'put',
      account: makeAccount({ venue: 'binance', positions: [cross('AUSDT'), cross('BUSDT')], collateral }),
    })
    monitor.apply({ kind: 'put', account: isolatedLong('b') })
    frame([['AUSDT', '100']])
    frame([['AUSDT', '50']])
    expect(monitor.unknownMarginAccounts).toBe(1)
    clock.advance(30_000)
    monitor.marketStale('binance', 'BUSDT', clock.nowMs(), clock.monotonicMs())
    expect(story()).toEqual(['liquidation b:isolated:AUSDT:long 1 #1 1', 'market-stale BUSDT #1 1'])
    expect(records[1]!.event).toMatchObject({ marginAccounts: 1, sinceMs: clock.nowMs() - 30_000 })
    frame([['BUSDT', '100']])
    expect(story().slice(2)).toEqual(['liquidation a:cross:USDT 1 #1 1', 'market-fresh BUSDT #1 2'])
    expect(monitor.unknownMarginAccounts).toBe(0)
  })

  it('says unknown of what an earlier run published, when its marks do not come back', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('told') })
    first.frame([['AUSDT', '80']])
    const { monitor, clock, story } = openMonitor()
    restoreInto(monitor, first.records)
    for (const id of ['told', 'new']) monitor.apply({ kind: 'put', account: isolatedLong(id) })
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    expect(story()).toEqual(['market-stale AUSDT #1 1', 'unknown told:isolated:AUSDT:long 1 #1 2'])
  })

  it('says that a market is fresh again which an earlier run left stale', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('a') })
    first.monitor.marketStale('binance', 'AUSDT', 1, 1)
    const { monitor, frame, story } = openMonitor({ sequenceFloor: 7 })
    restoreInto(monitor, first.records)
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    frame([['AUSDT', '100']])
    expect(story()).toEqual(['market-fresh AUSDT #1 2'])
  })

  it('counts from the floor if nothing is known of an account', () => {
    const { monitor, frame, story } = openMonitor({ sequenceFloor: 41 })
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    expect(story()).toEqual(['warning a:isolated:AUSDT:long 0.7 #42 42'])
  })

  it('has no verdict on an account of which a new version cannot be read', () => {
    const { monitor, frame, story, events } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    // What cannot be read is a flip to short; the old long would be liquidated below.
    monitor.apply({ kind: 'unreadable', id: 'a', error: new Error('unknown field') })
    expect(monitor.unknownMarginAccounts).toBe(1)
    frame([['AUSDT', '50']])
    expect(story()).toEqual(['unknown a:isolated:AUSDT:long 0 #1 1'])
    expect(events()[0]).toMatchObject({ reasons: ['account-unreadable'], marginBalance: null })
    monitor.apply({ kind: 'put', account: isolatedLong('a', { size: '-10' }, 3) })
    expect(monitor.unknownMarginAccounts).toBe(0)
    expect(story().slice(1)).toEqual(['closed a:isolated:AUSDT:long 0 #2 2'])
  })

  it('keeps watching what Redis lost, publishes unknown if a level is published, and marks its verdicts', () => {
    const { monitor, frame, story, events } = openMonitor()
    for (const id of ['warned', 'safe', 'kept']) {
      const isolatedMargin = id === 'safe' ? '230' : '200'
      monitor.apply({ kind: 'put', account: isolatedLong(id, { isolatedMargin }) })
    }
    frame([['AUSDT', '81']])
    for (const id of ['warned', 'safe']) monitor.apply({ kind: 'lost', id })
    const safe = () => allSteps(monitor.read.levelCounts())[0]!.marginAccounts
    expect([monitor.unknownMarginAccounts, safe()]).toEqual([1, 1])
    expect(story().slice(2)).toEqual(['unknown warned:isolated:AUSDT:long 0.7 #1 2'])
    expect(events().at(-1)!.reasons).toEqual(['book-lost'])
    frame([['AUSDT', '81']])
    expect([monitor.unknownMarginAccounts, safe()]).toEqual([0, 1])
    expect(story().slice(3)).toEqual(['warning warned:isolated:AUSDT:long 0.7 #2 3'])
    expect(events().at(-1)).toMatchObject({ confidence: 'suspect', reasons: ['book-lost'] })
    frame([['AUSDT', '77']])
    expect(
      events()
        .slice(4)
        .map(({ account, confidence }) => [account, confidence])
        .sort(),
    ).toEqual([
      ['kept', 'confirmed'],
      ['safe', 'suspect'],
      ['warned', 'suspect'],
    ])
    monitor.apply({ kind: 'put', account: isolatedLong('safe', { isolatedMargin: '900' }, 2) })
    expect(events().at(-1)).toMatchObject({ account: 'safe', kind: 'recovered', confidence: 'confirmed' })
  })

  it('continues the episode and the numbers of an earlier run, and repeats nothing', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('a') })
    first.frame([['AUSDT', '81']])
    const second = openMonitor()
    restoreInto(second.monitor, first.records)
    second.monitor.apply({ kind: 'put', account: isolatedLong('a') })
    second.frame([['AUSDT', '81']])
    second.frame([['AUSDT', '80']])
    expect(second.story()).toEqual(['liquidation a:isolated:AUSDT:long 1 #1 2'])
  })

  it('refuses an account with an unknown symbol by name and watches the others', () => {
    const { monitor, refused, frame, story } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('bad', { symbol: 'NOUSDT' }) })
    monitor.apply({ kind: 'put', account: isolatedLong('good') })
    frame([['AUSDT', '81.5']])
    expect(refused).toHaveLength(1)
    expect(refused[0]!.message).toContain('NOUSDT')
    expect(story()).toEqual(['warning good:isolated:AUSDT:long 0.5 #1 1'])
  })

  it('publishes after a restart what was closed without a worker, once', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('gone') })
    first.monitor.apply({ kind: 'put', account: isolatedLong('flat') })
    first.monitor.apply({ kind: 'put', account: isolatedLong('refused') })
    first.frame([['AUSDT', '81']])
    const second = openMonitor()
    restoreInto(second.monitor, first.records)
    second.monitor.apply({ kind: 'put', account: { ...isolatedLong('flat', {}, 2), positions: [] } })
    second.monitor.apply({ kind: 'put', account: isolatedLong('refused', { symbol: 'NOUSDT' }, 2) })
    second.monitor.loaded()
    second.monitor.loaded()
    expect(second.story()).toEqual([
      'closed flat:isolated:AUSDT:long 0 #1 2',
      'unknown refused:isolated:AUSDT:long 0.7 #1 2',
      'closed gone:isolated:AUSDT:long 0 #1 2',
    ])
    expect(second.events()[2]).toMatchObject({
      venue: 'binance',
      settle: 'USDT',
      marginMode: 'isolated',
      previousLevel: '0.7',
      marginBalance: null,
      positions: [],
      marks: [],
      cure: null,
    })
    expect(second.events()[1]!.reasons).toEqual(['account-refused'])
  })

  it('publishes that a refused account was removed, and its level when it is accepted again', () => {
    const first = openMonitor()
    const ids = ['early', 'flat', 'late', 'mended']
    for (const id of ids) first.monitor.apply({ kind: 'put', account: isolatedLong(id) })
    first.frame([['AUSDT', '81']])
    const { monitor, frame, story } = openMonitor()
    restoreInto(monitor, first.records)
    for (const id of ids) monitor.refuse(id)
    monitor.apply({ kind: 'removed', id: 'early', version: 2 })
    monitor.loaded()
    monitor.apply({ kind: 'removed', id: 'late', version: 2 })
    monitor.apply({ kind: 'removed', id: 'late', version: 2 })
    monitor.apply({ kind: 'put', account: { ...isolatedLong('flat', {}, 2), positions: [] } })
    monitor.apply({ kind: 'put', account: isolatedLong('mended', {}, 2) })
    frame([['AUSDT', '81']])
    expect(story()).toEqual([
      'closed early:isolated:AUSDT:long 0 #1 2',
      'unknown flat:isolated:AUSDT:long 0.7 #1 2',
      'unknown late:isolated:AUSDT:long 0.7 #1 2',
      'unknown mended:isolated:AUSDT:long 0.7 #1 2',
      'closed late:isolated:AUSDT:long 0 #2 3',
      'closed flat:isolated:AUSDT:long 0 #2 3',
      'warning mended:isolated:AUSDT:long 0.7 #2 3',
    ])
    expect(allSteps(monitor.read.levelCounts())[2]!.marginAccounts).toBe(1)
  })

  it('says unknown of a published breach whose account is refused after the book was loaded', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('a') })
    first.frame([['AUSDT', '80']])
    const { monitor, story } = openMonitor()
    restoreInto(monitor, first.records)
    monitor.apply({ kind: 'put', account: isolatedLong('a', { symbol: 'NOUSDT' }, 2) })
    monitor.loaded()
    expect(story()).toEqual(['unknown a:isolated:AUSDT:long 1 #1 2'])
  })

  it('gives no number twice to an account that was closed without a worker and comes back', () => {
    const first = openMonitor()
    for (const id of ['gone', 'flat']) first.monitor.apply({ kind: 'put', account: isolatedLong(id) })
    first.frame([['AUSDT', '81']])
    const { monitor, frame, story } = openMonitor()
    restoreInto(monitor, first.records)
    monitor.apply({ kind: 'put', account: { ...isolatedLong('flat', {}, 2), positions: [] } })
    monitor.loaded()
    frame([['AUSDT', '81']])
    for (const id of ['gone', 'flat']) monitor.apply({ kind: 'put', account: isolatedLong(id, {}, 3) })
    frame([['AUSDT', '81']])
    expect(story()).toEqual([
      'closed flat:isolated:AUSDT:long 0 #1 2',
      'closed gone:isolated:AUSDT:long 0 #1 2',
      'warning gone:isolated:AUSDT:long 0.7 #3 3',
      'warning flat:isolated:AUSDT:long 0.7 #3 3',
    ])
  })

  it('says unknown when a new version brings a position whose mark is stale', () => {
    const { monitor, clock, frame, story } = openMonitor()
    const cross = (symbol: string) => crossPosition(symbol, { size: '10', entryPrice: '100' })
    const account = (version: number, symbols: readonly string[]) =>
      makeAccount({
        venue: 'binance',
        version,
        positions: symbols.map(cross),
        collateral: [{ asset: 'USDT', amount: '200' }],
      })
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT', isolatedMargin: '900' }) })
    monitor.apply({ kind: 'put', account: account(1, ['AUSDT']) })
    frame([
      ['AUSDT', '81'],
      ['BUSDT', '100'],
    ])
    monitor.marketStale('binance', 'BUSDT', clock.nowMs(), clock.monotonicMs())
    monitor.apply({ kind: 'put', account: account(2, ['AUSDT', 'BUSDT']) })
    frame([['AUSDT', '81']])
    monitor.apply({ kind: 'put', account: account(3, ['AUSDT']) })
    expect(story().filter((line) => line.includes(' a:'))).toEqual([
      'warning a:cross:USDT 0.7 #1 1',
      'unknown a:cross:USDT 0.7 #1 2',
      'warning a:cross:USDT 0.7 #2 3',
    ])
  })

  it('publishes the recovery from a level that is no longer configured', () => {
    const first = openMonitor()
    for (const id of ['a', 'b', 'c']) first.monitor.apply({ kind: 'put', account: isolatedLong(id) })
    first.frame([['AUSDT', '81']])
    // c is told twice: 0.9, and the way back to 0.5, which ends its episode.
    first.monitor.apply({ kind: 'put', account: isolatedLong('c', { isolatedMargin: '199' }, 2) })
    first.monitor.apply({ kind: 'put', account: isolatedLong('c', { isolatedMargin: '203' }, 3) })
    expect(first.story().slice(-2)).toEqual([
      'warning c:isolated:AUSDT:long 0.9 #1 2',
      'recovered c:isolated:AUSDT:long 0.5 #1 3',
    ])
    const { monitor, frame, story } = openMonitor({ rule: levelRule(['0.9']) })
    restoreInto(monitor, first.records)
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    monitor.apply({ kind: 'put', account: isolatedLong('b', { isolatedMargin: '191' }, 2) })
    monitor.apply({ kind: 'put', account: isolatedLong('c', {}, 4) })
    frame([['AUSDT', '81.8']])
    frame([['AUSDT', '81.9']])
    expect(story()).toEqual([
      'warning b:isolated:AUSDT:long 0.9 #1 2',
      'recovered a:isolated:AUSDT:long 0 #1 2',
      'recovered c:isolated:AUSDT:long 0 #2 4',
      'recovered b:isolated:AUSDT:long 0 #1 3',
    ])
  })

  it('takes a full kernel for a fault, not for an account that is refused', () => {
    const { monitor, refused } = openMonitor({
      wrap: (kernel) => {
        kernel.addRow = () => {
          throw new PlimsollError('KERNEL_CAPACITY', 'full')
        }
        return kernel
      },
    })
    expect(() => monitor.apply({ kind: 'put', account: isolatedLong('a') })).toThrow('full')
    expect(refused).toEqual([])
  })

  it('has no verdict on an account whose new terms are refused, until a version comes that is not', () => {
    const { monitor, frame, story, events } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    monitor.apply({ kind: 'put', account: isolatedLong('a', { symbol: 'NOUSDT' }, 2) })
    frame([['AUSDT', '50']])
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '900' }, 3) })
    expect(story()).toEqual([
      'unknown a:isolated:AUSDT:long 0 #1 1',
      'recovered a:isolated:AUSDT:long 0 #2 2',
    ])
    expect(events()[0]).toMatchObject({ reasons: ['account-refused'], marginBalance: null })
    frame([['AUSDT', '10']])
    expect(story()).toHaveLength(3)
  })
})
