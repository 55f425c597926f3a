import { stripVTControlCharacters } from 'node:util'
import type { Output } from './terminal.ts'

/** Columns of a terminal that does not state its width. */
const COLUMNS_DEFAULT = 80
/** Characters that take two columns. */
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u
const WORD_INDENT = '  '

/** What is needed of a terminal to know the width of its lines. */
export interface Screen extends Pick<Output, 'isTTY'> {
  readonly columns?: number
}

export function columnsOf({ columns }: Screen): number {
  return columns === undefined || columns === 0 ? COLUMNS_DEFAULT : columns
}

/**
 * Breaks the line, colours included, into lines of at most `columns`. Two spaces separate its parts. A part that fits one
 * line stays whole and moves to the next line, under `indent`, or two columns deeper than the line begins if that is not
 * less. A wider part is broken between words and continues two columns deeper. A word wider than a line stays whole, so that it
 * can be copied.
 */
export function wrapped(line: string, columns: number, least: string): string {
  if (widthOf(line) <= columns) return line
  const [lead = ''] = /^ */.exec(stripVTControlCharacters(line))!
  const indent = lead === '' || lead.length < least.length ? least : lead + WORD_INDENT
  const lines: string[] = []
  let open = ''
  let width = 0
  let isFirst = true
  let hasWord = false
  const append = (text: string, space: string, under: string): void => {
    const textWidth = widthOf(text)
    const isFitting = !hasWord || textWidth === 0 || width + space.length + textWidth <= columns
    const gap = isFirst ? '' : space
    isFirst = false
    hasWord ||= textWidth > 0
    if (isFitting) {
      open += gap + text
      width += gap.length + textWidth
      return
    }
    lines.push(open.trimEnd())
    open = under + text
    width = under.length + textWidth
  }
  for (const [index, part] of line.split('  ').entries()) {
    const space = index === 0 ? '' : '  '
    if (indent.length + widthOf(part) <= columns) {
      append(part, space, indent)
      continue
    }
    for (const [place, word] of part.split(' ').entries()) {
      append(word, place === 0 ? space : ' ', place === 0 ? indent : indent + WORD_INDENT)
    }
  }
  return [...lines, open].join('\n')
}

/** Writes a line for people; at a terminal it is broken between words. */
export function tell(output: Screen & { write(text: string): unknown }, line: string, indent = ''): void {
  output.write(`${fitted(output, line, indent)}\n`)
}

/** The line for that output: broken between words at a terminal, unchanged elsewhere. */
export function fitted(screen: Screen, line: string, indent: string): string {
  return screen.isTTY === true ? wrapped(line, columnsOf(screen), indent) : line
}

function widthOf(text: string): number {
  let width = 0
  for (const letter of stripVTControlCharacters(text)) width += WIDE.test(letter) ? 2 : 1
  return width
}
