import { describe, expect, it } from 'vitest'
import { PlimsollError } from '../../src/errors.ts'
import { levelRule } from '../../src/margin/index.ts'
import { isolatedLong, openMonitor } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100 with 200. Ratio = 0.1 m / (10 m - 800), so 0.5 at 81.63..., 0.7 at 81.15...

describe('where a margin account stands, when marks or terms are lost or the worker starts again', () => {
  it('says unknown when a mark goes stale, and where the account stands when it is back', () => {
    const { monitor, clock, frame, story, records } = openMonitor()
    for (const id of ['safe', 'breached']) {
      monitor.apply({
        kind: 'put',
        account: isolatedLong(id, { isolatedMargin: id === 'safe' ? '900' : '200' }),
      })
    }
    frame([['AUSDT', '80']])
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    frame([['AUSDT', '80']])
    expect(story()).toEqual([
      'liquidation breached:isolated:AUSDT:long 1 #1 1',
      'unknown breached:isolated:AUSDT:long 1 #1 2',
      'unknown safe:isolated:AUSDT:long 0 #1 1',
      'liquidation breached:isolated:AUSDT:long 1 #2 3',
      'recovered safe:isolated:AUSDT:long 0 #2 2',
    ])
    expect(records[1]!.event).toMatchObject({ marginBalance: null, reasons: ['stale-mark'] })
  })

  it('says unknown of what an earlier run told, when its marks do not come back', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('told') })
    first.frame([['AUSDT', '80']])
    const { monitor, clock, story } = openMonitor()
    monitor.restore('told', first.records[0]!.progress)
    for (const id of ['told', 'new']) monitor.apply({ kind: 'put', account: isolatedLong(id) })
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    expect(story()).toEqual(['unknown told:isolated:AUSDT:long 1 #1 2'])
  })

  it('says nothing of a market that never had a mark', () => {
    const { monitor, clock, story } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    expect(story()).toEqual([])
  })

  it('goes on with the episode and the numbers of an earlier run, and repeats nothing', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('a') })
    first.frame([['AUSDT', '81']])
    const second = openMonitor()
    second.monitor.restore('a', first.records[0]!.progress)
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

  it('tells after a restart what was closed while nobody watched, once', () => {
    const first = openMonitor()
    first.monitor.apply({ kind: 'put', account: isolatedLong('gone') })
    first.monitor.apply({ kind: 'put', account: isolatedLong('flat') })
    first.monitor.apply({ kind: 'put', account: isolatedLong('refused') })
    first.frame([['AUSDT', '81']])
    const second = openMonitor()
    for (const { event, progress } of first.records) second.monitor.restore(event.account, progress)
    second.monitor.apply({ kind: 'put', account: { ...isolatedLong('flat', {}, 2), positions: [] } })
    second.monitor.apply({ kind: 'put', account: isolatedLong('refused', { symbol: 'NOUSDT' }, 2) })
    second.monitor.loaded()
    second.monitor.loaded()
    expect(second.story()).toEqual([
      'closed flat:isolated:AUSDT:long 0 #1 2',
      'closed gone:isolated:AUSDT:long 0 #1 2',
      'unknown refused:isolated:AUSDT:long 0.7 #1 2',
    ])
    expect(second.records[1]!.event).toMatchObject({
      ...{ venue: 'binance', settle: 'USDT', marginMode: 'isolated', previousLevel: '0.7' },
      ...{ marginBalance: null, positions: [], marks: [], cure: null },
    })
    expect(second.records[2]!.event.reasons).toEqual(['account-refused'])
  })

  it('tells that a refused account was removed, and where it stands when it is accepted again', () => {
    const first = openMonitor()
    const ids = ['early', 'flat', 'late', 'mended']
    for (const id of ids) first.monitor.apply({ kind: 'put', account: isolatedLong(id) })
    first.frame([['AUSDT', '81']])
    const { monitor, frame, story } = openMonitor()
    for (const { event, progress } of first.records) monitor.restore(event.account, progress)
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
    expect(monitor.levels.at(2).size).toBe(1)
  })

  it('says unknown when a new version brings a position whose mark is stale', () => {
    const { monitor, clock, frame, story } = openMonitor()
    const cross = (symbol: string) =>
      ({ symbol, marginMode: 'cross', size: '10', entryPrice: '100' }) as const
    const account = (version: number, symbols: readonly string[]) => ({
      ...isolatedLong('a', {}, version),
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

  it('tells the recovery from a level that is no longer configured', () => {
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
    for (const { event, progress } of first.records) monitor.restore(event.account, progress)
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
    const { monitor, frame, story, records } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    monitor.apply({ kind: 'put', account: isolatedLong('a', { symbol: 'NOUSDT' }, 2) })
    frame([['AUSDT', '50']])
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '900' }, 3) })
    expect(story()).toEqual([
      'unknown a:isolated:AUSDT:long 0 #1 1',
      'recovered a:isolated:AUSDT:long 0 #2 2',
    ])
    expect(records[0]!.event).toMatchObject({ reasons: ['account-refused'], marginBalance: null })
    frame([['AUSDT', '10']])
    expect(story()).toHaveLength(3)
  })
})
