import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { VenueSource } from '../../src/domain/index.ts'
import { FEED_LIMITS } from '../../src/feed/limits.ts'
import { VENUES } from '../../src/venues/index.ts'

const SECOND_MS = 1_000
const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const HEADER = '| venue | source | stream | cadence | stale after | record for gaps | not covered, and why |'

/** The rows of the table of venues, by the id of their source. */
function rows(): ReadonlyMap<string, readonly string[]> {
  const [, body = ''] = text.split(`${HEADER}\n`)
  const [table = ''] = body.split('\n\n')
  return new Map(
    table
      .split('\n')
      .slice(1)
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      )
      .map((cells) => [cells[1]?.replaceAll('`', '') ?? '', cells]),
  )
}

const seconds = (ms: number) => `${ms / SECOND_MS} s`
const staleAfterMs = (cadenceMs: number) =>
  Math.max(5 * cadenceMs, FEED_LIMITS.stalenessMinMs + FEED_LIMITS.checkEveryMs)
const sources = VENUES.flatMap((venue) => venue.sources.map((source) => ({ venue, source, id: source.id })))
/** Names of channels, topics or paths that a cell of the table shows as code. */
const codeIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
const requestsOf = (source: VenueSource, symbols: readonly string[]): string =>
  source.kind === 'socket'
    ? JSON.stringify(source.subscribe(symbols).map(({ frame }) => frame))
    : source.kind === 'poll'
      ? source.requestUrl(source.url, symbols)
      : ''

describe('the table of venues in README.md', () => {
  const table = rows()

  it('has one row for each source, in the order of the venues', () => {
    expect(new Set(table.keys())).toEqual(new Set(sources.map(({ id }) => id)))
  })

  it.each(sources)('states cadence and staleness of $id as the feed takes them', ({ id, source }) => {
    const { cadenceMs, indexCadenceMs } = source
    const [, , , cadence, stale] = table.get(id) ?? []
    const states = (cell: string | undefined, valueMs: number) =>
      expect(cell).toMatch(new RegExp(`(^|\\D)${seconds(valueMs)}(\\D|$)`))
    states(cadence, cadenceMs)
    states(stale, staleAfterMs(cadenceMs))
    if (indexCadenceMs === undefined) return
    states(cadence?.split('index prices')[1], indexCadenceMs)
    states(stale?.split('index prices')[1], staleAfterMs(indexCadenceMs))
  })

  it.each(sources)('says of $id what is asked for, and whether it is used on request', ({ id, source }) => {
    const [, , stream, , , , notCovered] = table.get(id) ?? []
    const asked = requestsOf(source, ['BTC-USD-SWAP', 'BTC/USD index', 'BTC/USDT index'])
    const named = codeIn(stream).map((name) => name.split('.'))
    expect(named.filter((parts) => parts.some((part) => !asked.includes(part)))).toEqual([])
    expect(source.isOptIn === true).toBe(/^(used on request|the same)/.test(notCovered ?? ''))
  })

  it.each(VENUES)('names each record of marks that $id keeps, and no other', (venue) => {
    const ids = (venue.markHistory ?? []).map(({ id }) => id)
    const named = venue.sources.flatMap(({ id }) => codeIn(table.get(id)?.[5]))
    expect(new Set(named)).toEqual(new Set(ids))
    const without = venue.sources
      .map(({ id }) => table.get(id)?.[5] ?? '')
      .filter((cell) => codeIn(cell).length === 0)
    expect(without.filter((cell) => !cell.startsWith('none'))).toEqual([])
  })
})
