import { describe, expect, it } from 'vitest'
import type { Account, Contradiction } from '../../src/domain/index.ts'
import { crossPosition, isolatedLong, makeAccount } from '../support/accounts.ts'
import { isMarginEvent, openMonitor, restoreInto } from '../support/monitor.ts'

/** Of how long before it was noticed the contract expired. */
const NOTICED_AFTER_MS = 700

/** At a mark of 100 `near` has a margin ratio of 10 / 18, `far` one of 10 / 900. Both hold AUSDT. */
const near = (version = 1) => isolatedLong('near', { isolatedMargin: '18' }, version)
const far = isolatedLong('far', { isolatedMargin: '900' })

/** Holds both contracts; a margin ratio of 20 / 36 at marks of 100. */
function both(id: string): Account {
  return makeAccount({
    id,
    venue: 'binance',
    collateral: [{ asset: 'USDT', amount: '36' }],
    positions: ['AUSDT', 'BUSDT'].map((symbol) => crossPosition(symbol, { size: '10', entryPrice: '100' })),
  })
}

function opened(accounts: readonly Account[] = [near(), far]) {
  const all = openMonitor()
  const { monitor, clock } = all
  const put = (account: Account) => monitor.apply({ kind: 'put', account })
  const expire = (symbol = 'AUSDT') => {
    const nowMs = clock.nowMs()
    const nowMonotonicMs = clock.monotonicMs()
    monitor.contracts.expired('binance', symbol, nowMs - NOTICED_AFTER_MS, { nowMs, nowMonotonicMs })
  }
  for (const account of accounts) put(account)
  return { ...all, put, expire }
}

describe('a contract that expires while accounts hold it', () => {
  it('is an event of its market with the time of the expiry, and takes the verdict of each account that holds it', () => {
    const { monitor, clock, records, story, frame, expire } = opened()
    frame([['AUSDT', '100']])
    expect(story()).toEqual(['warning near:isolated:AUSDT:long 0.5 #1 1'])
    expect(monitor.unknownMarginAccounts).toBe(0)
    clock.advance(5_000)
    expire()
    expect(story().slice(1)).toEqual([
      'market-expired AUSDT #1 1',
      'unknown near:isolated:AUSDT:long 0.5 #1 2',
    ])
    expect(records[1]).toMatchObject({
      event: {
        marginAccounts: 2,
        markPrice: null,
        sinceMs: clock.nowMs() - NOTICED_AFTER_MS,
        receivedTimeMs: clock.nowMs(),
      },
      progress: { venue: 'binance', symbol: 'AUSDT', stale: true, expired: true },
    })
    expect(records[2]!.event).toMatchObject({
      reasons: ['contract-expired'],
      confidence: 'confirmed',
      marginBalance: null,
      marks: [{ symbol: 'AUSDT', markPrice: null }],
      eventTimeMs: clock.nowMs() - NOTICED_AFTER_MS,
    })
    expect(monitor.unknownMarginAccounts).toBe(2)
  })

  it('is judged at no mark that comes later, not even one that is confirmed, nor is it stale', () => {
    const { monitor, clock, story, frame, expire } = opened()
    frame([['AUSDT', '100']])
    expire()
    const before = story()
    const { ticks } = monitor.counters
    frame([['AUSDT', '50']])
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.unchanged('binance', 'AUSDT', clock.nowMs())
    monitor.frameEnd()
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    expire()
    expect(story()).toEqual(before)
    expect(monitor.counters).toMatchObject({ ticks, ticksOutsideBook: 1 })
    expect(monitor.unknownMarginAccounts).toBe(2)
  })

  it('takes no mark that waited behind the expiry', () => {
    const { clock, monitor, story, frame, expire } = opened()
    frame([['AUSDT', '100']])
    const before = story().length
    // Every look at the clock finds the slice over.
    let monotonicMs = clock.monotonicMs()
    clock.monotonicMs = () => {
      monotonicMs += 10
      return monotonicMs
    }
    frame([['AUSDT', '99.9']])
    expire()
    frame([['AUSDT', '50']])
    expect(monitor.waiting).toBeGreaterThan(0)
    clock.runTurns()
    expect(monitor.isIdle).toBe(true)
    expect(story().slice(before)).toEqual([
      'market-expired AUSDT #1 1',
      'unknown near:isolated:AUSDT:long 0.5 #1 2',
    ])
  })

  it('leaves the verdicts of other contracts alone, but not those of a pool that holds it too', () => {
    const isolatedB = isolatedLong('other', { symbol: 'BUSDT', isolatedMargin: '18' })
    const { monitor, story, frame, expire } = opened([both('pool'), isolatedB])
    frame([
      ['AUSDT', '100'],
      ['BUSDT', '100'],
    ])
    expire()
    expect(monitor.unknownMarginAccounts).toBe(1)
    const before = story().length
    frame([['BUSDT', '50']])
    expect(story().slice(before)).toEqual(['liquidation other:isolated:BUSDT:long 1 #1 2'])
  })

  it('goes on with the numbers of a silence, and gives no account a second unknown', () => {
    const { monitor, clock, story, frame, expire } = opened()
    frame([['AUSDT', '100']])
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    const before = story().length
    expire()
    expect(story().slice(before - 2)).toEqual([
      'market-stale AUSDT #1 1',
      'unknown near:isolated:AUSDT:long 0.5 #1 2',
      'market-expired AUSDT #1 2',
    ])
  })

  it('names both reasons of an account that lacks another mark as well', () => {
    const onB = isolatedLong('other', { symbol: 'BUSDT', isolatedMargin: '900' })
    const { monitor, clock, events, frame, put, expire } = opened([far, onB])
    frame([
      ['AUSDT', '100'],
      ['BUSDT', '100'],
    ])
    expire()
    monitor.marketStale('binance', 'BUSDT', clock.nowMs(), clock.monotonicMs())
    monitor.restoreMarginAccount('pool:cross:USDT', {
      account: 'pool',
      venue: 'binance',
      marginMode: 'cross',
      settle: 'USDT',
      episode: 1,
      sequence: 1,
      open: true,
      level: '0.5',
      unknown: false,
    })
    put(both('pool'))
    expect(events().at(-1)).toMatchObject({
      account: 'pool',
      kind: 'unknown',
      reasons: ['contract-expired', 'stale-mark'],
    })
  })

  it('has no event where nobody holds it, until somebody does', () => {
    const { monitor, story, frame, put, expire } = opened()
    frame([['AUSDT', '100']])
    for (const id of ['near', 'far']) monitor.apply({ kind: 'removed', id, version: 2 })
    const before = story().length
    expire()
    expect(story()).toHaveLength(before)
    put(near(3))
    expect(story().slice(before)).toEqual(['market-expired AUSDT #1 1'])
    expect(monitor.unknownMarginAccounts).toBe(1)
  })
})

describe('an account that is stored without the contract that expired', () => {
  it('has its verdict again, and the market is closed when the last one leaves', () => {
    const { monitor, records, story, frame, put, expire } = opened([both('pool'), far])
    frame([
      ['AUSDT', '100'],
      ['BUSDT', '100'],
    ])
    expect(story().at(-1)).toMatch(/^warning pool:cross:USDT/)
    expire()
    const before = story().length
    const [, onB] = both('pool').positions
    put({ ...both('pool'), positions: [onB!], version: 2 })
    expect(story().slice(before)).toEqual(['recovered pool:cross:USDT 0 #2 3'])
    monitor.apply({ kind: 'removed', id: 'far', version: 2 })
    expect(story().slice(before + 1)).toEqual(['market-closed AUSDT #1 2'])
    expect(records.at(-1)).toMatchObject({ event: { marginAccounts: 0 }, progress: null })
    put({ ...far, version: 3 })
    expect(story().slice(before + 2)).toEqual(['market-expired AUSDT #2 3'])
  })
})

describe('a contract that an earlier run left', () => {
  it('as expired is not published again while it is held, and closed when nobody holds it any more', () => {
    const first = opened()
    first.frame([['AUSDT', '100']])
    first.expire()
    const second = opened([])
    restoreInto(second.monitor, first.records)
    second.put(near())
    second.put(far)
    second.monitor.loaded()
    second.expire()
    expect(second.story()).toEqual([])
    expect(second.monitor.unknownMarginAccounts).toBe(2)
    const third = opened([])
    restoreInto(third.monitor, first.records)
    third.monitor.loaded()
    expect(third.story()).toEqual(['market-closed AUSDT #1 2', 'closed near:isolated:AUSDT:long 0 #2 3'])
    third.put(far)
    third.expire()
    expect(third.story().slice(2)).toEqual(['market-expired AUSDT #2 3'])
  })

  it('with a level or a silence loses the verdict because of the expiry', () => {
    const first = opened()
    first.frame([['AUSDT', '100']])
    const second = opened([])
    restoreInto(second.monitor, first.records)
    second.put(near())
    second.monitor.loaded()
    second.expire()
    expect(second.story()).toEqual(['market-expired AUSDT #1 1', 'unknown near:isolated:AUSDT:long 0.5 #1 2'])
    expect(second.records.map(({ event }) => isMarginEvent(event) && event.reasons)).toEqual([
      false,
      ['contract-expired'],
    ])
  })
})

describe('a contract that the venue does not list any more', () => {
  function delisted() {
    const all = opened()
    const { monitor, clock, frame } = all
    const now = () => ({ nowMs: clock.nowMs(), nowMonotonicMs: clock.monotonicMs() })
    frame([['AUSDT', '100']])
    const delist = (sinceMs = clock.nowMs()) => monitor.contracts.delisted('binance', 'AUSDT', sinceMs, now())
    const revive = () => monitor.contracts.revived('binance', 'AUSDT', now())
    return { ...all, delist, revive }
  }

  it('has no verdict for that reason, which the event of its market and what is kept of it say', () => {
    const { monitor, clock, records, story, frame, delist } = delisted()
    delist(clock.nowMs() - 5)
    frame([['AUSDT', '50']])
    expect(story().slice(1)).toEqual([
      'market-expired AUSDT #1 1',
      'unknown near:isolated:AUSDT:long 0.5 #1 2',
    ])
    expect(records[1]).toMatchObject({
      event: { delisted: true, sinceMs: clock.nowMs() - 5, marginAccounts: 2 },
      progress: { stale: true, expired: true, delisted: true },
    })
    expect(records[2]!.event).toMatchObject({ reasons: ['contract-delisted'] })
    expect(monitor.unknownMarginAccounts).toBe(2)
    const second = opened([])
    restoreInto(second.monitor, records)
    second.put(far)
    expect(second.monitor.markets.find('binance', 'AUSDT')!.published).toMatchObject({ delisted: true })
  })

  it('and is listed again is judged from its next mark on, not from a confirmation of an old one', () => {
    const { monitor, clock, records, story, frame, delist, revive } = delisted()
    delist()
    const before = story().length
    revive()
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.unchanged('binance', 'AUSDT', clock.nowMs())
    monitor.frameEnd()
    expect(story()).toHaveLength(before)
    expect(monitor.unknownMarginAccounts).toBe(2)
    frame([['AUSDT', '99.9']])
    expect(story().slice(before)).toEqual([
      'market-fresh AUSDT #1 2',
      'warning near:isolated:AUSDT:long 0.5 #2 3',
    ])
    expect(records.find(({ event }) => event.kind === 'market-fresh')).toMatchObject({ progress: null })
    expect(monitor.unknownMarginAccounts).toBe(0)
    delist()
    expect(story().slice(before + 2)[0]).toBe('market-expired AUSDT #2 3')
  })

  it('is not delisted when it has expired before, and says of the expiry after it nothing', () => {
    const { story, expire, delist } = delisted()
    delist()
    const before = story()
    expire()
    delist()
    expect(story()).toEqual(before)
  })
})

describe('a contract of which the venue states other terms than the rules', () => {
  const CONTRADICTIONS = [
    { field: 'multiplier', rules: '1', venue: '0.1' },
    { field: 'settlementAsset', rules: 'USDT', venue: 'USDC' },
  ] as const

  function contradicted() {
    const all = opened()
    const { monitor, clock, frame } = all
    const now = () => ({ nowMs: clock.nowMs(), nowMonotonicMs: clock.monotonicMs() })
    const say = (contradictions: readonly Contradiction[]) =>
      monitor.contracts.contradicted('binance', 'AUSDT', contradictions, now())
    frame([['AUSDT', '100']])
    return { ...all, say }
  }

  it('has no verdict, and both values are in the events and in what is kept of its market', () => {
    const { monitor, records, story, frame, say } = contradicted()
    say(CONTRADICTIONS)
    frame([['AUSDT', '50']])
    say(CONTRADICTIONS.slice(0, 1))
    expect(story().slice(1)).toEqual([
      'market-contradicted AUSDT #1 1',
      'unknown near:isolated:AUSDT:long 0.5 #1 2',
    ])
    expect(records[1]).toMatchObject({
      event: { contradictions: CONTRADICTIONS, marginAccounts: 2, markPrice: null },
      progress: { stale: true, contradictions: CONTRADICTIONS },
    })
    expect(records[2]!.event).toMatchObject({
      reasons: ['rules-contradicted'],
      contradictions: CONTRADICTIONS.map((contradiction) => ({ symbol: 'AUSDT', ...contradiction })),
    })
    expect(monitor.unknownMarginAccounts).toBe(2)
    expect(monitor.counters.ticksOutsideBook).toBe(1)
    const second = opened([])
    restoreInto(second.monitor, records)
    second.put(near())
    second.put(far)
    second.monitor.loaded()
    const nowMs = second.clock.nowMs()
    second.monitor.contracts.contradicted('binance', 'AUSDT', CONTRADICTIONS, { nowMs, nowMonotonicMs: 0 })
    second.frame([['AUSDT', '50']])
    expect(second.story()).toEqual([])
    expect(second.monitor.unknownMarginAccounts).toBe(2)
  })

  it('is judged from its next mark on when both agree', () => {
    const { monitor, story, frame, say } = contradicted()
    say(CONTRADICTIONS)
    const before = story().length
    say([])
    expect(story()).toHaveLength(before)
    expect(monitor.unknownMarginAccounts).toBe(2)
    frame([['AUSDT', '99.9']])
    expect(story().slice(before)).toEqual([
      'market-fresh AUSDT #1 2',
      'warning near:isolated:AUSDT:long 0.5 #2 3',
    ])
    say(CONTRADICTIONS)
    expect(story().slice(before + 2)[0]).toBe('market-contradicted AUSDT #2 3')
  })

  it('is published as ended when it ends, and as contradicted after a silence', () => {
    const { clock, monitor, story, expire, say } = contradicted()
    monitor.marketStale('binance', 'AUSDT', clock.nowMs(), clock.monotonicMs())
    const before = story().length
    say(CONTRADICTIONS)
    expect(story().slice(before)).toEqual(['market-contradicted AUSDT #1 2'])
    expire()
    expect(story().slice(before + 1)).toEqual(['market-expired AUSDT #1 3'])
    say([])
    say(CONTRADICTIONS)
    expect(story()).toHaveLength(before + 2)
  })
})
