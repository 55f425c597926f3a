import { describe, expect, it } from 'vitest'
import { type InstrumentRules, marginalTiers, type RuleBook, venueId } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { binance } from '../../src/venues/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor, RULES } from '../support/monitor.ts'

// isolatedLong: 10 AUSDT at 100 with 200. At 85 its margin balance is 50; the rate 0.01 asks for 8.5, 0.08 for 68.

const BINANCE = venueId('binance')
const BYBIT = venueId('bybit')

function withRate(rate: string): InstrumentRules {
  const tier = { cap: '1000000', maintenanceMarginRate: rate, maintenanceDeduction: '0' }
  return { ...RULES.AUSDT!, maintenance: marginalTiers('linear', [tier]) }
}

function openWithBooks(options: { hasRoom?: () => boolean } = {}) {
  const bookOf = (version: string, rules: Readonly<Record<string, InstrumentRules>>): RuleBook => ({
    ...binance.ruleBook,
    version,
    rulesOf: (symbol) => rules[symbol],
  })
  const books: Record<string, RuleBook> = { binance: bookOf('old', RULES), bybit: bookOf('old', RULES) }
  const opened = openMonitor({ ...options, books })
  /** Puts a book in the place of the old one; accounts of AUSDT are concerned. */
  const change = (
    rules: Readonly<Record<string, InstrumentRules>>,
    symbols: readonly string[] = ['AUSDT'],
  ) => {
    books.binance = bookOf('new', rules)
    opened.monitor.apply({ kind: 'rules', venue: BINANCE, symbols, assets: [] })
  }
  return { ...opened, change }
}

describe('other rules of a venue, while a worker runs', () => {
  it('are the rules of the next verdict of accounts with a position in the symbol', () => {
    const { monitor, frame, story, events, change } = openWithBooks()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    frame([
      ['AUSDT', '85'],
      ['BUSDT', '85'],
    ])
    expect(story()).toEqual([])
    change({ AUSDT: withRate('0.08'), BUSDT: withRate('0.08') })
    expect(story()).toEqual(['liquidation a:isolated:AUSDT:long 1 #1 1'])
    expect(events()[0]).toMatchObject({ maintenanceMargin: '68', ruleBook: 'new', eventTimeMs: null })
    // The caller says which symbols have other rules; the others are not compiled.
    frame([['BUSDT', '85.1']])
    expect(story()).toHaveLength(1)
    change(RULES)
    expect(story().slice(1)).toEqual(['recovered a:isolated:AUSDT:long 0 #1 2'])
  })

  it('are the reason of every event that they cause, and of no later one', () => {
    const { monitor, frame, events, change } = openWithBooks()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    frame([
      ['AUSDT', '85'],
      ['BUSDT', '81'],
    ])
    change({ AUSDT: withRate('0.08') }, ['AUSDT', 'BUSDT'])
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }, 2) })
    change(RULES, ['AUSDT', 'BUSDT'])
    frame([['AUSDT', '80']])
    expect(
      events().map(({ account, kind, reasons, confidence }) => [account, kind, reasons, confidence]),
    ).toEqual([
      ['b', 'warning', [], 'confirmed'],
      ['a', 'liquidation', ['rules-changed'], 'confirmed'],
      ['b', 'unknown', ['account-refused', 'rules-changed'], 'confirmed'],
      ['b', 'warning', ['rules-changed'], 'confirmed'],
      ['a', 'recovered', ['rules-changed'], 'confirmed'],
      ['a', 'liquidation', [], 'confirmed'],
    ])
    expect(events().filter((event) => !verifyEvent(event).isOk)).toEqual([])
  })

  it('leave the rules of their instant to events that wait', () => {
    let isOpen = false
    const { monitor, clock, frame, events, change } = openWithBooks({ hasRoom: () => isOpen })
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    change({ AUSDT: withRate('0.08') })
    isOpen = true
    clock.advance(1_000)
    clock.runTurns()
    expect(
      events().map(({ kind, maintenanceMargin, ruleBook }) => [kind, maintenanceMargin, ruleBook]),
    ).toEqual([
      ['warning', '8.1', 'old'],
      ['liquidation', '64.8', 'new'],
    ])
  })

  it('that no longer hold a symbol take the verdict away, and other rules give it back on the newest terms that were put', () => {
    const { monitor, frame, story, events, refused, change } = openWithBooks()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    change({})
    expect(refused.map(({ account }) => account)).toEqual(['a'])
    expect(monitor.unknownMarginAccounts).toBe(1)
    frame([['AUSDT', '80']])
    monitor.apply({ kind: 'put', account: isolatedLong('a', {}, 2) })
    expect(refused).toHaveLength(2)
    // No rules of its symbol are other ones.
    change({}, ['BUSDT'])
    expect(refused).toHaveLength(2)
    change(RULES)
    expect(monitor.unknownMarginAccounts).toBe(0)
    expect(events().at(-1)).toMatchObject({ accountVersion: 2, ruleBook: 'new' })
    expect(story()).toEqual([
      'warning a:isolated:AUSDT:long 0.7 #1 1',
      'unknown a:isolated:AUSDT:long 0.7 #1 2',
      'liquidation a:isolated:AUSDT:long 1 #2 3',
    ])
  })

  it('take an account that was refused before, lost or not, but none that went or cannot be read', () => {
    const { monitor, frame, events, change } = openWithBooks()
    const ids = ['taken', 'lost', 'removed', 'unreadable']
    for (const id of ids) monitor.apply({ kind: 'put', account: isolatedLong(id, { symbol: 'CUSDT' }) })
    monitor.apply({ kind: 'lost', id: 'lost' })
    monitor.apply({ kind: 'removed', id: 'removed', version: 2 })
    monitor.apply({ kind: 'unreadable', id: 'unreadable', error: new Error('a field is unknown') })
    change({ CUSDT: withRate('0.01') }, ['CUSDT'])
    frame([['CUSDT', '80']])
    expect(events().map(({ account, reasons }) => [account, reasons])).toEqual([
      ['taken', []],
      ['lost', ['book-lost']],
    ])
  })

  it('take an account that was refused and whose loss still waits', () => {
    const { monitor, clock, frame, events, change } = openWithBooks()
    monitor.apply({ kind: 'put', account: isolatedLong('a', { symbol: 'CUSDT' }) })
    const realNowMs = clock.monotonicMs
    // Every look at the clock ends the slice, so that changes wait.
    let looks = 0
    clock.monotonicMs = () => 1_000 + 6 * looks++
    for (const id of ['b', 'c', 'd']) monitor.apply({ kind: 'put', account: isolatedLong(id) })
    frame([['AUSDT', '100']])
    for (const id of ['e', 'f', 'g']) monitor.apply({ kind: 'put', account: isolatedLong(id) })
    monitor.apply({ kind: 'lost', id: 'a' })
    expect(monitor.waitingChanges).toBeGreaterThan(0)
    change({ ...RULES, CUSDT: withRate('0.01') }, ['CUSDT'])
    for (let turn = 0; turn < 60; turn++) clock.runTurns()
    clock.monotonicMs = realNowMs
    frame([['CUSDT', '80']])
    for (let turn = 0; turn < 60; turn++) clock.runTurns()
    expect(events().map(({ account, kind, reasons }) => [account, kind, reasons])).toEqual([
      ['a', 'liquidation', ['book-lost']],
    ])
  })

  it('take an account that was refused at the load, before what was published of it is looked at', () => {
    const { monitor, clock, frame, story, change } = openWithBooks()
    monitor.restoreMarginAccount('a:isolated:CUSDT:long', {
      account: 'a',
      venue: 'binance',
      marginMode: 'isolated',
      settle: 'USDT',
      episode: 3,
      sequence: 7,
      open: true,
      unknown: false,
      level: '1',
    })
    monitor.apply({ kind: 'put', account: isolatedLong('a', { symbol: 'CUSDT' }) })
    // Every look at the clock ends the slice, so that what is absent waits.
    let looks = 0
    clock.monotonicMs = () => 1_000 + 6 * looks++
    for (const id of ['b', 'c']) monitor.apply({ kind: 'put', account: isolatedLong(id) })
    monitor.loaded()
    change({ ...RULES, CUSDT: withRate('0.01') }, ['CUSDT'])
    clock.runTurns()
    frame([['CUSDT', '100']])
    clock.runTurns()
    clock.runTurns()
    expect(story().at(-1)).toMatch(/^recovered a:isolated:CUSDT:long 0/)
  })

  it('leave an account unknown, said once, that was refused at the load, if they concern another symbol', () => {
    const { monitor, clock, story, change } = openWithBooks()
    monitor.restoreMarginAccount('a:isolated:CUSDT:long', {
      account: 'a',
      venue: 'binance',
      marginMode: 'isolated',
      settle: 'USDT',
      episode: 3,
      sequence: 7,
      open: true,
      unknown: false,
      level: '1',
    })
    monitor.apply({ kind: 'put', account: isolatedLong('a', { symbol: 'CUSDT' }) })
    let looks = 0
    clock.monotonicMs = () => 1_000 + 6 * looks++
    for (const id of ['b', 'c']) monitor.apply({ kind: 'put', account: isolatedLong(id) })
    monitor.loaded()
    change({ ...RULES, AUSDT: withRate('0.02') }, ['AUSDT'])
    for (let turn = 0; turn < 20; turn++) clock.runTurns()
    expect(monitor.waitingChanges).toBe(0)
    expect(story()).toEqual(['unknown a:isolated:CUSDT:long 1 #3 8'])
  })

  it('let refused accounts wait to be put again in slices', () => {
    const { monitor, clock, change } = openWithBooks()
    const accounts = 3_000
    for (let i = 0; i < accounts; i++)
      monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`, { symbol: 'CUSDT' }) })
    let looks = 0
    // Every look at the clock is 1 ms later: a slice of 5 ms ends after a few.
    clock.monotonicMs = () => 1_000 + looks++
    change({ CUSDT: withRate('0.01') }, ['CUSDT'])
    expect(monitor.waitingChanges).toBeLessThan(accounts - 1_000)
    clock.runTurns()
    expect(monitor.waitingChanges).toBe(0)
    expect(monitor.watchlist.accountNumbers).toBe(accounts)
  })

  it('find a refused account behind thousands of another venue, in slices', () => {
    const { monitor, clock, change } = openWithBooks()
    for (let i = 0; i < 3_000; i++)
      monitor.apply({ kind: 'put', account: { ...isolatedLong(`b${i}`, { symbol: 'CUSDT' }), venue: BYBIT } })
    monitor.apply({ kind: 'put', account: isolatedLong('last', { symbol: 'CUSDT' }) })
    let looks = 0
    // Every look at the clock is 1 ms later: a slice of 5 ms ends after a few.
    clock.monotonicMs = () => 1_000 + looks++
    change({ CUSDT: withRate('0.01') }, ['CUSDT'])
    expect(monitor.watchlist.find('last')).toBe(-1)
    clock.runTurns()
    expect(monitor.waitingChanges).toBe(0)
    expect(monitor.watchlist.find('last')).toBeGreaterThanOrEqual(0)
  })

  it('are not named by events of an instant before them, of accounts that they do not concern', () => {
    let isOpen = false
    const { monitor, clock, frame, events, change } = openWithBooks({ hasRoom: () => isOpen })
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    frame([['BUSDT', '81']])
    change({ ...RULES, AUSDT: withRate('0.08') })
    isOpen = true
    clock.advance(1_000)
    clock.runTurns()
    expect(events().map(({ kind, ruleBook }) => [kind, ruleBook])).toEqual([['warning', 'old']])
  })

  it('leave the rules of its terms to an account whose newest terms cannot be used', () => {
    const { monitor, frame, events, change } = openWithBooks()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '81']])
    monitor.apply({ kind: 'unreadable', id: 'a', error: new Error('a field is unknown') })
    change({ AUSDT: withRate('0.08') })
    monitor.apply({ kind: 'removed', id: 'a', version: 2 })
    expect(events().at(-1)).toMatchObject({ kind: 'closed', ruleBook: 'old' })
  })

  it('keep an account lost that Redis lost', () => {
    const { monitor, frame, events, change } = openWithBooks()
    monitor.apply({ kind: 'put', account: isolatedLong('a') })
    frame([['AUSDT', '85']])
    monitor.apply({ kind: 'lost', id: 'a' })
    change({ AUSDT: withRate('0.08') })
    expect(events()[0]).toMatchObject({
      kind: 'liquidation',
      confidence: 'suspect',
      reasons: ['book-lost', 'rules-changed'],
    })
  })

  it('are taken in slices, and each account is judged by one book, in the kernel and exactly', () => {
    const { monitor, clock, frame, events, change } = openWithBooks()
    const accounts = 300
    for (let i = 0; i < accounts; i++) monitor.apply({ kind: 'put', account: isolatedLong(`a${i}`) })
    frame([['AUSDT', '85']])
    let looks = 0
    // Every look at the clock is 1 ms later: a slice of 5 ms ends after a few.
    clock.monotonicMs = () => 1_000 + looks++
    change({ AUSDT: withRate('0.08') })
    expect(monitor.waitingChanges).toBe(1)
    expect(events().length).toBeLessThan(accounts)
    frame([['AUSDT', '80.5']])
    clock.runTurns()
    expect(monitor.waitingChanges).toBe(0)
    expect(events().filter(({ kind }) => kind === 'liquidation')).toHaveLength(accounts)
    expect(new Set(events().map(({ ruleBook }) => ruleBook))).toEqual(new Set(['old', 'new']))
    monitor.audit(accounts)
    expect(monitor.counters).toMatchObject({ auditDisagreements: 0, auditChecks: accounts })
  })
})
