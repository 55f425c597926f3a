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
 * line stays whole and moves to the next line, under `indent`. A wider part is broken between words and continues two
 * columns deeper. A word wider than a line stays whole, so that it can be copied.
 */
export function wrapped(line: string, columns: number, indent: string): string {
  if (widthOf(line) <= columns) return line
  const lines: string[] = []
  let open = ''
  let width = 0
  const append = (text: string, space: string, under: string): void => {
    const textWidth = widthOf(text)
    const isFirst = lines.length === 0 && open === ''
    if (isFirst || width + space.length + textWidth <= columns || textWidth === 0) {
      open += isFirst ? text : space + text
      width += (isFirst ? 0 : space.length) + textWidth
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
