/*
 * What programs of the user say of CME's prices, and what the parsers do with it: the exchange has no public stream. Evidence is
 * the fixture, test or document that shows it.
 *
 * cme-file, cme-poll
 * channel         | variants                        | role           | action                         | evidence
 * ----------------|---------------------------------|----------------|--------------------------------|------------------------
 * entry           | bid and ask                     | mark           | price: their middle, exactly   | fixtures; docs/sources.md
 *                 | settlement, no book known       | mark           | price: the settlement price    | fixtures; docs/sources.md
 *                 | settlement beside a book        | none           | kept; ignored                  | fixtures
 *                 | a side without an order         | no book        | price kept, or noMark          | fixtures, below
 *                 | neither, no time, crossed book  | fault          | noMark: cannot be read         | fixtures, below
 *                 | an error                        | refusal        | rejected, by name              | fixtures
 * answer          | a book a minute before it       | no book        | as a side without an order     | fixtures, below
 *                 | an error                        | whole request  | rejected                       | fixtures
 */
import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { decode } from '../../src/cli/decode.ts'
import { linesOf } from '../../src/cli/lines.ts'
import { accountSchema, sourceCarrying, sourceOf, symbolFaultsOf, venueOf } from '../../src/venues/index.ts'
import { saidOf } from './record.ts'

const PAGE = readFileSync(new URL('../../docs/sources.md', import.meta.url), 'utf8')

/** The lines of the block of the page under this comment. */
function blockOf(name: string): readonly string[] {
  const [, block] = new RegExp(`<!-- ${name} -->\n\`\`\`json\n([\\s\\S]*?)\`\`\``).exec(PAGE) ?? []
  if (block === undefined) throw new Error(`docs/sources.md has no block ${name}`)
  return block.trim().split('\n')
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function decoded(id: string, lines: readonly string[]): Promise<readonly string[]> {
  const output = new PassThrough()
  let text = ''
  output.on('data', (chunk) => (text += chunk))
  await decode(sourceOf(id).createParser(), linesOf(once(`${lines.join('\n')}\n`)), output)
  return text.trim().split('\n')
}

it.each(['cme-file', 'cme-poll'])(
  'the page about sources says of its lines of %s what decode says',
  async (id) => {
    expect(await decoded(id, blockOf(id))).toEqual(blockOf(`${id} decoded`))
  },
)

const TIME = '2026-11-30T15:00:00Z'
const line = (members: object) => JSON.stringify({ symbol: 'BTCZ26', time: TIME, ...members })

describe('a contract of which no settlement price is known', () => {
  it.each([
    { bid: '', ask: '1' },
    { bid: '1', ask: null },
    { bid: '1' },
    { ask: 1 },
    { bid: null, ask: null },
  ])('has no mark where the book is %j', (book) => {
    expect(saidOf('cme-file', line({ bid: '1', ask: '2' }), line(book))).toEqual(['BTCZ26 none', 'ticks'])
  })

  it('has none where the book is older than a minute, to the millisecond', () => {
    const answer = (time: string) =>
      JSON.stringify({ time, prices: [{ symbol: 'BTCZ26', time: TIME, bid: 1, ask: 2 }] })
    expect(saidOf('cme-poll', answer('2026-11-30T15:01:00.000Z'))).toEqual(['BTCZ26 1.5', 'ticks'])
    expect(saidOf('cme-poll', answer('2026-11-30T15:01:00.001Z'))).toEqual(['BTCZ26 none', 'ticks'])
  })

  it('keeps its mark until it is stale where the line cannot be read', () => {
    for (const members of [
      {},
      { bid: '2', ask: '1' },
      { bid: '1', ask: '2', settlement: '0' },
      { time: 'now', settlement: '1' },
    ])
      expect(saidOf('cme-file', line(members))).toEqual(['BTCZ26 unreadable', 'malformed'])
  })
})

it('a parser remembers 4,096 contracts; lines of further ones are ignored', () => {
  const of = (index: number) => JSON.stringify({ symbol: `S${index}`, time: TIME, settlement: 1 })
  const first = Array.from({ length: 4_096 }, (_, index) => of(index))
  expect(saidOf('cme-file', ...first, of(4_096))).toEqual(['ignored'])
  expect(saidOf('cme-file', ...first, of(4_096), of(4_095))).toEqual(['S4095 1', 'ticks'])
})

it('an account is accepted, and heard by the file before the endpoint where both have an address', () => {
  const position = { symbol: 'BTCZ26', size: '1', entryPrice: '60000', marginMode: 'cross' }
  const account = accountSchema.parse({ id: 'a', venue: 'cme', positions: [position] })
  expect(symbolFaultsOf(account)).toEqual([])
  const { id } = venueOf(account.venue)
  expect(sourceCarrying(id, 'BTCZ26')).toBeUndefined()
  expect(sourceCarrying(id, 'BTCZ26', { 'cme-poll': 'http://a' })?.id).toBe('cme-poll')
  expect(sourceCarrying(id, 'BTCZ26', { 'cme-poll': 'http://a', 'cme-file': '-' })?.id).toBe('cme-file')
})
