import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]
export type Paint = (style: Style, text: string) => string

export const colours: Paint = (style, text) => styleText(style, text, { validateStream: false })
export const noColours: Paint = (_style, text) => text

/** A piece of a line in one style. */
export interface Span {
  readonly text: string
  readonly style?: Style
}
export type Line = readonly Span[]

export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style }
}

/** Control characters move the cursor or change the terminal; text from outside must not contain them. */
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]/gu

/** Width of a usual terminal without its last column. */
const USUAL_COLUMNS = 79

/** Whether the screen is too narrow for the long forms of its texts. */
export function isNarrow(columns: number): boolean {
  return columns < USUAL_COLUMNS
}

/** The line with at most `columns` characters; a cut line ends with an ellipsis. */
export function fit(line: Line, columns: number): Line {
  const fitted: Span[] = []
  let left = columns
  for (const [index, { text, style }] of line.entries()) {
    const clean = text.replace(CONTROL_CHARACTERS, ' ')
    const rest = line.slice(index + 1).some((later) => later.text !== '')
    if (clean.length < left || (clean.length === left && !rest)) {
      fitted.push(span(clean, style))
      left -= clean.length
      continue
    }
    if (left > 0) fitted.push(span(`${clean.slice(0, left - 1)}…`, style))
    break
  }
  return fitted
}

export function painted(line: Line, paint: Paint): string {
  return line.map(({ text, style }) => (style === undefined ? text : paint(style, text))).join('')
}

/** `text` broken at spaces into lines of at most `columns` characters; a longer word is cut by `fit`. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
