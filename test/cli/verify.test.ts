import { readFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { linesOf } from '../../src/cli/lines.ts'
import type { Output } from '../../src/cli/terminal.ts'
import { verifyLines } from '../../src/cli/verify.ts'

/** The events that docs/events.md shows as they were published. */
const EVENTS = [
  ...readFileSync(fileURLToPath(import.meta.resolve('../../docs/events.md')), 'utf8').matchAll(
    /^```json\n([\s\S]*?)^```$/gm,
  ),
].map(([, text = '']) => JSON.parse(text))
const [LIQUIDATION] = EVENTS

async function run(lines: readonly unknown[], columns?: number) {
  let printed = ''
  const output: Output = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        printed += chunk
        done()
      },
    }),
    { isTTY: columns !== undefined, columns: columns ?? 0 },
  )
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const failed = await verifyLines(linesOf(Readable.from([Buffer.from(text)])), output, columns === undefined)
  return { failed, lines: stripVTControlCharacters(printed).trimEnd().split('\n') }
}

describe('plimsoll verify', () => {
  it('verifies the events that the documentation shows', async () => {
    const { failed, lines } = await run(EVENTS)
    expect(lines.map((line) => JSON.parse(line).isOk)).toEqual(EVENTS.map(() => true))
    expect(failed).toBe(0)
  })

  it('reads an entry of the stream and skips blank lines', async () => {
    const { failed, lines } = await run([{ event: JSON.stringify(LIQUIDATION) }, '', { event: LIQUIDATION }])
    expect({ failed, lines: lines.length }).toEqual({ failed: 0, lines: 2 })
  })

  it('takes a line for an event, not for an entry of the stream, where it names a kind', async () => {
    const { failed } = await run([{ ...LIQUIDATION, event: 'margin call' }])
    expect(failed).toBe(0)
  })

  it('prints each figure that differs with both values, in lines that fit the terminal', async () => {
    const wrong = { ...LIQUIDATION, maintenanceMargin: '144.84252476', level: '0.9' }
    const { failed, lines } = await run([wrong, LIQUIDATION], 70)
    expect(failed).toBe(1)
    expect(lines.join(' ').replace(/\s+/g, ' ')).toMatch(
      /NOT VERIFIED liquidation desk-7\/alpha:cross:USDT .*maintenanceMargin stated 144\.84252476 recomputed 144\.84252475 level stated 0\.9 recomputed 1 ok liquidation/,
    )
    expect(lines.at(-1)).toBe('1 verified, 1 not')
    expect(lines.filter((line) => line.length > 70)).toEqual([])
  })

  it.each<[string, unknown, RegExp]>([
    ['a line that is not JSON', '{"id"', /^the line is not JSON/],
    ['a list', '[]', /^not an event: the line is \[\]: must be an object$/],
    ['an object that is no event', '{}', /^not an event: kind is missing: must be one of warning, /],
    ['a name given twice', '[1,{"id":1,"id":2}]', /^\[1\]\.id must not be given twice$/],
    [
      'an entry of the stream whose event is no JSON',
      { event: 'x' },
      /^not an event: event is "x": must be one event, as an object or as its JSON text \(.*JSON.*\)$/,
    ],
    [
      'an entry of the stream whose event is no object',
      { event: 5 },
      /^not an event: event is 5: must be an object$/,
    ],
    ['an entry of the stream without an event', { event: '{}' }, /^not an event: event\.kind is missing: /],
    [
      'an entry of the stream whose event gives a name twice',
      { event: '{"id":1,"id":2}' },
      /^event\.id must not be given twice$/,
    ],
    [
      'an entry of the stream with an event of another version',
      { event: JSON.stringify({ ...LIQUIDATION, schemaVersion: 1 }) },
      /^not an event of this version: event\.schemaVersion is 1: must be 2$/,
    ],
    ['another version', { ...LIQUIDATION, schemaVersion: 1 }, /^not an event of this version: schemaVersion/],
    ['an event without rules', { ...LIQUIDATION, rules: undefined }, /^the event lacks rules$/],
    [
      'an event without the rules of a symbol',
      { ...LIQUIDATION, rules: {} },
      /^the event lacks rules\.BTCUSDT$/,
    ],
    [
      'rules without a table',
      { ...LIQUIDATION, rules: { BTCUSDT: {} } },
      /^rules\.BTCUSDT: contribution is missing/,
    ],
    [
      'a kind that no event has',
      { ...LIQUIDATION, kind: 'explosion' },
      /kind is "explosion": must be one of warning, .*market-closed/,
    ],
    [
      'a position of nothing',
      { ...LIQUIDATION, positions: [...LIQUIDATION.positions, { ...LIQUIDATION.positions[0], size: '0' }] },
      /^positions\[1\]\.size is "0": must be another number/,
    ],
    ['a level above the line', { ...LIQUIDATION, levels: ['1.5'] }, /levels/],
  ])('says why it cannot verify %s', async (_what, line, reason) => {
    const { failed, lines } = await run([line])
    expect(failed).toBe(1)
    const { isOk, faults, differences } = JSON.parse(lines[0]!)
    expect({ isOk, differences: differences.length }).toEqual({ isOk: false, differences: 0 })
    expect(faults[0]).toMatch(reason)
  })

  it.each<[string, string[]]>([
    ['nothing', []],
    ['blank lines', ['', ' ', '']],
  ])('refuses %s, since an input that broke off would look verified', async (_what, lines) => {
    await expect(run(lines)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: 'the input holds no event, so nothing is verified',
    })
  })

  it('says which line it is, also of one that is no event', async () => {
    const { lines } = await run([LIQUIDATION, '', '{}'])
    expect(lines.map((line) => JSON.parse(line)).map(({ line, id }) => [line, id])).toEqual([
      [1, LIQUIDATION.id],
      [3, null],
    ])
    expect((await run(['', '{}'], 70)).lines[0]).toBe('NOT VERIFIED  line 2')
  })
})
