import { counted, percentText } from '../../domain/index.ts'
import { bar, cell, compact, milliseconds, seconds, signedPercent, withoutZeros } from './format.ts'
import { headlineLines } from './headline-text.ts'
import { levelHead, levelWords, lineWords, styleOf } from './levels.ts'
import type { DemoSnapshot, Latencies, NearestLine } from './snapshot.ts'
import { fit, isNarrow, type Line, type Style, span, wrap } from './text.ts'

const NAME_COLUMNS = 14
const VALUE_COLUMNS = 19
const MARK_COLUMNS = 39
const NEAREST_ID_COLUMNS = 40
const GAUGE_COLUMNS = 12
const BAR_COLUMNS = 20
const NARROW_BAR_COLUMNS = 8
const PHASES = ['calm', 'trend', 'crash', 'recovery']
const NOTE_ROWS = 4

/** Most of each that a terminal shows; the reporter collects no more. */
export const MARKS_SHOWN = 8
export const NEAREST_SHOWN = 8
export const HEADLINES_SHOWN = 8

export interface Size {
  readonly columns: number
  readonly rows: number
}

/**
 * The screen for a snapshot: at most `rows` lines of at most `columns` characters, the same for the same input. A small
 * terminal shows the figures and the events first; further rows go to the other sections in a fixed order.
 */
export function renderView(snapshot: DemoSnapshot, size: Size): Line[] {
  const lines = snapshot.isMarketOpen ? openMarket(snapshot, size) : preparation(snapshot, size)
  return lines.slice(0, size.rows).map((line) => fit(line, size.columns))
}

/** One line a second for a log or a pipe. */
export function renderLine(snapshot: DemoSnapshot): string {
  const { events, latencyMs, delivery: counts } = snapshot
  if (snapshot.ticks === 0) return `${snapshot.phase}, ${counted(snapshot.accounts, 'account')} stored`
  return [
    `${seconds(snapshot.elapsedMs)} ${snapshot.phase}`,
    `${counted(snapshot.ticks, 'tick')} (${compact(snapshot.ticksPerSecond)}/s)`,
    `suspects ${compact(snapshot.suspects)}`,
    `warnings ${compact(events.warning)}`,
    `liquidations ${compact(events.liquidation)}`,
    `recovered ${compact(events.recovered)}`,
    `delivered ${compact(counts.delivered)} of ${compact(counts.made)}`,
    `detect p99 ${milliseconds(latencyMs.detectP99)}`,
    `queue p99 ${milliseconds(latencyMs.queueP99)}`,
  ].join('  ')
}

function preparation(snapshot: DemoSnapshot, { columns }: Size): Line[] {
  const { accounts, accountsWanted } = snapshot
  return [
    [span('plimsoll demo', ['bold', 'cyan'])],
    [span(`${snapshot.phase} `), span(bar(accounts / accountsWanted, BAR_COLUMNS), 'dim')],
    [span(`${compact(accounts)} of ${counted(accountsWanted, 'account')} stored`, 'dim')],
    ...noteLines(snapshot, columns),
  ]
}

/** A section of the screen: all its lines, heading first, and how many of them are shown. */
interface Section {
  readonly lines: readonly Line[]
  rows: number
}

function openMarket(snapshot: DemoSnapshot, size: Size): Line[] {
  const { columns } = size
  const head: Line[] = [title(snapshot, columns), phases(snapshot, columns), ...figures(snapshot, columns)]
  const notes = noteLines(snapshot, columns)
  const marks = markLines(snapshot, columns)
  const nearest = nearestLines(snapshot, columns)
  const newest = eventLines(snapshot, columns)
  const events = { rows: 0, lines: newest }
  const prices = { rows: 0, lines: marks }
  const near = { rows: 0, lines: nearest }
  const said = { rows: 0, lines: notes }
  const grants: readonly (readonly [section: Section, rows: number])[] = [
    [events, 7],
    [said, 1],
    [near, 3],
    [prices, 1],
    [events, 11],
    [near, 5],
    [prices, marks.length],
    [events, newest.length],
    [near, nearest.length],
    [said, notes.length],
  ]
  let left = size.rows - head.length
  for (const [section, rows] of grants) {
    const more = Math.max(0, Math.min(left, Math.min(rows, section.lines.length) - section.rows))
    section.rows += more
    left -= more
  }
  // An event takes two rows; half an event, or a heading alone, is not shown.
  if (newest.length > 2) {
    const whole = events.rows < 3 ? 0 : events.rows - ((events.rows + 1) % 2)
    left += events.rows - whole
    events.rows = whole
  }
  const sections = [prices, events, near, said].filter(({ rows }) => rows > 0)
  return [
    ...head,
    ...sections.flatMap((section) => {
      // An empty line above the heading, if there is room.
      const gap: Line[] = left-- > 0 ? [[]] : []
      return [...gap, ...section.lines.slice(0, section.rows)]
    }),
  ]
}

function title({ accounts, positions }: DemoSnapshot, columns: number): Line {
  const book = `${counted(accounts, 'account')}, ${counted(positions, 'position')}${isNarrow(columns) ? '' : ', checked at every price'}`
  return [span('plimsoll demo', ['bold', 'cyan']), span('  '), span(book, 'dim')]
}

function phases({ phase, elapsedMs, durationMs }: DemoSnapshot, columns: number): Line {
  const names = PHASES.map((name) => span(` ${name} `, name === phase ? ['bold', 'inverse'] : 'dim'))
  const share = durationMs === 0 ? 0 : elapsedMs / durationMs
  const time = PHASES.includes(phase) ? `${seconds(elapsedMs)} of ${seconds(durationMs)}` : phase
  return [...names, span(` ${bar(share, isNarrow(columns) ? NARROW_BAR_COLUMNS : BAR_COLUMNS)} ${time}`)]
}

function figures(snapshot: DemoSnapshot, columns: number): Line[] {
  const { events, latencyMs, delivery, warningLevel } = snapshot
  const { made, delivered } = delivery
  const row = (name: string, value: string, short: string, long: string, style?: Style): Line => [
    span(cell(name, NAME_COLUMNS), style),
    span(`${cell(value, VALUE_COLUMNS)} `),
    span(isNarrow(columns) ? short : long, 'dim'),
  ]
  return [
    row(
      'prices',
      compact(snapshot.ticks),
      `marks, ${compact(snapshot.ticksPerSecond)} a second`,
      `all marks are evaluated, ${compact(snapshot.ticksPerSecond)} a second`,
    ),
    row(
      're-checked',
      compact(snapshot.suspects),
      'accounts past a trigger',
      'accounts with a price past a trigger',
    ),
    row(
      'warnings',
      compact(events.warning),
      warningLevel === undefined ? 'no level is set' : levelWords(warningLevel),
      warningLevel === undefined
        ? 'the settings name no warning level'
        : `${levelWords(warningLevel)}; ${lineWords(warningLevel)}`,
      'yellow',
    ),
    row(
      'liquidations',
      compact(events.liquidation),
      'margin ratio past 1',
      'past 1: less margin than the venue requires',
      'red',
    ),
    row(
      'recovered',
      compact(events.recovered),
      'back below a level',
      'back below a level, the alarm is over',
      'green',
    ),
    row(
      'delivered',
      `${compact(delivered)} of ${compact(made)}`,
      'to another process, once',
      'events to another process, each just once',
      delivered === made ? 'green' : undefined,
    ),
    row(
      'verdict after',
      pairOf(latencyMs, 'detect'),
      'of price: median, p99',
      'of the price: median, slowest 1 in 100',
    ),
    row(
      'queued after',
      pairOf(latencyMs, 'queue'),
      'of verdict: median, p99',
      'of the verdict: median, slowest 1 in 100',
    ),
    ...standingLines(snapshot, columns),
  ]
}

function pairOf(latencyMs: Latencies, name: 'detect' | 'queue'): string {
  return `${milliseconds(latencyMs[`${name}P50`])}, ${milliseconds(latencyMs[`${name}P99`])}`
}

/** The accounts by level; levels that do not fit the first line continue in a second. */
function standingLines({ standing, unknownMarginAccounts: unknown }: DemoSnapshot, columns: number): Line[] {
  const parts = standing.map(({ level, marginAccounts }) => {
    return span(`${levelHead(level)} ${compact(marginAccounts)}`, styleOf(level))
  })
  if (unknown > 0) parts.unshift(span(`unknown ${compact(unknown)}`, 'magenta'))
  const lines: Line[] = []
  let line: Line = [span(cell('by level', NAME_COLUMNS))]
  let width = NAME_COLUMNS
  for (const part of parts) {
    const gap = width === NAME_COLUMNS ? '' : '   '
    if (width + gap.length + part.text.length > columns && gap !== '') {
      lines.push(line)
      line = [span(' '.repeat(NAME_COLUMNS)), part]
      width = NAME_COLUMNS + part.text.length
    } else {
      line = [...line, span(gap), part]
      width += gap.length + part.text.length
    }
  }
  return [...lines, line]
}

/** As many markets in a line as fit its width. */
function markLines({ marks }: DemoSnapshot, columns: number): Line[] {
  const perLine = Math.max(1, Math.floor(columns / MARK_COLUMNS))
  const cells = marks.slice(0, MARKS_SHOWN).map((mark): Line => {
    const change = cell(signedPercent(mark.changePercent), 9, 'right')
    const price = cell(withoutZeros(mark.markPrice), 15, 'right')
    return [
      span(`${cell(mark.symbol, 13)}${price}`),
      span(change, mark.changePercent < 0 ? 'red' : 'green'),
      span('  '),
    ]
  })
  return Array.from({ length: Math.ceil(cells.length / perLine) }, (_, index) =>
    cells.slice(index * perLine, (index + 1) * perLine).flat(),
  )
}

function eventLines(snapshot: DemoSnapshot, columns: number): Line[] {
  const heading: Line = [
    span('LAST EVENTS', 'bold'),
    span(isNarrow(columns) ? '  worst first' : '  as the other process receives them, worst first', 'dim'),
  ]
  if (snapshot.headlines.length === 0)
    return [heading, [span('none yet: no account is near its line', 'dim')]]
  return [
    heading,
    ...snapshot.headlines
      .slice(0, HEADLINES_SHOWN)
      .flatMap((headline) => headlineLines(headline, snapshot.nowMs, columns)),
  ]
}

function nearestLines({ nearest }: DemoSnapshot, columns: number): Line[] {
  if (nearest.length === 0) return []
  const heading: Line = [
    span('NEAREST TO THEIR LINE', 'bold'),
    span('  at the right how far prices may move against them', 'dim'),
  ]
  return [heading, ...nearest.slice(0, NEAREST_SHOWN).map((line) => nearestLine(line, columns))]
}

/** Decimals of a ratio; further ones are cut, so that a ratio below 1 never reads as 1. */
const RATIO_DECIMALS = 4

function nearestLine({ marginAccount, marginRatio, distance: share }: NearestLine, columns: number): Line {
  const [whole, fraction = ''] = marginRatio.split('.')
  const ratio = cell(`${whole}.${fraction.slice(0, RATIO_DECIMALS).padEnd(RATIO_DECIMALS, '0')}`, 7, 'right')
  const distance = share === null ? '' : percentText(share)
  const gauge = isNarrow(columns)
    ? []
    : [span(bar(Number(marginRatio), GAUGE_COLUMNS), styleOf(marginRatio)), span(' ')]
  return [
    span(`${cell(marginAccount, NEAREST_ID_COLUMNS)} ${ratio} `),
    ...gauge,
    span(cell(distance, 10, 'right')),
  ]
}

/** Newest first. */
function noteLines({ notes }: DemoSnapshot, columns: number): Line[] {
  return notes
    .toReversed()
    .flatMap((note) => wrap(note, columns))
    .slice(0, NOTE_ROWS)
    .map((line) => [span(line, 'dim')])
}
