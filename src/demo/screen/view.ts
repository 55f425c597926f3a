import { counted, percentText } from '../../domain/index.ts'
import { figures, shortFigures } from './figures.ts'
import { bar, cell, compact, milliseconds, seconds } from './format.ts'
import { headlineLines } from './headline-text.ts'
import { styleOf } from './levels.ts'
import type { DemoSnapshot, NearestLine } from './snapshot.ts'
import { fit, isNarrow, type Line, span, wrap } from './text.ts'
import { venueLines } from './venue-lines.ts'

const NEAREST_ID_COLUMNS = 40
const GAUGE_COLUMNS = 12
const BAR_COLUMNS = 20
const NARROW_BAR_COLUMNS = 8
const PHASES = ['calm', 'trend', 'crash', 'recovery']
const NOTE_ROWS = 4
/** A heading and two events. */
const TWO_EVENTS_ROWS = 5
const ONE_EVENT_ROWS = 3

/** Most of each that a terminal shows; the reporter collects no more. */
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
  const { events, latencyMs, delivery: counts, replay } = snapshot
  if (replay !== null) return replayText(replay)
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
    [span(snapshot.phase)],
    [
      span(bar(accounts / accountsWanted, BAR_COLUMNS), 'dim'),
      span(` ${compact(accounts)} of ${counted(accountsWanted, 'account')} stored`, 'dim'),
    ],
    ...noteLines(snapshot, columns),
  ]
}

function replayText({ ticks, ticksInAll }: NonNullable<DemoSnapshot['replay']>): string {
  return `the naive replay checks every event: ${compact(ticks)} of ${counted(ticksInAll, 'price')}`
}

/** A section of the screen: all its lines, heading first, and how many of them are shown. */
interface Section {
  readonly lines: readonly Line[]
  rows: number
}

function openMarket(snapshot: DemoSnapshot, size: Size): Line[] {
  const { columns } = size
  const venues = venueLines(snapshot, columns)
  const head = headLines(snapshot, size, venues.length)
  const notes = noteLines(snapshot, columns)
  const nearest = nearestLines(snapshot, columns)
  const newest = eventLines(snapshot, columns)
  const events = { rows: 0, lines: newest }
  const ofVenues = { rows: 0, lines: venues }
  const near = { rows: 0, lines: nearest }
  const said = { rows: 0, lines: notes }
  const grants: readonly (readonly [section: Section, rows: number])[] = [
    // Of the venues all, or none.
    [ofVenues, size.rows - head.length < venues.length + ONE_EVENT_ROWS ? 0 : venues.length],
    [events, ONE_EVENT_ROWS],
    [said, 1],
    [events, 7],
    [near, 3],
    [events, 11],
    [near, 5],
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
  const sections = [ofVenues, events, near, said].filter(({ rows }) => rows > 0)
  return [
    ...head,
    ...sections.flatMap((section) => {
      // An empty line above the heading, if there is room.
      const gap: Line[] = left-- > 0 ? [[]] : []
      return [...gap, ...section.lines.slice(0, section.rows)]
    }),
  ]
}

/** The figures have a row each where that leaves room for all venues and two events, or the screen is narrow. */
function headLines(snapshot: DemoSnapshot, { columns, rows }: Size, venueRows: number): Line[] {
  const top = [title(snapshot, columns), phases(snapshot, columns)]
  const long = [...top, ...figures(snapshot, columns)]
  if (isNarrow(columns) || long.length + venueRows + TWO_EVENTS_ROWS <= rows) return long
  return [...top, ...shortFigures(snapshot, columns)]
}

function title({ accounts, positions }: DemoSnapshot, columns: number): Line {
  const book = `${counted(accounts, 'account')}, ${counted(positions, 'position')}${isNarrow(columns) ? '' : ', checked at every price'}`
  return [span('plimsoll demo', ['bold', 'cyan']), span('  '), span(book, 'dim')]
}

function phases({ phase, elapsedMs, durationMs, replay }: DemoSnapshot, columns: number): Line {
  if (replay !== null) {
    const share = replay.ticksInAll === 0 ? 1 : replay.ticks / replay.ticksInAll
    return [span(` ${bar(share, NARROW_BAR_COLUMNS)} `), span(replayText(replay))]
  }
  const names = PHASES.map((name) => span(` ${name} `, name === phase ? ['bold', 'inverse'] : 'dim'))
  const share = durationMs === 0 ? 0 : elapsedMs / durationMs
  const time = PHASES.includes(phase) ? `${seconds(elapsedMs)} of ${seconds(durationMs)}` : phase
  return [...names, span(` ${bar(share, isNarrow(columns) ? NARROW_BAR_COLUMNS : BAR_COLUMNS)} ${time}`)]
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
