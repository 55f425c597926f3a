import { describe, expect, it } from 'vitest'
import type { Account } from '../../src/domain/index.ts'
import { KERNEL_VARIANTS, RULES_MAX } from '../../src/kernel/index.ts'
import { resultOf } from '../../src/margin/steps.ts'
import { crossPosition, isolatedLong, makeAccount } from '../support/accounts.ts'
import { DISTANCE_RULE, RATIO_RULE } from '../support/levels.ts'
import { allSteps, openMonitor, restoreInto } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100 with 200, liquidated at 800 / 9.9 = 80.808…. It is 10 % away from there at 89.786…, 8 % at
// 87.835…, 5 % at 85.061…, 3 % at 83.307… and 2 % at 82.457…. At 5 % it is left at 800 / (10 - 0.101) / 0.95 = 85.069….

const withLevels = (account: Account, levels: string[]): Account => ({ ...account, levels })

describe.each(KERNEL_VARIANTS)('levels by distance in %s', (variant) => {
  it('are published once each on the way to the line, and left beyond the hysteresis', () => {
    const { monitor, frame, story, events } = openMonitor({ variant, rule: DISTANCE_RULE })
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    for (const mark of [
      '100',
      '89.79',
      '89.78',
      '86',
      '85.06',
      '85.065',
      '85.07',
      '85.06',
      '82.45',
      '80.8',
      '100',
    ])
      frame([['AUSDT', mark]])
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 10% #1 1',
      'warning a:isolated:AUSDT:long 5% #1 2',
      'recovered a:isolated:AUSDT:long 10% #1 3',
      'warning a:isolated:AUSDT:long 5% #2 4',
      'warning a:isolated:AUSDT:long 2% #2 5',
      'liquidation a:isolated:AUSDT:long 1 #2 6',
      'recovered a:isolated:AUSDT:long 0 #2 7',
    ])
    expect(events()[0]).toMatchObject({ previousLevel: '0', level: '10%', levels: ['10%', '5%', '2%'] })
  })

  it('are all looked at where an account holds both sides: a breach is found that no farther level announces', () => {
    // Long 10, short 9.9: the margin that is asked is 1 % of 19.9 marks, and falls faster than what 0.1 units lose.
    const { monitor, frame, story, kernel } = openMonitor({ variant, rule: DISTANCE_RULE })
    const account = makeAccount({
      id: 'a',
      venue: 'binance',
      collateral: [{ asset: 'USDT', amount: '19.9' }],
      positions: [
        crossPosition('AUSDT', { size: '10', entryPrice: '100' }),
        crossPosition('AUSDT', { size: '-9.9', entryPrice: '100' }),
      ],
    })
    monitor.apply({ kind: 'put', account })
    for (const mark of ['99', '100', '100.5', '97']) frame([['AUSDT', mark]])
    expect(story()).toEqual(['liquidation a:cross:USDT 1 #1 1', 'recovered a:cross:USDT 0 #1 2'])
    expect(kernel.accountLevel(0)).toBe(0)
  })
})

describe('levels that an account carries', () => {
  it('take the place of those of the worker, in events, in the list and in the counts', () => {
    const { monitor, frame, story, events } = openMonitor({ rule: RATIO_RULE })
    monitor.apply({ kind: 'put', account: withLevels(isolatedLong('own'), ['8%', '3%']) })
    monitor.apply({ kind: 'put', account: isolatedLong('standard') })
    for (const mark of ['100', '87.83', '83.3', '81.6']) frame([['AUSDT', mark]])
    expect(story()).toEqual([
      'warning own:isolated:AUSDT:long 8% #1 1',
      'warning own:isolated:AUSDT:long 3% #1 2',
      'warning standard:isolated:AUSDT:long 0.5 #1 1',
    ])
    expect(events().map(({ levels }) => levels)).toEqual([
      ['8%', '3%'],
      ['8%', '3%'],
      ['0.5', '0.7', '0.9'],
    ])
    const counts = allSteps(monitor.read.levelCounts())
    expect(counts.map(({ level, marginAccounts }) => `${level}: ${marginAccounts}`)).toEqual([
      '0: 0',
      '0.5: 1',
      '0.7: 0',
      '0.9: 0',
      '3%: 1',
      '1: 0',
    ])
    const { lines } = allSteps(monitor.read.page({ levels: ['3%'], limit: 10 }))
    expect(lines).toMatchObject([{ account: 'own', level: '3%' }])
    expect(resultOf(monitor.read.accountSteps('own'))!.account.levels).toEqual(['8%', '3%'])
  })

  it('say the same after a restart, and where a new version brings others', () => {
    const first = openMonitor({ rule: DISTANCE_RULE })
    first.monitor.apply({ kind: 'put', account: withLevels(isolatedLong('a'), ['8%', '3%']) })
    for (const mark of ['100', '83']) first.frame([['AUSDT', mark]])
    expect(first.story()).toEqual(['warning a:isolated:AUSDT:long 3% #1 1'])

    const { monitor, frame, story } = openMonitor({ rule: DISTANCE_RULE })
    restoreInto(monitor, first.records)
    monitor.apply({ kind: 'put', account: withLevels(isolatedLong('a'), ['8%', '3%']) })
    frame([['AUSDT', '83']])
    expect(story()).toEqual([])
    // At 83 it is 2.6 % away. 3 % published is beyond 5 % of the worker's levels, which stand at it: nothing to publish.
    monitor.apply({ kind: 'put', account: isolatedLong('a', {}, 2) })
    expect(story()).toEqual([])
    // 4 % is nearer than the 5 % that is published.
    monitor.apply({ kind: 'put', account: withLevels(isolatedLong('a', {}, 3), ['4%']) })
    expect(story()).toEqual(['warning a:isolated:AUSDT:long 4% #1 2'])
    // A ratio says nothing of a distance, so the next verdict is published.
    monitor.apply({ kind: 'put', account: withLevels(isolatedLong('a', {}, 4), ['0.5']) })
    expect(story().slice(1)).toEqual(['recovered a:isolated:AUSDT:long 0 #1 3'])
  })

  it('are decided exactly where the kernel has no place for one more list', () => {
    const { monitor, frame, story } = openMonitor({ rule: DISTANCE_RULE })
    const lists = RULES_MAX + 2
    for (let list = 1; list <= lists; list++) {
      const levels = [`${(10 - list / 1_000).toFixed(3)}%`]
      monitor.apply({ kind: 'put', account: withLevels(isolatedLong(`a${list}`), levels) })
    }
    for (const mark of ['100', '89.55']) frame([['AUSDT', mark]])
    // At 89.55 an account is 9.762… % away, at 89.54 it is 9.751… %.
    expect(story()).toHaveLength(237)
    frame([['AUSDT', '89.54']])
    expect(story()).toHaveLength(248)
    expect(story().at(-1)).toMatch(/^warning a\d+:isolated:AUSDT:long 9\.752% #1 1$/)
    const before = monitor.counters.exactChecks
    frame([['AUSDT', '89']])
    expect(story()).toHaveLength(lists)
    // Four lists have no place: their accounts are decided exactly on each tick that may change their level.
    expect(monitor.counters.exactChecks - before).toBe(4)
    // A list that no account uses gives its place to another one.
    for (let list = 1; list <= 10; list++) monitor.apply({ kind: 'removed', id: `a${list}`, version: 2 })
    monitor.apply({ kind: 'put', account: withLevels(isolatedLong('late'), ['20%']) })
    const after = monitor.counters.exactChecks
    frame([['AUSDT', '110']])
    expect(monitor.counters.exactChecks - after).toBe(4)
  })
})
