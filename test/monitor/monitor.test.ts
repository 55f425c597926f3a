import { describe, expect, it } from 'vitest'
import { evaluate, formatDecimal, marginAccountsOf } from '../../src/margin/index.ts'
import { PENDING_TICKS_MAX } from '../../src/monitor/index.ts'
import { binance } from '../../src/venues/index.ts'
import { crossPosition, isolatedLong, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor, RULES } from '../support/monitor.ts'

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
    const passed = { ...book, defaults: { closingFee: 'none', liquidation: 'passed' } as const }
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
    const { monitor, frame, records, events } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    frame([['AUSDT', '80.7']])
    const { progress } = records[0]!
    const event = events()[0]!
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
    expect(records[0]).toMatchObject({ subject: 'a:isolated:AUSDT:long' })
    expect(progress).toEqual({
      episode: 1,
      sequence: 1,
      open: true,
      level: '1',
      unknown: false,
      account: 'a',
      venue: 'binance',
      marginMode: 'isolated',
      settle: 'USDT',
    })
  })

  it('says how far the account is from its line: 0 on it and beyond, null where no move leads there or without a verdict', () => {
    const { monitor, frame, events } = openMonitor()
    const own = (id: string, margin: string, version: number) => ({
      ...isolatedLong(id, { isolatedMargin: margin }, version),
      levels: ['5%', '2%'],
    })
    monitor.apply({ kind: 'put', account: own('a', '200', 1) })
    monitor.apply({ kind: 'put', account: own('b', '210', 1) })
    frame([['AUSDT', '100']])
    frame([['AUSDT', '82']])
    frame([['AUSDT', '800']])
    frame([['AUSDT', '80.5']])
    // What all of the position is worth: no fall takes it.
    monitor.apply({ kind: 'put', account: own('a', '1000', 2) })
    monitor.marketStale('binance', 'AUSDT', 1_800_000_000_000, 2_000)
    const told = events().map(({ account, kind, level, distance }) => [account, kind, level, distance])
    // The lines are at 800/9.9 and 790/9.9.
    expect(told).toEqual([
      ['a', 'warning', '2%', '0.01453559990145356'],
      ['b', 'warning', '5%', '0.02685390490268539'],
      ['a', 'recovered', '0', '0.89898989898989899'],
      ['b', 'recovered', '0', '0.900252525252525253'],
      ['a', 'liquidation', '1', '0'],
      ['b', 'warning', '2%', '0.008720747851182634'],
      ['a', 'recovered', '0', null],
      ['b', 'unknown', '2%', null],
    ])
  })

  it('judges a hedged pool only on the whole frame', () => {
    const { monitor, frame, story } = openMonitor()
    const positions = [
      crossPosition('AUSDT', { size: '10', entryPrice: '100' }),
      crossPosition('BUSDT', { size: '-10', entryPrice: '100' }),
    ]
    const collateral = [{ asset: 'USDT', amount: '100' }]
    const account = makeAccount({ venue: 'binance', positions, collateral })
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
    const { monitor, frame, events } = openMonitor()
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
    expect(events().map(({ account, rank }) => [account, rank])).toEqual([
      ['large', 1],
      ['middle', 2],
      ['small', 3],
    ])
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
      'warning a:isolated:AUSDT:long 0.7 #3 3',
      'closed a:isolated:AUSDT:long 0 #3 4',
      'warning a:isolated:AUSDT:long 0.7 #5 5',
    ])
  })

  it('keeps progress only for a margin account with an open episode, none for one that is safe again', () => {
    const { monitor, frame, records } = openMonitor()
    const second = isolatedPosition('BUSDT', { size: '1', entryPrice: '100', isolatedMargin: '20' })
    const account = isolatedLong('a')
    monitor.apply({ kind: 'put', account: { ...account, positions: [...account.positions, second] } })
    for (const mark of ['100', '80', '100']) {
      frame([
        ['AUSDT', mark],
        ['BUSDT', mark],
      ])
    }
    expect(records.map(({ subject, progress }) => [subject, progress?.sequence ?? null])).toEqual([
      ['a:isolated:AUSDT:long', 1],
      ['a:isolated:BUSDT:long', 1],
      ['a:isolated:AUSDT:long', null],
      ['a:isolated:BUSDT:long', null],
    ])
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
    const { monitor, clock, frame, records, events, story } = openMonitor()
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
    expect(events().findLast(({ account }) => account === 'a0')!.accountVersion).toBe(2)
  })

  it('works a backlog of quiet instants off in slices too', () => {
    const { monitor, clock, frame } = openMonitor()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '100']])
    let turns = 0
    const { nextTurn } = clock
    clock.nextTurn = (callback) => {
      turns++
      nextTurn.call(clock, callback)
    }
    let looks = 0
    clock.monotonicMs = () => 1_000 + looks++
    monitor.frameStart(0, 0)
    // One instrument in one frame a hundred times: a hundred instants.
    for (let i = 0; i < 100; i++) monitor.tick('binance', 'AUSDT', '100', i)
    monitor.frameEnd()
    expect(monitor.counters.instants).toBeLessThan(20)
    clock.runTurns()
    expect(monitor.isIdle).toBe(true)
    expect(monitor.counters.instants).toBe(101)
    expect(turns).toBeGreaterThan(10)
  })

  it('stops with a code when more ticks wait than the inbox holds', () => {
    const { monitor, clock } = openMonitor()
    for (let i = 0; i < 3_000; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    let looks = 0
    clock.monotonicMs = () => 1_000 + 10 * looks++
    const fill = () => {
      for (let i = 0; i <= PENDING_TICKS_MAX; i++) {
        monitor.frameStart(0, 0)
        monitor.tick('binance', 'AUSDT', '100', i)
        monitor.frameEnd()
      }
    }
    expect(fill).toThrow(/PENDING_TICKS_MAX/)
  })

  it('audits standing against exact arithmetic and notices a level that is not true', () => {
    const { monitor, kernel, frame } = openMonitor()
    for (let i = 0; i < 10; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    frame([['AUSDT', '81']])
    monitor.audit(20)
    expect(monitor.counters).toMatchObject({ auditChecks: 20, auditDisagreements: 0 })
    for (let account = 0; account < 10; account++) kernel.setAccountLevel(account, 1)
    monitor.audit(10)
    expect(monitor.counters.auditDisagreements).toBe(10)
  })

  it('names the accounts nearest below their line with exact ratios', async () => {
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
    const { lines } = await monitor.read.marginAccounts({ levels: ['0.5', '0.7', '0.9'], limit: 2 })
    expect(lines).toMatchObject([
      { id: 'm198:isolated:AUSDT:long', venue: 'binance', currency: 'USDT', marginRatio: '0.901111' },
      { id: 'm199:isolated:AUSDT:long', venue: 'binance', currency: 'USDT', marginRatio: '0.811' },
    ])
  })
})
