import { describe, expect, test } from 'vitest'
import { parseCsvRow } from '../../src/import/csv.ts'
import { LINE_LENGTH_MAX, LineSplitter, TextReader } from '../../src/input/lines.ts'

describe('a row of CSV', () => {
  test.each([
    ['a,b,c', ['a', 'b', 'c']],
    ['', ['']],
    ['a,,', ['a', '', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",""', ['say "hi"', '']],
    [' a , b', [' a ', ' b']],
  ])('reads %j', (line, fields) => {
    expect(parseCsvRow(line)).toEqual({ fields, fault: undefined })
  })

  test.each([
    ['a,"b', 'a quoted field must end on its line'],
    ['a,"b"c,d', 'nothing may stand between a closing quote and the next separator'],
    ['a,b"c,d', 'a field with a quote must be quoted as a whole'],
  ])('refuses %j but gives the fields before the mistake', (line, fault) => {
    expect(parseCsvRow(line)).toEqual({ fields: ['a'], fault })
  })
})

describe('lines of a stream of bytes', () => {
  test.each([1, 2, 3, 7, 100])('are the same in chunks of %i bytes', (size) => {
    const bytes = new TextEncoder().encode('\uFEFFone\r\nzwölf €\n\nlast')
    const reader = new TextReader()
    const splitter = new LineSplitter()
    const lines = []
    for (let at = 0; at < bytes.length; at += size)
      lines.push(...splitter.push(reader.push(bytes.subarray(at, at + size))))
    lines.push(...splitter.push(reader.end()), ...splitter.end())
    expect(lines.map(({ number, text }) => [number, text])).toEqual([
      [1, 'one'],
      [2, 'zwölf €'],
      [3, ''],
      [4, 'last'],
    ])
  })

  test('longer than the limit are cut, and the next one is whole', () => {
    const splitter = new LineSplitter()
    const chunk = 'x'.repeat(LINE_LENGTH_MAX / 2 + 1)
    const lines = [...splitter.push(chunk), ...splitter.push(chunk), ...splitter.push('\nnext\n')]
    expect(lines.map(({ text, isCut }) => [text.length, isCut])).toEqual([
      [LINE_LENGTH_MAX, true],
      [4, false],
    ])
  })
})
