import { describe, expect, it } from 'vitest'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor, restoreInto } from '../support/monitor.ts'

const STALE = 'market-stale AUSDT #1 1'

/** A monitor with one account on AUSDT, whose mark is stale. */
function staleMarket() {
  const opened = openMonitor()
  const { monitor, clock } = opened
  const put = (id: string, version = 1) =>
    monitor.apply({ kind: 'put', account: isolatedLong(id, { isolatedMargin: '900' }, version) })
  const remove = (id: string) => monitor.apply({ kind: 'removed', id, version: 9 })
  const stale = () => monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
  put('a')
  opened.frame([['AUSDT', '100']])
  clock.advance(30_000)
  stale()
  return { ...opened, put, remove, stale }
}

describe('a market that its last margin account leaves', () => {
  it('ends its published silence with market-closed, and keeps no progress', () => {
    const { clock, records, story, put, remove } = staleMarket()
    put('b')
    remove('a')
    expect(story()).toEqual([STALE])
    clock.advance(1_000)
    remove('b')
    expect(story()).toEqual([STALE, 'market-closed AUSDT #1 2'])
    expect(records[1]).toMatchObject({
      event: {
        marginAccounts: 0,
        markPrice: null,
        sinceMs: clock.nowMs() - 31_000,
        receivedTimeMs: clock.nowMs(),
      },
      progress: null,
    })
  })

  it('stays open while a new version of the account holds it', () => {
    const { story, put } = staleMarket()
    put('a', 2)
    expect(story()).toEqual([STALE])
  })

  it('has no event until an account comes back, whose silence is a new episode', () => {
    const { frame, story, put, remove, stale } = staleMarket()
    remove('a')
    frame([['AUSDT', '100']])
    stale()
    expect(story()).toHaveLength(2)
    put('c')
    expect(story().slice(2)).toEqual(['market-stale AUSDT #2 3'])
    frame([['AUSDT', '100']])
    expect(story().slice(3)).toEqual(['market-fresh AUSDT #2 4'])
  })

  it('has no event when its mark was fresh', () => {
    const { frame, story, put, remove } = staleMarket()
    frame([['AUSDT', '100']])
    remove('a')
    put('b')
    expect(story()).toEqual([STALE, 'market-fresh AUSDT #1 2'])
  })

  it('is closed when the newest terms of the account cannot be used, and stale again when others can', () => {
    const { monitor, story, put } = staleMarket()
    monitor.apply({ kind: 'unreadable', id: 'a', error: new Error('a field is unknown') })
    put('a', 3)
    const ofMarket = story().filter((line) => line.startsWith('market'))
    expect(ofMarket).toEqual([STALE, 'market-closed AUSDT #1 2', 'market-stale AUSDT #2 3'])
  })

  it('is not held, and no reader names it', () => {
    const { monitor, remove } = staleMarket()
    expect(monitor.isHeld('binance', 'AUSDT')).toBe(true)
    remove('a')
    expect(monitor.isHeld('binance', 'AUSDT')).toBe(false)
    expect(monitor.read.markets()).toEqual([])
    expect(monitor.read.market('binance', 'AUSDT')).toBeUndefined()
  })
})

describe('a market that an earlier run left stale', () => {
  it('is closed once the book is loaded if no account is there, and numbered from there when one comes', () => {
    const first = staleMarket()
    const { monitor, clock, records, story } = openMonitor({ sequenceFloor: 0 })
    restoreInto(monitor, first.records)
    expect(story()).toEqual([])
    clock.advance(5_000)
    monitor.loaded()
    expect(story()).toEqual(['market-closed AUSDT #1 2'])
    expect(records[0]).toMatchObject({ event: { marginAccounts: 0, sinceMs: clock.nowMs() }, progress: null })
    monitor.loaded()
    monitor.apply({ kind: 'put', account: isolatedLong('late') })
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    expect(story().slice(1)).toEqual(['market-stale AUSDT #2 3'])
  })

  it('is closed when the account that held it was removed while it waited', () => {
    const first = staleMarket()
    const { monitor, story } = openMonitor()
    restoreInto(monitor, first.records)
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    monitor.loaded()
    expect(story()).toEqual([])
    monitor.apply({ kind: 'removed', id: 'a', version: 2 })
    expect(story()).toEqual(['market-closed AUSDT #1 2'])
  })

  it('is closed after the changes of the book that wait, which may put an account there', () => {
    const first = staleMarket()
    let hasRoom = false
    const { monitor, clock, frame, story } = openMonitor({ hasRoom: () => hasRoom })
    restoreInto(monitor, first.records)
    monitor.apply({ kind: 'put', account: isolatedLong('b', {}, 1) })
    frame([['AUSDT', '80']])
    monitor.loaded()
    hasRoom = true
    clock.runTurns()
    clock.advance(20)
    expect(story()).toEqual(['liquidation b:isolated:AUSDT:long 1 #1 1', 'market-fresh AUSDT #1 2'])
  })
})
