import { describe, expect, it } from 'vitest'
import { EventLines } from '../../src/cli/event-lines.ts'
import { paletteOf } from '../../src/cli/terminal.ts'
import { visible } from '../../src/cli/visible.ts'
import type { MarginEvent, MarketEvent, PlimsollEvent, VenueEvent } from '../../src/domain/index.ts'
import { sampleEvent, sampleMarketEvent, sampleRevision, sampleVenueEvent } from '../support/sample-events.ts'

const event = (changes: Partial<MarginEvent> = {}): MarginEvent => ({
  ...sampleEvent('desk/1', 1),
  ...changes,
})
const market = (changes: Partial<MarketEvent> = {}) =>
  sampleMarketEvent('BTCUSDT', 1, { sinceMs: 1_759_999_992_003, marginAccounts: 300_000, ...changes })

/** The lines of one event, without the line of the date. */
const linesOf = (shown: PlimsollEvent) => new EventLines(paletteOf(false)).of(shown).slice(1)

describe('an event as lines for people', () => {
  it('of a liquidation says what is missing first, then positions with liquidation prices, then the cure', () => {
    expect(linesOf(event())).toEqual([
      '08:53:20Z  LIQUIDATION   desk/1/cross/USDT  short 44.325 USDT  ratio 1.4128',
      '           BTCUSDT 0.5 at 58120.25, liquidation price 58209.37; ETHUSDT -0.4 at 2911.04, liquidation price 2802.1',
      '           cure: add 44.325 USDT, or close 0.152 of BTCUSDT',
    ])
  })

  it('names the assets of a pool that would cure it, and none of which no amount does', () => {
    const topUps = [
      { asset: 'BTC', amount: '0.00123456789' },
      { asset: 'DOGE', amount: null },
    ]
    const cure = { ...event().cure!, topUps }
    expect(linesOf(event({ cure })).at(-1)).toBe(
      '           cure: add 44.325 USDT, or add 0.00123457 BTC, or close 0.152 of BTCUSDT',
    )
  })

  it('says what its figures assume, and counts what is beyond two sentences', () => {
    const assumptions = ['the fee is that of others', 'a step is marginal', 'the table is whole', 'one more']
    expect(linesOf(event({ assumptions: [] }))).toEqual(linesOf(event()))
    expect(linesOf(event({ assumptions: assumptions.slice(0, 1) })).slice(3)).toEqual([
      '           assumed: the fee is that of others',
    ])
    expect(linesOf(event({ assumptions })).slice(3)).toEqual([
      '           assumed: the fee is that of others',
      '           assumed: a step is marginal',
      '           assumed: 2 more in --json',
    ])
  })

  it('names the position that loses most first, and counts those beyond three', () => {
    const position = event().positions[0]!
    const positions = ['-1', '-30', '5', '-200', '0'].map((unrealizedPnl, index) => ({
      ...position,
      symbol: `M${index}`,
      unrealizedPnl,
      liquidationPrice: null,
    }))
    const [, line] = linesOf(event({ positions }))
    expect(line?.trim()).toBe(
      'M3 0.5 at an unknown mark; M1 0.5 at an unknown mark; M0 0.5 at an unknown mark; and 2 more',
    )
  })

  it('of a warning names its level and never a ratio of 1', () => {
    const warning = event({ kind: 'warning', level: '0.9', marginRatio: '0.99999999', shortfall: '0' })
    expect(linesOf(warning)[0]).toBe('08:53:20Z  warning       desk/1/cross/USDT  ratio 0.99999  level 0.9')
  })

  it('says how far it is from its line, in percent cut to three digits', () => {
    const told = (distance: string | null) =>
      linesOf(event({ kind: 'warning', level: '5%', marginRatio: '0.5', shortfall: '0', distance }))[0]
    expect(told('0.042199')).toBe(
      '08:53:20Z  warning       desk/1/cross/USDT  ratio 0.5  4.21 % from its line  level 5%',
    )
    expect(told('0.0000012345')).toContain('  0.000123 % from its line')
    expect(told('12.3456')).toContain('  1234 % from its line')
    for (const distance of ['0', null]) expect(told(distance)).not.toContain('from its line')
  })

  it('without a ratio says the margin balance instead', () => {
    const gone = event({ marginRatio: null, marginBalance: '-12.5', shortfall: '164.2' })
    expect(linesOf(gone)[0]).toContain('short 164.2 USDT  margin balance -12.5')
  })

  it.each(['recovered', 'closed', 'unknown'] as const)(
    'of kind %s is one line with the level before',
    (kind) => {
      const reasons = kind === 'unknown' ? ['stale-mark'] : []
      const lines = linesOf(
        event({ kind, level: '0', marginRatio: null, marginBalance: null, shortfall: null, reasons }),
      )
      const why = kind === 'unknown' ? '  stale-mark' : ''
      expect(lines).toEqual([`08:53:20Z  ${kind.padEnd(12)}  desk/1/cross/USDT  was at 0.9${why}`])
    },
  )

  it('of a recovery to a warning level names the level that still stands, positions and cure', () => {
    const partly = event({
      kind: 'recovered',
      level: '10%',
      previousLevel: '1',
      marginRatio: '0.054',
      shortfall: '0',
    })
    expect(linesOf(partly)).toEqual([
      '08:53:20Z  recovered     desk/1/cross/USDT  ratio 0.054  still at level 10%  was at 1',
      expect.stringContaining('BTCUSDT 0.5 at 58120.25'),
      '           cure: add 44.325 USDT, or close 0.152 of BTCUSDT',
    ])
  })

  it('says that a price is suspect', () => {
    expect(linesOf(event({ confidence: 'suspect', reasons: ['far-from-index'] }))[0]).toContain(
      'suspect  far-from-index',
    )
  })

  it('of a revision says which event it is of, what has become of it, and why', () => {
    expect(linesOf(sampleRevision(event()))).toEqual([
      '08:53:23Z  revision      desk/1/cross/USDT  liquidation at level 1 is retracted  ' +
        'BTCUSDT 58120.25: it stood for one mark, and nothing else was there',
    ])
  })

  it('of a venue says how many of its markets are suspect, by which rules, and when that is over', () => {
    expect(linesOf(sampleVenueEvent())).toEqual([
      '08:53:20Z  venue doubt   bybit  7 of 12 markets suspect: index 7, jump 2',
    ])
    const ended: Partial<VenueEvent> = {
      kind: 'venue-clear',
      markets: [],
      brokenRules: [],
      receivedTimeMs: 1_760_000_020_000,
    }
    expect(linesOf(sampleVenueEvent({ ...ended, endedBy: 'quiet' }))).toEqual([
      '08:53:40Z  venue clear   bybit  its prices are clear again, after 20 s, 7 suspect at most',
    ])
    expect(linesOf(sampleVenueEvent({ ...ended, endedBy: 'unheld' }))[0]).toContain(
      'nobody holds its markets any more',
    )
  })

  it('of a market has a line of its own', () => {
    expect(linesOf(market())).toEqual([
      '08:53:20Z  MARKET STALE  bybit BTCUSDT  no fresh mark since 08:53:12Z: 300,000 margin accounts have no verdict',
    ])
    expect(linesOf(market({ kind: 'market-fresh', markPrice: '58120.25' }))).toEqual([
      '08:53:20Z  market fresh  bybit BTCUSDT  mark 58120.25 after 8 s without one',
    ])
    const sinceMs = Date.UTC(2025, 9, 9, 8)
    expect(linesOf(market({ kind: 'market-expired', sinceMs, marginAccounts: 1 }))).toEqual([
      '08:53:20Z  EXPIRED       bybit BTCUSDT  expired at 2025-10-09T08:00Z: 1 margin account has no verdict',
    ])
    expect(linesOf(market({ kind: 'market-expired', sinceMs, delisted: true }))).toEqual([
      '08:53:20Z  EXPIRED       bybit BTCUSDT  found delisted at 2025-10-09T08:00Z: 300,000 margin accounts have no verdict',
    ])
    const contradictions = [{ field: 'multiplier', rules: '1', venue: '0.1' }] as const
    expect(linesOf(market({ kind: 'market-contradicted', contradictions: [...contradictions] }))).toEqual([
      '08:53:20Z  CONTRADICTED  bybit BTCUSDT  multiplier is 1 in the rules and 0.1 at the venue: 300,000 margin accounts have no verdict',
    ])
    const untilMs = Date.UTC(2025, 9, 9, 8, 53, 15)
    expect(
      linesOf(market({ kind: 'market-gap', untilMs, gapReasons: ['no-record', 'bars-missing'] })),
    ).toEqual([
      '08:53:20Z  market gap    bybit BTCUSDT  marks not heard from 08:53:12Z to 08:53:15Z: no-record, bars-missing',
    ])
    expect(linesOf(market({ kind: 'market-closed', marginAccounts: 0 }))).toEqual([
      '08:53:20Z  market closed  bybit BTCUSDT  nobody holds it any more',
    ])
  })

  it('says the date once a day', () => {
    const lines = new EventLines(paletteOf(false))
    const nextDay = event().receivedTimeMs + 86_400_000
    const dates = [event(), event(), event({ receivedTimeMs: nextDay })].map((shown) => lines.of(shown)[0])
    expect(dates[0]).toBe('-- 2025-10-09 UTC')
    expect(dates[1]).toMatch(/^08:53:20Z/)
    expect(dates[2]).toBe('-- 2025-10-10 UTC')
  })

  it('is red for a liquidation if colour is wanted', () => {
    expect(new EventLines(paletteOf(true)).of(event())[1]).toContain('\x1b[31m\x1b[1mLIQUIDATION')
  })

  it('obeys nothing that a name says', () => {
    const hostile = '\x1b]0;owned\x07\u009b2J\u202e'
    const shown = [
      event({
        marginAccount: hostile,
        settle: hostile,
        reasons: [hostile],
        positions: [{ ...event().positions[0]!, symbol: hostile }],
        cure: { topUp: '1', reductions: [{ symbol: hostile, size: '1' }] },
      }),
      market({ symbol: hostile }),
    ]
    for (const line of shown.flatMap(linesOf)) expect(visible(line)).toBe(line)
  })
})
