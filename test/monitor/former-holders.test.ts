import { describe, expect, it } from 'vitest'
import type { Account, AccountVersion, MarginAccountProgress } from '../../src/domain/index.ts'
import type { Monitor } from '../../src/monitor/index.ts'
import { LEVELS_LEFT_MAX, LevelsLeft } from '../../src/monitor/levels-left.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { crossPosition, isolatedLong, makeAccount } from '../support/accounts.ts'
import { AT, bar, MINUTE_MS, short, VENUE, watching } from '../support/past.ts'

type Version = readonly [fromS: number, account: Account | undefined | 'unknown']

const versionsOf = (id: string, ...versions: Version[]): Map<string, AccountVersion[]> =>
  new Map([
    [id, versions.map(([fromS, account]) => ({ fromMs: fromS === 0 ? 0 : AT + fromS * 1_000, account }))],
  ])
const removed = (id: string, fromS: number) => versionsOf(id, [0, isolatedLong(id)], [fromS, undefined])

/** Symbols beside AUSDT. */
function besideOf(monitor: Monitor, versions: ReadonlyMap<string, readonly AccountVersion[]>) {
  const steps = monitor.missed.besideSteps(isolatedLong('any').venue, 'AUSDT', versions)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Account `a`, which goes in a gap of 200 s, beside one that keeps the market in the book. */
function leaving() {
  const watched = watching(['a'], ['far', { isolatedMargin: '900' }])
  watched.at(1, ['AUSDT', '100'])
  watched.interrupt()
  watched.monitor.apply({ kind: 'removed', id: 'a', version: 2 })
  watched.at(200, ['AUSDT', '100'])
  return watched
}

describe('a margin account that has left the market in the gap', () => {
  it('is published as liquidated at the minute in which it was, and as closed', () => {
    const { gaps, fill, events, story } = leaving()
    const bars = { AUSDT: [bar(0, '99', '100'), bar(1, '80', '100'), bar(2, '99', '100')] }
    expect(fill(gaps[0]!, bars, removed('a', 150))).toEqual({ found: 1, undecided: 0 })
    expect(story()).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #1 1',
      'closed a:isolated:AUSDT:long 0 #1 2',
    ])
    expect(events()[0]).toMatchObject({
      accountVersion: 1,
      eventTimeMs: AT + MINUTE_MS,
      confidence: 'confirmed',
      reasons: ['backfill'],
      marks: [{ symbol: 'AUSDT', markPrice: '80' }],
    })
    for (const event of events()) expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
  })

  it('is not judged by prices of after it went, and is suspect in the minute in which it went', () => {
    const { gaps, fill, events } = leaving()
    const bars = { AUSDT: [bar(2, '80', '100'), bar(3, '70', '100')] }
    expect(fill(gaps[0]!, bars, removed('a', 100))).toEqual({ found: 0, undecided: 0 })
    expect(fill(gaps[0]!, bars, removed('a', 150))).toEqual({ found: 1, undecided: 0 })
    expect(events()[0]).toMatchObject({ kind: 'liquidation', confidence: 'suspect' })
    expect(events()[0]!.reasons).toEqual(['backfill-change', 'backfill'])
  })

  it('is numbered below what it gets when it comes back', () => {
    const { at, gaps, monitor, fill, events } = leaving()
    fill(gaps[0]!, { AUSDT: [bar(1, '80', '100')] }, removed('a', 150))
    monitor.apply({ kind: 'put', account: isolatedLong('a', {}, 3) })
    at(210, ['AUSDT', '80'])
    const own = events().filter(({ account }) => account === 'a')
    expect(own.map(({ kind, sequence }) => `${kind} ${sequence}`)).toEqual([
      'liquidation 1',
      'closed 2',
      'liquidation 3',
    ])
    expect(new Set(own.map(({ id }) => id)).size).toBe(own.length)
  })

  it('is found where its account stays, without the position or with another one', () => {
    const { at, gaps, monitor, interrupt, fill, story } = watching(['a'], ['far', { isolatedMargin: '900' }])
    at(1, ['AUSDT', '100'], ['BUSDT', '100'])
    interrupt()
    const now = isolatedLong('a', { symbol: 'BUSDT' }, 2)
    monitor.apply({ kind: 'put', account: now })
    at(200, ['AUSDT', '100'])
    const versions = versionsOf('a', [0, isolatedLong('a')], [150, now])
    expect(fill(gaps[0]!, { AUSDT: [bar(1, '80', '100')] }, versions)).toEqual({ found: 1, undecided: 0 })
    expect(story()).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #1 1',
      'closed a:isolated:AUSDT:long 0 #1 2',
    ])
  })

  it('is under watch where it holds another market: then it gets the level, and that of now', () => {
    const cross = (symbols: readonly string[], version: number) =>
      makeAccount({
        id: 'x',
        venue: VENUE,
        version,
        collateral: [{ asset: 'USDT', amount: '20' }],
        positions: symbols.map((symbol) => crossPosition(symbol)),
      })
    const { at, gaps, monitor, interrupt, fill, story } = watching(['far', { isolatedMargin: '900' }])
    monitor.apply({ kind: 'put', account: cross(['AUSDT', 'BUSDT'], 1) })
    at(1, ['AUSDT', '100'], ['BUSDT', '100'])
    interrupt()
    monitor.apply({ kind: 'put', account: cross(['BUSDT'], 2) })
    at(200, ['AUSDT', '100'], ['BUSDT', '100'])
    const versions = versionsOf('x', [0, cross(['AUSDT', 'BUSDT'], 1)], [150, cross(['BUSDT'], 2)])
    expect(besideOf(monitor, versions)).toEqual(new Set(['BUSDT']))
    expect(besideOf(monitor, new Map())).toEqual(new Set())
    const bars = { AUSDT: [bar(1, '80', '100', '80')], BUSDT: [bar(1, '100', '100')] }
    expect(fill(gaps[0]!, bars, versions)).toEqual({ found: 1, undecided: 0 })
    expect(story()).toEqual(['liquidation x:cross:USDT 1 #1 1', 'recovered x:cross:USDT 0 #1 2'])
  })

  it('is not published again at a level at which it stood when it went', () => {
    const { at, gaps, monitor, interrupt, fill, story, clock } = watching(
      ['a'],
      ['far', { isolatedMargin: '900' }],
    )
    at(1, ['AUSDT', '80'])
    interrupt()
    clock.advanceTo(AT + 150_000)
    monitor.apply({ kind: 'removed', id: 'a', version: 2 })
    at(200, ['AUSDT', '100'])
    const before = story()
    expect(before).toEqual([
      'liquidation a:isolated:AUSDT:long 1 #1 1',
      'closed a:isolated:AUSDT:long 0 #1 2',
    ])
    expect(fill(gaps[0]!, { AUSDT: [bar(1, '79', '100')] }, removed('a', 150))).toEqual({
      found: 0,
      undecided: 0,
    })
    expect(story()).toEqual(before)
  })

  it('is not published again at a level at which its terms were changed', () => {
    const { at, gaps, monitor, interrupt, fill, story, clock } = watching(['a'])
    at(1, ['AUSDT', '80'])
    interrupt()
    clock.advanceTo(AT + 150_000)
    const now = isolatedLong('a', { isolatedMargin: '900' }, 2)
    monitor.apply({ kind: 'put', account: now })
    at(200, ['AUSDT', '100'])
    const before = story()
    expect(before).toHaveLength(2)
    const versions = versionsOf('a', [0, isolatedLong('a')], [150, now])
    expect(fill(gaps[0]!, { AUSDT: [bar(1, '79', '100')] }, versions)).toEqual({ found: 0, undecided: 0 })
    expect(story()).toEqual(before)
  })

  it('is not published again where an earlier run published it and its account has gone since', () => {
    const { at, gaps, monitor, fill, story, clock } = watching()
    clock.advanceTo(AT + 100_000)
    const progress: MarginAccountProgress = {
      account: 'a',
      venue: VENUE,
      marginMode: 'isolated',
      settle: 'USDT',
      episode: 4,
      sequence: 9,
      open: true,
      unknown: false,
      level: '1',
    }
    monitor.restoreMarginAccount('a:isolated:AUSDT:long', progress)
    const heard = { minuteMs: AT, low: '90', high: '110' }
    const { venue } = isolatedLong('far')
    monitor.missed.restoreWatermark({ venue, symbol: 'AUSDT', eventTimeMs: AT + 5_000, heard })
    monitor.apply({ kind: 'put', account: isolatedLong('far', { isolatedMargin: '900' }) })
    monitor.loaded()
    at(200, ['AUSDT', '100'])
    const before = story()
    expect(before).toEqual(['closed a:isolated:AUSDT:long 0 #4 10'])
    expect(fill(gaps[0]!, { AUSDT: [bar(1, '79', '100')] }, removed('a', 150))).toMatchObject({ found: 0 })
    expect(story()).toEqual(before)
  })

  it('is undecided where its terms are not known', () => {
    const { gaps, fill, story } = leaving()
    const before = story()
    const versions = versionsOf('a', [0, 'unknown'], [150, undefined])
    expect(fill(gaps[0]!, { AUSDT: [bar(1, '80', '100')] }, versions)).toEqual({ found: 0, undecided: 1 })
    expect(story()).toEqual(before)
  })

  it('of another market or venue is not looked at', () => {
    const { gaps, fill } = leaving()
    const other = isolatedLong('a', { symbol: 'BUSDT' })
    const versions = versionsOf('a', [0, other], [150, undefined])
    expect(fill(gaps[0]!, { AUSDT: [bar(1, '80', '100')] }, versions)).toEqual({ found: 0, undecided: 0 })
  })

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'is published once, whenever its account comes back: after %i turns',
    (turns) => {
      const { gaps, monitor, events, clock } = leaving()
      const bars = new Map([['AUSDT', new Map([[AT + MINUTE_MS, bar(1, '80', '100')]])]])
      const request = { gap: gaps[0]!, minutes: [AT + MINUTE_MS], bars, published: new Map() }
      // Each look at the clock is a slice.
      const monotonicMs = clock.monotonicMs.bind(clock)
      clock.monotonicMs = () => {
        clock.advance(10)
        return monotonicMs()
      }
      monitor.missed.judge({ ...request, versions: removed('a', 150), done: () => undefined })
      for (let turn = 0; turn < turns; turn++) clock.runTurn()
      monitor.apply({ kind: 'put', account: isolatedLong('a', {}, 3) })
      clock.monotonicMs = monotonicMs
      clock.runTurns()
      const [breach, end, ...more] = events().filter(({ account }) => account === 'a')
      expect(breach).toMatchObject({ kind: 'liquidation', accountVersion: 1, sequence: 1 })
      expect(end).toMatchObject({ kind: expect.stringMatching(/^(closed|recovered)$/), sequence: 2 })
      expect(more).toEqual([])
      expect(
        monitor.watchlist.standingOf(monitor.watchlist.marginAccountsOf(monitor.watchlist.find('a'))[0]!),
      ).toMatchObject({ level: 0, open: false, sequence: 2 })
    },
  )
})

describe('the gap of a market that nobody holds any more', () => {
  it('ends when the last account leaves, and is filled', () => {
    const { at, gaps, monitor, interrupt, fill, events, clock } = watching(['a'])
    at(1, ['AUSDT', '100'])
    interrupt()
    clock.advanceTo(AT + 150_000)
    monitor.apply({ kind: 'removed', id: 'a', version: 2 })
    expect(gaps.map((gap) => short({ gap }))).toMatchObject([
      { symbol: 'AUSDT', fromS: 1, toS: 150, heard: ['0: 100 to 100'] },
    ])
    expect(fill(gaps[0]!, { AUSDT: [bar(1, '80', '100')] }, removed('a', 150))).toMatchObject({ found: 1 })
    expect(events().map(({ kind }) => kind)).toEqual(['liquidation', 'closed'])
    // Another account comes later, and misses what is behind that.
    monitor.apply({ kind: 'put', account: isolatedLong('b') })
    at(300, ['AUSDT', '100'])
    expect(gaps.slice(1).map((gap) => short({ gap }))).toMatchObject([{ fromS: 150, toS: 300 }])
  })

  it('is found at the start of a worker whose book does not hold it', () => {
    const { gaps, monitor, clock } = watching()
    const heard = { minuteMs: AT, low: '90', high: '110' }
    const { venue } = isolatedLong('a')
    monitor.missed.restoreWatermark({ venue, symbol: 'BUSDT', eventTimeMs: AT + 5_000, heard })
    clock.advanceTo(AT + 95_000)
    monitor.loaded()
    expect(gaps.map((gap) => short({ gap }))).toEqual([
      { symbol: 'BUSDT', fromS: 5, toS: 95, heard: ['0: 90 to 110'], held: [] },
    ])
    monitor.apply({ kind: 'put', account: isolatedLong('b', { symbol: 'BUSDT' }) })
    expect(gaps).toHaveLength(1)
  })
})

describe('levels that margin accounts left', () => {
  it('are kept of so many, with their times, and those that were noted first are forgotten', () => {
    const levels = new LevelsLeft()
    const within = (fromMs: number, toMs: number, id = 'first') =>
      levels.in(id, { symbol: 'AUSDT', fromMs, toMs })
    levels.note('first', '0.5', 100)
    levels.note('first', '0.9', 200)
    expect(within(99, 200)).toEqual(['0.5', '0.9'])
    // A gap begins with a price that was heard.
    expect(within(100, 199)).toEqual([])
    levels.noteFound('first', '1', MINUTE_MS, 'BUSDT')
    levels.noteFound('first', '0.9', MINUTE_MS, 'AUSDT')
    expect(within(MINUTE_MS + 5_000, MINUTE_MS + 9_000)).toEqual(['1'])
    expect(within(2 * MINUTE_MS, 3 * MINUTE_MS)).toEqual([])
    for (let at = 1; at < LEVELS_LEFT_MAX; at++) levels.note(`a${at}`, '1', 100)
    expect(within(99, 200)).toHaveLength(2)
    levels.note('last', '1', 100)
    expect(within(99, 200)).toEqual([])
    expect(within(99, 200, 'last')).toEqual(['1'])
  })
})
