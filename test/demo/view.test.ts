import { describe, expect, it } from 'vitest'
import {
  amount,
  bar,
  cell,
  compact,
  milliseconds,
  shortPrice,
  withoutZeros,
} from '../../src/demo/screen/format.ts'
import { headlineLines } from '../../src/demo/screen/headline-text.ts'
import type { Headline } from '../../src/demo/screen/headlines.ts'
import { fit, type Line, noColours, painted, span, wrap } from '../../src/demo/screen/text.ts'
import { renderLine, renderView, type Size } from '../../src/demo/screen/view.ts'
import { LARGE, LIQUIDATION, PREPARATION } from './snapshots.ts'

const plain = (lines: readonly Line[]) => lines.map((line) => painted(line, noColours))
const SIX = LARGE.venues.slice(0, 6)
/** The levels take one row. */
const ONE_ROW = { standing: LARGE.standing.slice(0, 4), unknownMarginAccounts: 0, notes: [] }
const view = (size: Size, change: Partial<typeof LARGE> = {}) =>
  plain(renderView({ ...LARGE, ...change }, size))

describe('the live view', () => {
  it.each([
    [139, 49],
    [99, 33],
    [79, 23],
    [59, 19],
    [49, 13],
    [10, 3],
  ])('fits %d columns and %d rows, whatever the figures', (columns, rows) => {
    for (const snapshot of [LARGE, PREPARATION]) {
      const lines = plain(renderView(snapshot, { columns, rows }))
      expect(lines.length).toBeLessThanOrEqual(rows)
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns)
    }
  })

  it.each([
    [79, 23],
    [59, 19],
  ])('explains every figure at %d columns without cutting the explanation', (columns, rows) => {
    const [title, phases, ...lines] = view({ columns, rows }, { ...ONE_ROW, venues: SIX })
    const figures = lines.slice(0, 8)
    for (const line of [title, phases]) expect(line).not.toContain('…')
    expect(figures.map((line) => line.split(' ')[0])).toEqual([
      'prices',
      're-checked',
      'warnings',
      'liquidations',
      'recovered',
      'delivered',
      'verdict',
      'queued',
    ])
    for (const line of figures) {
      expect(line).not.toContain('…')
      expect(line.slice(34).trim(), line).not.toBe('')
    }
  })

  it.each([
    ['six', SIX, 2],
    ['ten', LARGE.venues, 2],
  ])('shows at 80x24 a row of each of %s venues, and events below them', (_name, venues, events) => {
    const lines = view({ columns: 79, rows: 23 }, { ...ONE_ROW, venues })
    const at = lines.findIndex((line) => line.startsWith('VENUES'))
    expect(lines[at]).toMatch(/^VENUES +accounts +markets +prices\/s +events$/)
    const rows = lines.slice(at + 1, at + 1 + venues.length)
    expect(rows.map((line) => line.split(' ')[0])).toEqual(venues.map(({ venue }) => venue))
    for (const row of rows)
      expect(row).toMatch(/ 1,000,000 +123 +12,345 +1,234,567 {2}ETH_USDC-PERPETUAL +-12\.35 %$/)
    expect(lines.filter((line) => line.startsWith('LIQUIDATION'))).toHaveLength(events)
  })

  it('states every figure in a few rows, uncut, where ten venues leave no room for more', () => {
    const text = view({ columns: 79, rows: 23 }).slice(0, 6)
    for (const line of text) expect(line).not.toContain('…')
    expect(text.slice(2, 6)).toEqual([
      'prices        12,345,678 evaluated, 12,345 a second; 1,234,567 re-checked',
      'events        123,456 warnings, 123,456 liquidations, 123,456 recovered',
      'delivered     369,999 of 370,368 events to another process, each just once',
      'verdict after 0.012 ms, 1.3 ms; queued after 2.5 ms, 1235 ms (median, p99)',
    ])
  })

  it('shows all venues or none', () => {
    for (let rows = 14; rows < 60; rows++) {
      const lines = view({ columns: 79, rows })
      const shown = lines.filter((line) => line.includes('ETH_USDC-PERPETUAL')).length
      expect([0, 10], `${rows} rows`).toContain(shown)
    }
  })

  it('shows how far the naive replay is, in place of the time', () => {
    const replay = { ticks: 13_384, ticksInAll: 14_186 }
    expect(view({ columns: 79, rows: 23 }, { replay })[1]).toContain(
      'the naive replay checks every event: 13,384 of 14,186 prices',
    )
    expect(renderLine({ ...LARGE, replay })).toBe(
      'the naive replay checks every event: 13,384 of 14,186 prices',
    )
  })

  it.each([
    ['before the accounts are counted by level', '0.5', 'margin ratio past 0.5; liquidation is at 1'],
    ['without a warning level', undefined, 'the settings name no warning level'],
  ])('says what a warning is, %s', (_, warningLevel, words) => {
    const size = { columns: 79, rows: 23 }
    const lines = view(size, { venues: SIX, standing: [], warningLevel })
    expect(lines.find((line) => line.startsWith('warnings'))).toContain(words)
  })

  it('shows at 80x24 who is liquidated, at which price, how much is missing and what cures it', () => {
    const lines = view({ columns: 79, rows: 23 }, { venues: SIX })
    const at = lines.findIndex((line) => line.startsWith('LAST EVENTS'))
    expect(lines[at]).toContain('worst first')
    expect(lines.slice(at + 1, at + 3)).toEqual([
      'LIQUIDATION  demo-0012345  isolated BTCUSDT long at 58024.3             3 s ago',
      '  short 812.40 USDT; cure: add 1,902.10 USDT or close 0.123',
    ])
  })

  it('shows no event without the line that says what is missing', () => {
    for (let rows = 14; rows < 60; rows++) {
      const lines = view({ columns: 79, rows })
      const count = (text: string) => lines.filter((line) => line.includes(text)).length
      expect({ rows, told: count('LIQUIDATION') }).toEqual({ rows, told: count('short 812.40 USDT') })
    }
  })

  it('shows more of everything on a larger terminal', () => {
    const count = (size: Size, word: string) => view(size).filter((line) => line.includes(word)).length
    const [small, large] = [
      { columns: 79, rows: 23 },
      { columns: 139, rows: 49 },
    ]
    for (const word of ['LIQUIDATION', 'demo-0001234'])
      expect(count(large, word), word).toBeGreaterThan(count(small, word))
  })

  it('shows marks, rates, standing, latencies, the nearest accounts, the delivery and the newest note', () => {
    const text = view({ columns: 139, rows: 49 }).join('\n')
    for (const part of [
      ' crash ',
      '17.3 s of 32.0 s',
      'ETH_USDC-PERPETUAL   60421.12  -12.35 %',
      'all marks are evaluated, 12,345 a second',
      'unknown 12,345   safe 1,234,567',
      '≥ 0.7 12,345',
      '≥ 1 12,345',
      'liquidations  123,456',
      '0.012 ms, 1.3 ms',
      '0.9876',
      '0.0123 %',
      '369,999 of 370,368',
      'third',
    ]) {
      expect(text).toContain(part)
    }
  })

  it('names every level on the usual terminal, whatever the counts are', () => {
    const text = view({ columns: 79, rows: 23 }).join('\n')
    for (const part of [
      'unknown 12,345',
      'safe 1,234,567',
      '≥ 0.5 12,345',
      '≥ 0.7 12,345',
      '≥ 0.9 12,345',
      '≥ 1 12,345',
    ])
      expect(text).toContain(part)
  })

  it('says what the run is doing before the market moves', () => {
    const text = plain(
      renderView({ ...PREPARATION, notes: ['fetching Redis'] }, { columns: 79, rows: 23 }),
    ).join('\n')
    expect(text).toContain('storing the accounts')
    expect(text).toContain('40,000 of 100,000 accounts stored')
    expect(text).toContain('fetching Redis')
    expect(text).not.toContain('warnings')
  })

  it('says that there are no events yet', () => {
    expect(view({ columns: 79, rows: 23 }, { headlines: [] }).join('\n')).toContain('none yet')
  })

  it('shows a dash if nothing was measured', () => {
    const latencyMs = { detectP50: null, detectP99: null, queueP50: null, queueP99: null }
    expect(view({ columns: 79, rows: 23 }, { latencyMs }).join('\n')).toContain('verdict after –, –')
  })

  it('shows no control character of a note', () => {
    const text = view({ columns: 79, rows: 23 }, { notes: ['\x1b[2J\x07gone\r\n'] }).join('\n')
    expect(text).not.toContain('\x1b')
    expect(text).toContain('[2J gone')
  })
})

describe('one event in words', () => {
  const words = (change: Partial<Headline>) =>
    plain(headlineLines({ ...LIQUIDATION, ...change }, 1_000_000, 100)).map((line) => line.trimEnd())

  it('names the worst position of a cross pool and counts the others', () => {
    const [who] = words({ marginMode: 'cross', positions: 3 })
    expect(who).toContain('cross USDT, BTCUSDT long at 58024.3 + 2 more')
  })

  it.each<[string, Partial<Headline>, string]>([
    [
      'a warning',
      { kind: 'warning', level: '0.7', marginRatio: '0.71234' },
      'margin ratio 0.712, past 0.7; cure: add 1,902.10 USDT or close 0.123',
    ],
    [
      'a warning with its distance',
      { kind: 'warning', level: '5%', marginRatio: '0.71234', distance: '0.0421999' },
      'margin ratio 0.712, 4.21 % from its line; cure: add 1,902.10 USDT or close 0.123',
    ],
    [
      'a recovery with its distance',
      { kind: 'recovered', level: '10%', marginRatio: '0.4', distance: '0.085' },
      'margin ratio 0.400, still 8.5 % from its line',
    ],
    ['a recovery', { kind: 'recovered', level: '0', marginRatio: '0.4' }, 'margin ratio 0.400, safe'],
    [
      'a partial recovery',
      { kind: 'recovered', level: '0.5', marginRatio: '0.6' },
      'margin ratio 0.600, still past 0.5',
    ],
    [
      'an unknown',
      { kind: 'unknown', marginRatio: null, worst: null },
      'no verdict: a price is missing or too old',
    ],
    ['a debt', { kind: 'warning', level: '0.9', marginRatio: null }, 'margin used up, past 0.9'],
    ['an order in another market', { reduction: { symbol: 'ETHUSDT', size: '2' } }, 'or close 2 ETHUSDT'],
    ['no order that helps', { reduction: null }, 'cure: add 1,902.10 USDT'],
    ['an amount in coin', { settle: 'BTC', shortfall: '0.00001201' }, 'short 0.000013 BTC'],
  ])('%s', (_name, change, text) => {
    expect(words(change)[1]).toContain(text)
  })
})

describe('lines without a terminal', () => {
  it('show the progress of the set-up while there are no prices', () => {
    expect(renderLine(PREPARATION)).toBe('storing the accounts, 40,000 accounts stored')
  })

  it('hold the main figures', () => {
    expect(renderLine(LARGE)).toBe(
      '17.3 s crash  12,345,678 ticks (12,345/s)  suspects 1,234,567  warnings 123,456  liquidations 123,456  ' +
        'recovered 123,456  delivered 369,999 of 370,368  detect p99 1.3 ms  queue p99 1235 ms',
    )
  })
})

describe('numbers and text', () => {
  it.each([
    [compact(1234567.6), '1,234,568'],
    [compact(12), '12'],
    [milliseconds(0.0214), '0.021 ms'],
    [milliseconds(12.34), '12.3 ms'],
    [milliseconds(null), '–'],
    [cell('abcdef', 4), 'abc…'],
    [cell('ab', 4, 'right'), '  ab'],
    [bar(1.7, 4), '████'],
    [bar(0.5, 4), '██░░'],
    [amount('1234.561', 'USDT'), '1,234.57 USDT'],
    [amount('1234.56', 'USDT'), '1,234.56 USDT'],
    [amount('0', 'USDT'), '0.00 USDT'],
    [amount('0.0000000001', 'BTC'), '0.000001 BTC'],
    [amount('999999999999999.999', 'USDC'), '1,000,000,000,000,000.00 USDC'],
    [withoutZeros('2.13480000'), '2.1348'],
    [withoutZeros('2.000'), '2'],
    [withoutZeros('200'), '200'],
    [shortPrice('62467.15092605'), '62467.15'],
    [shortPrice('0.00001234'), '0.00001234'],
    [shortPrice('123456789.5'), '123456800'],
  ])('%s', (made, wanted) => {
    expect(made).toBe(wanted)
  })

  it('cuts a line over its spans with one ellipsis', () => {
    const line = [span('abc'), span('def', 'red'), span('g')]
    expect(plain([fit(line, 7), fit(line, 6), fit(line, 4), fit(line, 3), fit(line, 0)])).toEqual([
      'abcdefg',
      'abcde…',
      'abc…',
      'ab…',
      '',
    ])
  })

  it('wraps at spaces', () => {
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc'])
    expect(wrap('', 5)).toEqual([''])
  })
})
