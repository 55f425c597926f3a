import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonLine, visible } from '../../src/cli/visible.ts'
import { testSeed } from '../support/seed.ts'

/** Hostile names: colour, title, clear screen by C1, reordering, hiding, a broken surrogate pair. */
const HOSTILE: readonly (readonly [text: string, shown: string])[] = [
  ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
  ['\x1b]0;title\x07', '\\x1b]0;title\\x07'],
  ['a\r\nplimsoll: ok\t', 'a\\x0d\\x0aplimsoll: ok\\x09'],
  ['\u009b2J\x7f', '\\x9b2J\\x7f'],
  ['desk\u202eafla', 'desk\\u202eafla'],
  ['\u2066\u200b\ufeff\u2028', '\\u2066\\u200b\\ufeff\\u2028'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\ud800x', '\\ud800x'],
  ['币安人生USDT é 🚢', '币安人生USDT é 🚢'],
]

describe('text from outside', () => {
  it.each(HOSTILE)('%j is shown as %s', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  it.each(HOSTILE)('%j is the same value as a line of JSON, without what a terminal obeys', (text) => {
    const line = jsonLine({ [text]: [text] })
    expect(JSON.parse(line)).toEqual({ [text]: [text] })
    expect(visible(line)).toBe(line)
  })

  it(`keeps its value as JSON whatever it holds (seed ${testSeed(5)})`, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = jsonLine(text)
        expect(JSON.parse(line)).toBe(text)
        expect(visible(line)).toBe(line)
      }),
      { seed: testSeed(5), numRuns: 300 },
    )
  })
})
