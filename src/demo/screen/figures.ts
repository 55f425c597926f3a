import { counted } from '../../domain/index.ts'
import { cell, compact, milliseconds } from './format.ts'
import { levelHead, levelWords, lineWords, styleOf } from './levels.ts'
import type { DemoSnapshot, Latencies } from './snapshot.ts'
import { isNarrow, type Line, type Span, type Style, span } from './text.ts'

const NAME_COLUMNS = 14
const VALUE_COLUMNS = 19

/** A row a figure, with what it means. */
export function figures(snapshot: DemoSnapshot, columns: number): Line[] {
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

/** The same figures in a few rows, for a screen of the usual width. */
export function shortFigures(snapshot: DemoSnapshot, columns: number): Line[] {
  const { events, latencyMs, delivery, ticks, ticksPerSecond, suspects } = snapshot
  const { made, delivered } = delivery
  const name = (text: string): Span => span(cell(text, NAME_COLUMNS))
  return [
    [
      name('prices'),
      span(`${compact(ticks)}`),
      span(` evaluated, ${compact(ticksPerSecond)} a second; `, 'dim'),
      span(compact(suspects)),
      span(' re-checked', 'dim'),
    ],
    [
      name('events'),
      span(counted(events.warning, 'warning'), 'yellow'),
      span(`, ${counted(events.liquidation, 'liquidation')}`, 'red'),
      span(`, ${compact(events.recovered)} recovered`, 'green'),
    ],
    [
      name('delivered'),
      span(`${compact(delivered)} of ${compact(made)}`, delivered === made ? 'green' : undefined),
      span(' events to another process, each just once', 'dim'),
    ],
    [
      name('verdict after'),
      span(pairOf(latencyMs, 'detect')),
      span('; queued after ', 'dim'),
      span(pairOf(latencyMs, 'queue')),
      span(' (median, p99)', 'dim'),
    ],
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
