import { describe, expect, it } from 'vitest'
import { PlimsollError } from '../../src/errors.ts'
import { evaluate, formatDecimal, levelRule, marginAccountsOf } from '../../src/margin/index.ts'
import { INBOX_TICKS_MAX, nearest } from '../../src/monitor/index.ts'
import { binance } from '../../src/venues/index.ts'
import { isolatedLong, openMonitor, RULES } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100 with 200. Ratio = 0.1 m / (10 m - 800), so
// 0.5 at 81.63..., 0.7 at 81.15..., 0.9 at 80.898..., 1 at 80.808...

describe('the monitor', () => {
  it('tells warnings, the breach and the recovery of one position, each once', () => {
    const { monitor, frame, story } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    for (const mark of ['100', '82', '81.5', '81.5', '81', '80.8', '80', '82', '85']) frame([['AUSDT', mark]])
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 0.5 #1 1',
      'warning a:isolated:AUSDT:long 0.7 #1 2',
      'liquidation a:isolated:AUSDT:long 1 #1 3',
      'recovered a:isolated:AUSDT:long 0 #1 4',
    ])
  })

  it('leaves a level only beyond the hysteresis', () => {
    const { monitor, frame, story } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    // The line of 0.5 is 800 / 9.8 = 81.6326...; it is left at 400 / (5 - 0.101) = 81.6493...
    for (const mark of ['100', '81.63', '81.64', '81.649', '81.65']) frame([['AUSDT', mark]])
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 0.5 #1 1',
      'recovered a:isolated:AUSDT:long 0 #1 2',
    ])
  })

  it('decides a mark exactly on the line by the rule of the venue', () => {
    // 800 / 9.9 has no decimal; margin 199 at mark 81: 10·81 - 801 = 9 against 8.1; margin 198.1: 8.1, on the line.
    const on = openMonitor()
    on.monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '198.1' }) })
    on.frame([['AUSDT', '100']])
    on.frame([['AUSDT', '81']])
    expect(on.story()).toEqual(['liquidation a:isolated:AUSDT:long 1 #1 1'])

    const book = { ...binance.ruleBook, rulesOf: (symbol: string) => RULES[symbol] }
    const passed = { ...book, margin: { closingFee: 'none', liquidation: 'passed' } as const }
    const beyond = openMonitor({ books: { bybit: passed, binance: passed } })
    beyond.monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '198.1' }) })
    beyond.frame([['AUSDT', '100']])
    beyond.frame([['AUSDT', '81']])
    beyond.frame([['AUSDT', '80.999999999999']])
    expect(beyond.story()).toEqual([
      'warning a:isolated:AUSDT:long 0.9 #1 1',
      'liquidation a:isolated:AUSDT:long 1 #1 2',
    ])
  })

  it('carries exact figures, the marks and the cure in an event', () => {
    const { monitor, frame, records } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    frame([['AUSDT', '80.7']])
    const { event, progress } = records[0]!
    expect(event).toMatchObject({
      kind: 'liquidation',
      venue: 'binance',
      account: 'a',
      accountVersion: 1,
      marginMode: 'isolated',
      settle: 'USDT',
      previousLevel: '0',
      level: '1',
      rank: 1,
      walletBalance: '200',
      unrealizedPnl: '-193',
      marginBalance: '7',
      maintenanceMargin: '8.07',
      shortfall: '1.07',
      marginRatio: '1.152857142857142857',
      marks: [{ symbol: 'AUSDT', markPrice: '80.7', ageMs: 0 }],
      confidence: 'confirmed',
      ruleBook: 'test',
    })
    expect(event.positions[0]).toMatchObject({
      symbol: 'AUSDT',
      size: '10',
      liquidationPrice: '80.808080808080808081',
    })
    expect(event.cure!.topUp).toBe('9.14000001')
    expect(progress).toEqual({
      sequence: 1,
      marginAccounts: {
        'a:isolated:AUSDT:long': {
          ...{ episode: 1, open: true, level: '1', unknown: false },
          ...{ venue: 'binance', marginMode: 'isolated', settle: 'USDT' },
        },
      },
    })
  })

  it('judges a hedged pool only on the whole frame', () => {
    const { monitor, frame, story } = openMonitor()
    const positions = [
      { symbol: 'AUSDT', marginMode: 'cross' as const, size: '10', entryPrice: '100' },
      { symbol: 'BUSDT', marginMode: 'cross' as const, size: '-10', entryPrice: '100' },
    ]
    const account = { ...isolatedLong('a'), positions, collateral: [{ asset: 'USDT', amount: '100' }] }
    monitor.apply({ kind: 'put', account })
    frame([
      ['AUSDT', '100'],
      ['BUSDT', '100'],
    ])
    frame([
      ['AUSDT', '50'],
      ['BUSDT', '50'],
    ])
    expect(story()).toEqual([])
    frame([['AUSDT', '40']])
    expect(story()).toEqual(['liquidation a:cross:USDT 1 #1 1'])
  })

  it('takes a frame that carries one instrument twice as two instants', () => {
    const { monitor, frame, story } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    frame([
      ['AUSDT', '80'],
      ['AUSDT', '100'],
    ])
    expect(story()).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #1 1',
      'recovered a:isolated:AUSDT:long 0 #1 2',
    ])
  })

  it('ranks the events of an instant by shortfall and numbers them in that order', () => {
    const { monitor, frame, records } = openMonitor()
    for (const [id, size] of [
      ['small', '1'],
      ['large', '100'],
      ['middle', '10'],
    ] as const) {
      const isolatedMargin = String(20 * Number(size))
      monitor.apply({ kind: 'put', account: isolatedLong(id, { size, isolatedMargin }) })
    }
    frame([['AUSDT', '100']])
    frame([['AUSDT', '80']])
    expect(records.map(({ event }) => [event.account, event.rank])).toEqual([
      ['large', 1],
      ['middle', 2],
      ['small', 3],
    ])
  })

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

  it('judges a new version of an account at once, at the present marks', () => {
    const { monitor, frame, story } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '82']])
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '185' }, 2) })
    monitor.apply({ kind: 'put', account: isolatedLong('a', { isolatedMargin: '500' }, 3) })
    monitor.apply({ kind: 'put', account: { ...isolatedLong('a', {}, 4), positions: [] } })
    expect(story()).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #1 1',
      'recovered a:isolated:AUSDT:long 0 #1 2',
    ])
    frame([['AUSDT', '1']])
    expect(story()).toHaveLength(2)
  })

  it('tells that a position in an episode was closed, and counts on when it is opened again', () => {
    const { monitor, frame, story } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    monitor.apply({ kind: 'put', account: { ...isolatedLong('a', {}, 2), positions: [] } })
    monitor.apply({ kind: 'put', account: isolatedLong('a', {}, 3) })
    monitor.apply({ kind: 'removed', id: 'a', version: 4 })
    monitor.apply({ kind: 'put', account: isolatedLong('a', {}, 5) })
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 0.7 #1 1',
      'closed a:isolated:AUSDT:long 0 #1 2',
      'warning a:isolated:AUSDT:long 0.7 #2 3',
      'closed a:isolated:AUSDT:long 0 #2 4',
      'warning a:isolated:AUSDT:long 0.7 #3 5',
    ])
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

  it('notes in the progress of a record no event that comes after it', () => {
    const { monitor, frame, records } = openMonitor()
    const second = {
      symbol: 'BUSDT',
      marginMode: 'isolated' as const,
      size: '1',
      entryPrice: '100',
      isolatedMargin: '20',
    }
    const account = isolatedLong('a')
    monitor.apply({ kind: 'put', account: { ...account, positions: [...account.positions, second] } })
    frame([
      ['AUSDT', '100'],
      ['BUSDT', '100'],
    ])
    frame([
      ['AUSDT', '80'],
      ['BUSDT', '80'],
    ])
    expect(records.map(({ progress }) => [progress.sequence, Object.keys(progress.marginAccounts)])).toEqual([
      [1, ['a:isolated:AUSDT:long']],
      [2, ['a:isolated:AUSDT:long', 'a:isolated:BUSDT:long']],
    ])
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

  it('asks for the marks of a market when the book first holds it', () => {
    const { monitor, added } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    monitor.apply({ kind: 'put', account: isolatedLong('b') })
    monitor.apply({ kind: 'put', account: isolatedLong('c', { symbol: 'BUSDT' }) })
    expect(added).toEqual(['binance:AUSDT', 'binance:BUSDT'])
  })

  it('counts and leaves aside the ticks of markets without a position', () => {
    const { monitor, frame } = openMonitor()
    frame([['AUSDT', '100']])
    expect(monitor.counters).toMatchObject({ ticks: 0, ticksOutsideBook: 1, instants: 0 })
  })

  it('works a cascade off in slices; instants and changes that come meanwhile wait, in order', () => {
    const { monitor, clock, frame, records, story } = openMonitor()
    for (let i = 0; i < 3_000; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    frame([['AUSDT', '100']])
    let looks = 0
    // Every look at the clock is 1 ms later: a slice of 5 ms ends after a few.
    clock.monotonicMs = () => 1_000 + looks++
    frame([['AUSDT', '80.7']])
    expect(records).toHaveLength(0)
    frame([['AUSDT', '100']])
    monitor.apply({ kind: 'put', account: isolatedLong('a0', { isolatedMargin: '900' }, 2) })
    expect(monitor.isIdle).toBe(false)
    clock.runTurns()
    expect(monitor.isIdle).toBe(true)
    expect(records).toHaveLength(6_000)
    expect(story().filter((line) => line.includes(' a0:'))).toEqual([
      'liquidation a0:isolated:AUSDT:long 1 #1 1',
      'recovered a0:isolated:AUSDT:long 0 #1 2',
    ])
    // The change of a0 came after its breach and before the recovery was judged.
    expect(records.findLast(({ event }) => event.account === 'a0')!.event.accountVersion).toBe(2)
  })

  it('stops with a code when more ticks wait than the inbox holds', () => {
    const { monitor, clock } = openMonitor()
    for (let i = 0; i < 3_000; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    let looks = 0
    clock.monotonicMs = () => 1_000 + 10 * looks++
    const fill = () => {
      for (let i = 0; i <= INBOX_TICKS_MAX; i++) {
        monitor.frameStart(0, 0)
        monitor.tick('binance', 'AUSDT', '100', i)
        monitor.frameEnd()
      }
    }
    expect(fill).toThrow(/INBOX_TICKS_MAX/)
  })

  it('audits standing against exact arithmetic and notices a level that is not true', () => {
    const { monitor, frame } = openMonitor()
    for (let i = 0; i < 10; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    frame([['AUSDT', '81']])
    monitor.audit(20)
    expect(monitor.counters).toMatchObject({ auditChecks: 20, auditDisagreements: 0 })
    for (const watched of monitor.levels.at(2)) watched.standing.level = 1
    monitor.audit(10)
    expect(monitor.counters.auditDisagreements).toBe(10)
  })

  it('names the accounts nearest below their line with exact ratios', () => {
    const { monitor, frame } = openMonitor()
    for (const margin of ['198', '199', '200', '900']) {
      monitor.apply({ kind: 'put', account: isolatedLong(`m${margin}`, { isolatedMargin: margin }) })
    }
    frame([['AUSDT', '81.1']])
    const exact = marginAccountsOf(isolatedLong('m199', { isolatedMargin: '199' }), {
      ...binance.ruleBook,
      rulesOf: (symbol) => RULES[symbol],
    })[0]!
    const { marginBalance } = evaluate(exact, () => '81.1')!
    expect(formatDecimal(marginBalance)).toBe('10')
    expect(nearest(monitor, 2, 4)).toEqual([
      {
        marginAccount: 'm198:isolated:AUSDT:long',
        venue: 'binance',
        settle: 'USDT',
        marginRatio: '0.901111',
      },
      { marginAccount: 'm199:isolated:AUSDT:long', venue: 'binance', settle: 'USDT', marginRatio: '0.811' },
    ])
  })
})
