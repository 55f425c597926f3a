import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { FrameKind, VenueSource } from '../../src/domain/index.ts'
import { VENUES } from '../../src/venues/index.ts'
import { recordedFiles } from '../support/recordings.ts'
import { sharedPath } from '../support/shared.ts'
import { FIXTURES } from './fixtures.ts'

const TESTS = new URL('../', import.meta.url)
const COLUMNS = ['channel', 'variants', 'role', 'action', 'evidence']
const SOURCES = new Map(
  VENUES.flatMap(({ sources }) => sources.map((source) => [source.id, source] as const)),
)
const recordings = sharedPath('recordings')

interface Row {
  readonly channel: string
  readonly action: string
  readonly evidence: readonly string[]
}

interface Table {
  readonly file: string
  /** The text of the test below its tables. */
  readonly below: string
  readonly sources: readonly string[]
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

/** The tables in the comment at the top of a test: a line of source ids, a line of columns, and rows. */
function tablesOf(file: string, text: string): readonly Table[] {
  const end = text.indexOf('*/')
  if (!text.startsWith('/*') || end < 0) return []
  const lines = text.slice(0, end).split('\n')
  const cells = (line: string) =>
    line
      .replace(/^ \* ?/, '')
      .split('|')
      .map((cell) => cell.trim())
  return lines.flatMap((line, at) => {
    if (!/^ \* channel\s+\|/.test(line)) return []
    const ids = lines[at - 1]!.replace(/^ \* /, '').replace(/\s*\(.*\)$/, '')
    const rows: Row[] = []
    let channel = ''
    for (const row of lines.slice(at + 2)) {
      const [name = '', , , action = '', evidence] = cells(row)
      if (evidence === undefined) break
      channel = name === '' ? channel : name
      rows.push({ channel, action, evidence: evidence.split(/[;,] /).map((one) => one.trim()) })
    }
    return [{ file, below: text.slice(end), sources: ids.split(', '), columns: cells(line), rows }]
  })
}

const VENUE_TESTS = new URL('venues/', TESTS)
const tables = readdirSync(VENUE_TESTS)
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) => tablesOf(file, readFileSync(new URL(file, VENUE_TESTS), 'utf8')))

/** What a request asks for, as the venue names its channels: without symbols, intervals and signs. */
function channelsOf(source: VenueSource): readonly string[] {
  if (source.kind !== 'socket') return []
  const { symbols } = FIXTURES[source.id]!
  const named: string[] = []
  const collect = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      if (['args', 'params', 'channel', 'channels', 'feed', 'subscription.type'].includes(key))
        named.push(value)
    } else if (Array.isArray(value)) for (const item of value) collect(item, key)
    else if (typeof value === 'object' && value !== null)
      for (const [name, item] of Object.entries(value))
        collect(item, key === 'subscription' ? `subscription.${name}` : name)
  }
  for (const { frame } of source.subscribe(symbols)) collect(JSON.parse(frame), '')
  const parts = named.map((name) => name.split(/[.:@!]/).filter((part) => part !== ''))
  const own = new Set(symbols.map((symbol) => symbol.toLowerCase()))
  const isChannel = (part: string) => !own.has(part.toLowerCase()) && !/^\d+m?s$|^arr$/.test(part)
  // A stream of Binance has its symbol first, all others have their channel first.
  return [...new Set(parts.map((of) => of.find(isChannel) ?? of.join()))]
}

/** The kind of frame by which a row shows its action, where the action names one. */
const KINDS: readonly FrameKind[] = ['acknowledged', 'rejected', 'heartbeat', 'ignored', 'malformed']
function kindOf(action: string): FrameKind | undefined {
  return /^prices?\b/.test(action) ? 'ticks' : KINDS.find((kind) => action.startsWith(kind))
}

/** Documents that fixtures name, and those of one row alone. */
const DOCUMENTS = [
  ...Object.values(FIXTURES).map(({ documentation }) => documentation),
  '"Multi-Assets Mode Asset Index"',
  '"Live Subscribing"',
  '"Index Tickers Channel"',
].join()

function exists(evidence: string, row: Row, { below, sources }: Table): boolean {
  if (evidence === 'fixtures') {
    const kind = kindOf(row.action)
    const frames = sources.flatMap((id) => FIXTURES[id]?.frames ?? [])
    return kind === undefined ? frames.length > 0 : frames.some((frame) => frame.kind === kind)
  }
  if (evidence === 'below') return /^(?:it|describe)\b/m.test(below)
  if (evidence.startsWith('recordings/')) return recordings === undefined || recorded().includes(evidence)
  if (evidence.startsWith('docs/')) return existsSync(new URL(`../${evidence}`, TESTS))
  const [, quoted] = /^(?:v\d )?(".+")$/.exec(evidence) ?? []
  if (quoted !== undefined) return DOCUMENTS.includes(quoted)
  // Public libraries whose code shows it.
  if (/^ccxt(?: \d+)?$|^nktkas\/hyperliquid$/.test(evidence)) return true
  return ['venues', 'feed'].some((room) => existsSync(new URL(`${room}/${evidence}`, TESTS)))
}

function recorded(): readonly string[] {
  return recordedFiles(recordings!).map((file) => `recordings/${file}`)
}

describe('the tables of what venues send', () => {
  it('are one of each source, with the columns that CONTRIBUTING.md names', () => {
    expect(tables.flatMap(({ sources }) => sources).sort()).toEqual([...SOURCES.keys()].sort())
    for (const { columns } of tables) expect(columns).toEqual(COLUMNS)
  })

  it.each([...SOURCES.values()].map((source) => [source.id, source] as const))(
    'name every channel that %s asks for, and have a fixture of it',
    (id, source) => {
      const { rows } = tables.find(({ sources }) => sources.includes(id))!
      const channels = channelsOf(source)
      if (source.kind === 'socket') expect(channels.length).toBeGreaterThan(0)
      for (const channel of channels) {
        expect(rows.map((row) => row.channel)).toContainEqual(expect.stringContaining(channel))
        const { frames } = FIXTURES[id]!
        expect(frames.some(({ frame }) => frame.includes(channel))).toBe(true)
      }
    },
  )

  it.each(tables.map((table) => [table.sources.join(), table] as const))(
    'have evidence that exists in every row: %s',
    (_, table) => {
      expect(table.rows.length).toBeGreaterThan(2)
      const missing = table.rows.flatMap((row) =>
        row.evidence
          .filter((one) => !exists(one, row, table))
          .map((one) => `${table.file}: ${row.channel}, ${row.action}: ${one}`),
      )
      expect(missing).toEqual([])
    },
  )

  it('would not pass with a channel that is asked for and not named, or with evidence that is not there', () => {
    const [table] = tablesOf(
      'x',
      '/*\n * dydx-indexer\n * channel | variants | role | action | evidence\n * -\n * a | b | c | heartbeat | fixtures; none.test.ts, below\n */',
    )
    const [row] = table!.rows
    expect(row!.evidence.map((one) => exists(one, row!, table!))).toEqual([false, false, false])
    expect(table!.rows.map(({ channel }) => channel)).toEqual(['a'])
    expect(channelsOf(SOURCES.get('dydx-indexer')!)).toEqual(['v4_markets'])
  })
})
