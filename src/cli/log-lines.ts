import { LOG_ERROR_NUMBER, LOG_WARN_NUMBER, type LogRecord } from '../log.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'
import { wrapped } from './wrapping.ts'

/** Indent of further lines: they begin under the message, behind the time. */
const INDENT = ' '.repeat('08:53:20Z '.length)

/** Writes a log record for people: time in UTC, what happened, then the facts. `wrapped` says where lines are broken. */
export function logLines(record: LogRecord, palette: Palette, columns: number): string {
  const { time, level, msg, ...facts } = record
  const clock = `${time.slice(11, 19)}Z`
  const paint =
    level >= LOG_ERROR_NUMBER ? palette.red : level >= LOG_WARN_NUMBER ? palette.yellow : palette.strong
  const parts = [paint(visible(msg)), ...factsOf(facts).map(palette.dim)]
  return `${wrapped(`${palette.dim(clock)} ${parts.join('  ')}`, columns, INDENT)}\n`
}

/** `accounts 5`, `markets BTCUSDT, ETHUSDT`; a group of facts is written out as `feed.connects 3`. */
function factsOf(facts: Readonly<Record<string, unknown>>, prefix = ''): string[] {
  return Object.entries(facts).flatMap(([name, fact]) => {
    if (fact === undefined || fact === null) return []
    if (Array.isArray(fact)) return [`${visible(prefix + name)} ${visible(fact.map(textOf).join(', '))}`]
    if (typeof fact === 'object') return factsOf(fact as Record<string, unknown>, `${prefix}${name}.`)
    return [`${visible(prefix + name)} ${visible(textOf(fact))}`]
  })
}

function textOf(fact: unknown): string {
  return typeof fact === 'object' ? JSON.stringify(fact) : String(fact)
}
