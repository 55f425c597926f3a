import { describe, expect, it } from 'vitest'
import {
  createPainter,
  isLive,
  LINE_EVERY_MS,
  LIVE_COLUMNS_MIN,
  LIVE_ROWS_MIN,
  startLines,
} from '../../src/demo/screen/printer.ts'
import { noColours, painted } from '../../src/demo/screen/text.ts'
import { renderLine, renderView } from '../../src/demo/screen/view.ts'
import { TestClock } from '../support/clock.ts'
import { LARGE, PREPARATION } from './snapshots.ts'
import { TestTerminal } from './terminal.ts'

const expected = (snapshot: typeof LARGE, { columns, rows }: TestTerminal) =>
  renderView(snapshot, { columns: columns - 1, rows: rows - 1 }).map((line) =>
    painted(line, noColours).trimEnd(),
  )

describe('the live view on a terminal', () => {
  it.each([
    [140, 50],
    [100, 34],
    [80, 24],
    [60, 20],
    [LIVE_COLUMNS_MIN, LIVE_ROWS_MIN],
  ])('is drawn in place at %dx%d, also below a full screen, and wraps nowhere', (columns, rows) => {
    const terminal = new TestTerminal(columns, rows)
    terminal.write('$ npm run demo\n'.repeat(rows))
    const painter = createPainter(terminal)
    painter.draw(PREPARATION)
    painter.draw(LARGE)
    painter.draw({ ...LARGE, headlines: LARGE.headlines.slice(0, 1) })
    painter.draw(LARGE)
    const view = expected(LARGE, terminal)
    const { shown } = terminal
    expect(shown.slice(-view.length - 1)).toEqual([...view, ''])
    expect(terminal.wrapped).toEqual([])
    expect(terminal.isCursorVisible).toBe(false)
    painter.release()
    expect(terminal.isCursorVisible).toBe(true)
    expect(terminal.cursorRow).toBe(shown.length - 1)
  })

  it('leaves nothing of a taller drawing behind', () => {
    const terminal = new TestTerminal(80, 24)
    const painter = createPainter(terminal)
    painter.draw(LARGE)
    painter.draw(PREPARATION)
    expect(terminal.shown.filter((line) => line !== '')).toEqual(expected(PREPARATION, terminal))
  })

  it('is whole again after the terminal changed its size', () => {
    const terminal = new TestTerminal(140, 50)
    const painter = createPainter(terminal)
    painter.draw(LARGE)
    terminal.columns = 60
    terminal.rows = 20
    painter.redraw()
    painter.draw(LARGE)
    expect(terminal.shown).toEqual([...expected(LARGE, terminal), ''])
    expect(terminal.wrapped).toEqual([])
  })

  it('begins below the lines that were written while it was released', () => {
    const terminal = new TestTerminal(80, 40)
    const painter = createPainter(terminal)
    painter.draw(PREPARATION)
    painter.release()
    terminal.write('[1]+  Stopped\n')
    painter.draw(PREPARATION)
    const view = expected(PREPARATION, terminal)
    expect(terminal.shown).toEqual([...view, '[1]+  Stopped', ...view, ''])
  })

  it('uses no colours if the terminal has none, and no second screen', () => {
    const terminal = Object.assign(new TestTerminal(80, 24), { hasColors: () => false })
    createPainter(terminal).draw(LARGE)
    const text = terminal.written.join('')
    expect(text).not.toContain('\x1b[2m')
    expect(text).not.toContain('?1049')
  })

  it('draws nothing and releases nothing before there is a snapshot', () => {
    const terminal = new TestTerminal(80, 24)
    const painter = createPainter(terminal)
    painter.redraw()
    painter.release()
    expect(terminal.written).toEqual([])
  })
})

describe('lines', () => {
  it('are for pipes and for terminals that are too small', () => {
    expect(isLive({ write: () => {} })).toBe(false)
    expect(isLive(new TestTerminal(80, 24))).toBe(true)
    expect(isLive(new TestTerminal(LIVE_COLUMNS_MIN - 1, 24))).toBe(false)
    expect(isLive(new TestTerminal(80, LIVE_ROWS_MIN - 1))).toBe(false)
  })

  it('come once a second, whole in a pipe, and the same line not again', () => {
    const written: string[] = []
    const clock = new TestClock()
    let snapshot = LARGE
    const later = { ...LARGE, ticks: LARGE.ticks + 1 }
    const stop = startLines({ write: (text) => written.push(text) }, clock, () => snapshot)
    clock.advance(5 * LINE_EVERY_MS)
    snapshot = later
    clock.advance(LINE_EVERY_MS)
    stop()
    clock.advance(10 * LINE_EVERY_MS)
    expect(written).toEqual([LARGE, later].map((each) => `${renderLine(each)}\n`))
  })

  it('do not wrap on a small terminal', () => {
    const terminal = new TestTerminal(40, 10)
    startLines(terminal, new TestClock(), () => LARGE)()
    expect(terminal.wrapped).toEqual([])
    expect(terminal.shown[0]).toMatch(/^17\.3 s crash .*…$/)
  })
})
