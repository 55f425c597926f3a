import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { paletteOf } from '../../src/cli/terminal.ts'
import { tell, wrapped } from '../../src/cli/wrapping.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(11)

describe('a line that is wider than the terminal', () => {
  it('continues under an indent, and a part that fits a line stays whole', () => {
    expect(wrapped('08:53 worker runs  redis started  accounts 5', 30, '  ')).toBe(
      '08:53 worker runs\n  redis started  accounts 5',
    )
  })

  it('is broken between words if one part is wider than a line', () => {
    expect(wrapped('stopped  reason the venue has closed this connection', 24, '  ')).toBe(
      'stopped  reason the\n    venue has closed\n    this connection',
    )
  })

  it('stays as it is if it fits exactly, and if it has no space', () => {
    expect(wrapped('exactly this', 12, '  ')).toBe('exactly this')
    expect(wrapped('/a/path/longer/than/that', 12, '  ')).toBe('/a/path/longer/than/that')
  })

  it('keeps its own indentation, and continues deeper than that', () => {
    expect(wrapped('    up to (USDT)  rate  deduction', 22, '  ')).toBe(
      '    up to (USDT)  rate\n      deduction',
    )
    expect(wrapped('  stated 1  recomputed 2', 14, '    ')).toBe('  stated 1\n    recomputed\n      2')
    const { dim } = paletteOf(true)
    expect(wrapped(dim('    cure: one  and two'), 15, '    ')).toBe(dim('    cure: one\n      and two'))
  })

  it('is as wide as it is seen: colours take no place, letters of China take two', () => {
    const { red } = paletteOf(true)
    expect(wrapped(`${red('one')} two`, 7, '')).toBe(`${red('one')} two`)
    expect(wrapped('币安人生 ok', 10, '')).toBe('币安人生\n  ok')
  })

  it(`keeps every word, in order, and no line is wider than it must be (seed ${SEED})`, () => {
    const word = fc.stringMatching(/^[a-z]{1,9}$/)
    const line = fc.array(fc.tuple(word, fc.constantFrom(' ', '  ')), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(line, fc.integer({ min: 14, max: 60 }), (parts, columns) => {
        const text = parts.flat().join('').trim()
        const lines = wrapped(text, columns, '  ').split('\n')
        expect(lines.join(' ').split(/ +/)).toEqual(text.split(/ +/))
        expect(lines.filter(({ length }) => length > columns)).toEqual([])
      }),
      { seed: SEED },
    )
  })
})

describe('what a command tells', () => {
  const told = (screen: { isTTY?: boolean; columns?: number }) => {
    const output = Object.assign(new PassThrough(), screen)
    tell(output, 'plimsoll: USAGE: a fault that needs many words')
    return String(output.read())
  }

  it('is broken between words at a terminal, at 80 columns if the terminal does not say its width', () => {
    expect(told({ isTTY: true, columns: 24 })).toBe('plimsoll: USAGE: a fault\n  that needs many words\n')
    expect(told({ isTTY: true, columns: 0 })).toBe('plimsoll: USAGE: a fault that needs many words\n')
  })

  it('is one line elsewhere', () => {
    expect(told({ columns: 24 })).toBe('plimsoll: USAGE: a fault that needs many words\n')
  })
})
