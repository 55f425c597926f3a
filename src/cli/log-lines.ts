import { LOG_ERROR_NUMBER, LOG_WARN_NUMBER, type LogRecord } from '../log.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

/** Columns where the terminal does not tell them. */
const COLUMNS_DEFAULT = 80
const TIME_WIDTH = '08:53:20Z '.length
const INDENT = ' '.repeat(TIME_WIDTH)

/** A record of the log for people: time in UTC, what happened, then the facts, broken between facts at `columns`. */
export function logLines(record: LogRecord, palette: Palette, columns = COLUMNS_DEFAULT): string {
  const { time, level, msg, ...facts } = record
  const clock = `${time.slice(11, 19)}Z`
  const words = [visible(msg), ...factsOf(facts)]
  const paint =
    level >= LOG_ERROR_NUMBER ? palette.red : level >= LOG_WARN_NUMBER ? palette.yellow : palette.strong
  const lines: string[] = []
  let line = paint(words[0]!)
  let width = TIME_WIDTH + words[0]!.length
  for (const word of words.slice(1)) {
    if (width + 2 + word.length > columns && width > TIME_WIDTH) {
      lines.push(line)
      line = palette.dim(word)
      width = TIME_WIDTH + word.length
    } else {
      line += `  ${palette.dim(word)}`
      width += 2 + word.length
    }
  }
  lines.push(line)
  return `${palette.dim(clock)} ${lines.join(`\n${INDENT}`)}\n`
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
