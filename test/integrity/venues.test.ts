import { describe, expect, it } from 'vitest'
import { isVenueEvent, type VenueEvent } from '../../src/domain/index.ts'
import { integrityRules } from '../../src/integrity/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { binance, bybit, underlyingOf } from '../../src/venues/index.ts'
import { isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor, RULES, restoreInto } from '../support/monitor.ts'
import { START_MS, storyOf } from './scenario.ts'

const INTEGRITY = { rules: integrityRules(), underlyingOf }
const COINS = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L'] as const
const anyContract = { version: 'test', rulesOf: () => RULES.AUSDT }

/** Holds a coin at Binance, with so much margin that it is never liquidated. */
const holder = (coin: string) =>
  makeAccount({
    id: `desk/${coin}`,
    venue: 'binance',
    positions: [isolatedPosition(`${coin}USDT`, { entryPrice: '100', isolatedMargin: '1000' })],
  })

/** A monitor of markets of Binance whose index prices stay at 100, which hears a frame of each a second. */
function open(
  coins: readonly string[] = COINS,
  left?: Pick<ReturnType<typeof openMonitor>, 'records'>,
  startMs = START_MS,
) {
  const opened = openMonitor({
    books: {
      binance: { ...binance.ruleBook, ...anyContract },
      bybit: { ...bybit.ruleBook, ...anyContract },
    },
    integrity: INTEGRITY,
    startMs,
  })
  const { monitor, clock } = opened
  if (left !== undefined) restoreInto(monitor, left.records)
  for (const coin of coins) monitor.apply({ kind: 'put', account: holder(coin) })
  monitor.loaded()
  const state = (coin: string, mark: string) => {
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.tick('binance', `${coin}USDT`, mark, clock.nowMs())
    monitor.indexPrice('binance', `${coin}/USDT index`, '100')
    monitor.frameEnd()
    clock.runTurns()
  }
  /** The first `count` coins are at 90, the others at 100. */
  const second = (count: number) => {
    for (const [number, coin] of coins.entries()) state(coin, number < count ? '90' : '100')
    clock.advance(1_000)
  }
  const seconds = (...counts: number[]) => {
    for (const count of counts) second(count)
  }
  const venues = () => opened.records.map(({ event }) => event).filter((event) => isVenueEvent(event))
  const close = (coin: string) => {
    monitor.apply({ kind: 'removed', id: `desk/${coin}`, version: 2 })
    clock.runTurns()
  }
  const story = () => storyOf(opened, startMs)
  return { ...opened, state, second, seconds, venues, close, story }
}

const times = (count: number, seconds: number) => new Array<number>(seconds).fill(count)

describe('many markets of one venue that are suspect at once', () => {
  it('are one event of the venue, which says how many of how many, by which rules, and some of them', () => {
    const { seconds, venues } = open()
    seconds(0, 0, 6, 6)
    expect(venues()).toEqual([
      {
        schemaVersion: 2,
        id: expect.stringMatching(/^e_/),
        logId: 'log',
        shard: '0',
        venue: 'binance',
        episode: 1,
        sequence: 1,
        kind: 'venue-suspect',
        sinceMs: START_MS + 2_000,
        suspectMarkets: 5,
        heldMarkets: 12,
        brokenRules: [{ rule: 'index', markets: 5 }],
        markets: ['A', 'B', 'C', 'D', 'E'].map((coin) => ({
          symbol: `${coin}USDT`,
          markPrice: '90',
          rules: ['index'],
        })),
        limits: { share: '0.3', marketsMin: 5, withinMs: 2_000, quietMs: 10_000 },
        integrityRules: INTEGRITY.rules.version,
        receivedTimeMs: START_MS + 2_000,
      },
    ])
  })

  it('end with one event when fewer have been so for ten seconds, with the most that were at once', () => {
    const { seconds, story, venues } = open()
    seconds(0, 6, 9, 6, ...times(0, 20))
    expect(story()).toEqual(['1 s: binance venue-suspect 5 of 12', '15 s: binance venue-clear 9 of 12'])
    const [began, ended] = venues()
    expect(ended).toMatchObject({
      episode: 1,
      sequence: 2,
      sinceMs: began!.sinceMs,
      endedBy: 'quiet',
      markets: [],
      brokenRules: [],
    })
  })

  it('are one anomaly as long as no ten seconds are quiet, and another one afterwards', () => {
    const { seconds, story, venues } = open()
    seconds(0, 5, ...times(0, 8), 5, ...times(0, 14), 5)
    expect(story().map((line) => line.split(' ').slice(2).join(' '))).toEqual([
      'binance venue-suspect 5 of 12',
      'binance venue-clear 5 of 12',
      'binance venue-suspect 5 of 12',
    ])
    expect(venues().map(({ episode, sequence }) => [episode, sequence])).toEqual([
      [1, 1],
      [1, 2],
      [2, 3],
    ])
    expect(new Set(venues().map(({ id }) => id)).size).toBe(3)
  })

  it('are none where they are fewer than five, or fewer than three of ten', () => {
    const few = open()
    few.seconds(0, ...times(4, 5))
    expect(few.story()).toEqual([])
    const many = Array.from({ length: 20 }, (_, number) => `X${number}`)
    const share = open(many)
    share.seconds(0, ...times(5, 5))
    expect(share.story()).toEqual([])
    share.seconds(6)
    expect(share.story()).toEqual(['6 s: binance venue-suspect 6 of 20'])
  })

  it('are none where they are so one after the other, further apart than two seconds', () => {
    const { state, clock, story } = open()
    for (const coin of COINS) state(coin, '100')
    for (const coin of COINS) {
      clock.advance(1_000)
      state(coin, '90')
    }
    expect(story()).toEqual([])
  })

  it('end when the last account leaves the venue, and not before', () => {
    const { seconds, close, story, monitor } = open(COINS.slice(0, 5))
    monitor.apply({
      kind: 'put',
      account: makeAccount({ id: 'other', positions: [isolatedPosition('AUSDT', { isolatedMargin: '10' })] }),
    })
    seconds(0, 5)
    for (const coin of COINS.slice(0, 4)) close(coin)
    expect(story()).toEqual(['1 s: binance venue-suspect 5 of 5'])
    close('E')
    expect(story()).toEqual(['1 s: binance venue-suspect 5 of 5', '2 s: binance venue-clear 5 of 0'])
  })

  it('hold nothing back: the liquidation of the instant is published with it', () => {
    const { seconds, monitor, story } = open()
    const position = isolatedPosition('EUSDT', { size: '10', entryPrice: '100', isolatedMargin: '95' })
    monitor.apply({
      kind: 'put',
      account: makeAccount({ id: 'desk/long', venue: 'binance', positions: [position] }),
    })
    seconds(0, 5)
    expect(story()).toEqual([
      '1 s: desk/long liquidation at 90 suspect price-index',
      '1 s: binance venue-suspect 5 of 12',
    ])
  })
})

describe('an anomaly over a restart', () => {
  it('is ended by the next worker, ten seconds after its first mark', () => {
    const before = open()
    before.seconds(0, 6)
    const after = open(COINS, before, START_MS + 60_000)
    after.seconds(...times(0, 12))
    expect(after.story()).toEqual(['10 s: binance venue-clear 5 of 12'])
    expect(after.venues()[0]).toMatchObject({ episode: 1, sequence: 2, sinceMs: START_MS + 1_000 })
    expect(after.records.at(-1)!.progress).toBeNull()
  })

  it('that nobody holds a market of any more is ended at the start', () => {
    const before = open()
    before.seconds(0, 6)
    const after = open([], before, START_MS + 60_000)
    after.clock.runTurns()
    expect(after.venues()).toMatchObject([{ kind: 'venue-clear', endedBy: 'unheld', heldMarkets: 0 }])
  })
})

describe('verify of an event of a venue', () => {
  function events(): VenueEvent[] {
    const { seconds, venues } = open()
    seconds(0, 6, ...times(0, 20))
    return venues()
  }

  it('recomputes its id and holds what it counts against its limits', () => {
    expect(events().map((event) => verifyEvent(event))).toMatchObject([
      { isOk: true, kind: 'venue-suspect', subject: 'binance', differences: [] },
      { isOk: true, kind: 'venue-clear', subject: 'binance', differences: [] },
    ])
  })

  it.each<[string, (event: VenueEvent) => VenueEvent, string]>([
    ['another venue', (event) => ({ ...event, venue: 'bybit' }), 'id'],
    ['fewer markets than the limit', (event) => ({ ...event, suspectMarkets: 4 }), 'suspectMarkets'],
    ['a smaller share than the limit', (event) => ({ ...event, heldMarkets: 17 }), 'suspectMarkets'],
    [
      'a list that is too short',
      (event) => ({ ...event, markets: event.markets.slice(1) }),
      'markets.length',
    ],
    ['a rule that is not counted', (event) => ({ ...event, brokenRules: [] }), 'markets[0].rules'],
    [
      'a count that is not that of the list',
      (event) => ({ ...event, brokenRules: [{ rule: 'index', markets: 4 }] }),
      'brokenRules[0].markets',
    ],
    ['an end that is none', (event) => ({ ...event, endedBy: 'quiet' }), 'endedBy'],
  ])('finds %s', (_name, change, field) => {
    const { differences } = verifyEvent(change(events()[0]!))
    expect(differences.map((difference) => difference.field)).toContain(field)
  })
})
