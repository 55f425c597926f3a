import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { bar, cell, compact, milliseconds } from '../../src/demo/format.ts'
import { LINE_EVERY_MS, REDRAW_EVERY_MS, type Screen, startPrinter } from '../../src/demo/printer.ts'
import type { DemoSnapshot } from '../../src/demo/snapshot.ts'
import { colours, noColours, renderLine, renderView, VIEW_COLUMNS, VIEW_ROWS } from '../../src/demo/view.ts'
import type { Clock } from '../../src/domain/index.ts'

const LARGE: DemoSnapshot = {
  phase: 'crash',
  elapsedMs: 17_250,
  durationMs: 32_000,
  accounts: 1_000_000,
  positions: 3_000_000,
  marks: Array.from({ length: 12 }, (_, index) => ({
    venue: 'binance',
    symbol: index === 0 ? 'BTCUSD_261225' : '1000BONKUSDT',
    markPrice: '60421.12345678',
    changePercent: index === 0 ? -12.345 : 3.2,
  })),
  ticks: 12_345_678,
  frames: 12_345_678,
  ticksPerSecond: 12_345,
  suspects: 1_234_567,
  exactChecks: 123_456,
  standing: [
    { level: '0', marginAccounts: 1_234_567 },
    { level: '0.5', marginAccounts: 12_345 },
    { level: '0.7', marginAccounts: 12_345 },
    { level: '0.9', marginAccounts: 12_345 },
    { level: '1', marginAccounts: 12_345 },
  ],
  events: { warning: 123_456, liquidation: 123_456, recovered: 123_456 },
  eventsPerSecond: 12_345,
  latencyMs: { detectP50: 0.012, detectP99: 1.25, queueP50: 2.5, queueP99: 1234.5 },
  nearest: Array.from({ length: 12 }, () => ({
    marginAccount: 'demo-0001234:isolated:1000BONKUSDT:short-and-much-longer-than-it-may-be',
    venue: 'binance',
    marginRatio: 0.98765,
    distancePercent: 0.01234,
  })),
  delivery: { made: 370_368, queued: 370_000, delivered: 369_999 },
  notes: ['first', 'second', `third ${'x'.repeat(200)}`],
}

describe('the live view', () => {
  it('fits 100 columns and 32 rows, whatever the numbers', () => {
    const lines = renderView(LARGE, noColours)
    expect(lines.length).toBeLessThanOrEqual(VIEW_ROWS)
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(VIEW_COLUMNS)
  })

  it('says the same with and without colours', () => {
    const painted = renderView(LARGE, colours)
    expect(painted.join('\n')).toContain('\x1b[')
    expect(painted.map(stripVTControlCharacters)).toEqual(renderView(LARGE, noColours))
  })

  it('shows marks, rates, standing, events, latencies, the nearest accounts and the delivery', () => {
    const text = renderView(LARGE, noColours).join('\n')
    for (const part of [
      ' crash ',
      '17.3 s/32.0 s',
      'BTCUSD_261225',
      '-12.35 %',
      '12,345/s, 12,345,678 in all',
      '1,234,567, exact checks 123,456',
      '≥ 0.7 12,345',
      '≥ 1 12,345',
      '123,456 liquidations',
      'p50 0.012 ms  p99 1.3 ms',
      '0.9877',
      '0.012 % away',
      'made 370,368 → queued 370,000 → delivered 369,999 (another process)  369 on the way',
      'third xxx',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).not.toContain('first')
  })

  it('has room before anything is known', () => {
    const empty = {
      ...LARGE,
      phase: 'starting',
      durationMs: 0,
      marks: [],
      nearest: [],
      standing: [],
      notes: [],
    }
    const lines = renderView(
      { ...empty, latencyMs: { ...LARGE.latencyMs, detectP50: Number.NaN } },
      noColours,
    )
    expect(lines.join('\n')).toContain('starting')
    expect(lines.join('\n')).toContain('p50 –')
  })

  it('tells the progress of the set-up while there are no ticks', () => {
    expect(renderLine({ ...LARGE, phase: 'loading', ticks: 0, accounts: 40_000 })).toBe(
      'loading, 40,000 accounts stored',
    )
  })

  it('fits one line where there is no terminal', () => {
    expect(renderLine(LARGE)).toBe(
      '17.3 s crash  12,345,678 ticks (12,345/s)  suspects 1,234,567  warnings 123,456  liquidations 123,456  ' +
        'recovered 123,456  delivered 369,999 of 370,368  detect p99 1.3 ms  queue p99 1235 ms',
    )
  })
})

/** A clock that keeps one timer and fires it when told. */
function handClock() {
  let timer: { delayMs: number; callback: () => void } | undefined
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after(delayMs, callback) {
      timer = { delayMs, callback }
      return () => {
        timer = undefined
      }
    },
    nextTurn: () => {},
  }
  return { clock, delayMs: () => timer?.delayMs, fire: () => timer?.callback() }
}

function screen(options: Partial<Screen> = {}) {
  const written: string[] = []
  return { written, screen: { ...options, write: (text: string) => written.push(text) } }
}

describe('the printer', () => {
  it('redraws in place at most ten times a second and gives the cursor back', () => {
    const { written, screen: terminal } = screen({ isTTY: true, columns: 120, rows: 40 })
    const { clock, delayMs, fire } = handClock()
    const printer = startPrinter(terminal, clock, () => LARGE)
    fire()
    expect(delayMs()).toBe(REDRAW_EVERY_MS)
    expect(REDRAW_EVERY_MS).toBeGreaterThanOrEqual(100)
    expect(written[0]).toContain('\x1b[?25l')
    expect(written[1]).toContain(`\x1b[${renderView(LARGE, noColours).length}A`)
    printer.stop()
    expect(delayMs()).toBeUndefined()
    expect(written.at(-1)).toBe('\x1b[?25h')
  })

  it.each([
    ['a pipe', {}],
    ['a small terminal', { isTTY: true, columns: 80, rows: 24 }],
  ])('prints a plain line a second to %s', (_where, options) => {
    const { written, screen: output } = screen(options)
    const { clock, delayMs, fire } = handClock()
    const printer = startPrinter(output, clock, () => LARGE)
    fire()
    expect(delayMs()).toBe(LINE_EVERY_MS)
    printer.stop()
    expect(written).toEqual(Array(2).fill(`${renderLine(LARGE)}\n`))
  })

  it('leaves out colours where the terminal has none', () => {
    const { written, screen: terminal } = screen({
      isTTY: true,
      columns: 120,
      rows: 40,
      hasColors: () => false,
    })
    const printer = startPrinter(terminal, handClock().clock, () => LARGE)
    printer.stop()
    expect(written.join('')).not.toContain('\x1b[2m')
  })
})

describe('numbers in words', () => {
  it.each([
    [compact(1234567.6), '1,234,568'],
    [compact(12), '12'],
    [milliseconds(0.0214), '0.021 ms'],
    [milliseconds(12.34), '12.3 ms'],
    [milliseconds(Number.NaN), '–'],
    [cell('abcdef', 4), 'abc…'],
    [cell('ab', 4, 'right'), '  ab'],
    [bar(1.7, 4), '████'],
    [bar(0.5, 4), '██░░'],
  ])('%s', (made, wanted) => {
    expect(made).toBe(wanted)
  })
})
