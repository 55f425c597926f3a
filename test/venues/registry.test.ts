import { describe, expect, it } from 'vitest'
import { isIndexName, SYMBOL_PATTERN, venueId } from '../../src/domain/index.ts'
import {
  accountSchema,
  parseVenueId,
  ruleBookOf,
  sourceCarrying,
  VENUE_NAMES,
  VENUES,
  venueOf,
} from '../../src/venues/index.ts'
import { FIXTURES } from './fixtures.ts'

const NAMES = VENUES.flatMap(({ id, names }) => names.map((name) => ({ name, id })))

describe('the registry of venues', () => {
  it.each(NAMES)('stores an account of $name under the id $id', ({ name, id }) => {
    expect(parseVenueId(name)).toBe(id)
    expect(accountSchema.parse({ id: 'a', venue: name }).venue).toBe(id)
  })

  it('gives every name to one venue, and every venue its id as a name', () => {
    expect(VENUE_NAMES.size).toBe(NAMES.length)
    for (const { id, names } of VENUES) expect(names).toContain(id)
  })

  it('refuses an unknown name and lists the known ones', () => {
    const rule = `must be one of ${NAMES.map(({ name }) => name).join(', ')}`
    expect(() => parseVenueId('nyse')).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: `venue "nyse" ${rule}` }),
    )
    expect(accountSchema.safeParse({ id: 'a', venue: 'nyse' }).error!.issues).toMatchObject([
      { path: ['venue'], message: rule },
    ])
    expect(() => venueOf(venueId('nyse'))).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
  })

  it('has no rules and no stream for an id that another version of Plimsoll stored', () => {
    const book = ruleBookOf(venueId('nyse'))
    expect(book).toMatchObject({ venue: 'nyse', version: 'nyse-unknown' })
    expect(book.rulesOf('BTCUSDT')).toBeUndefined()
    expect(sourceCarrying(venueId('nyse'), 'BTCUSDT')).toBeUndefined()
  })
})

it('every venue has a source', () => {
  expect(VENUES.filter(({ sources }) => sources.length === 0)).toEqual([])
})

describe.each([...VENUES])('the symbols of $id', ({ symbol, sources }) => {
  const own = sources.flatMap(({ id }) => FIXTURES[id]!.symbols).filter((name) => !isIndexName(name))

  it('fit the grammar of the venue and the outer grammar of all venues', () => {
    for (const name of own) {
      expect({ name, fits: symbol.test(name) }).toEqual({ name, fits: true })
      expect({ name, fits: SYMBOL_PATTERN.test(name) }).toEqual({ name, fits: true })
    }
  })

  it('are carried by a stream exactly if they fit the grammar', () => {
    const foreign = sources.flatMap(({ id }) => FIXTURES[id]!.foreign).filter((name) => !isIndexName(name))
    for (const name of [...own, ...foreign, 'BTC USDT', '', 'x'])
      expect({ name, carried: sources.some((source) => source.carries(name)) }).toEqual({
        name,
        carried: symbol.test(name),
      })
  })
})

it('a venue id is lower-case letters, digits and hyphens', () => {
  expect(venueId('dydx-v4')).toBe('dydx-v4')
  for (const text of ['', 'Bybit', '1x', 'a b', 'a'.repeat(33)])
    expect(() => venueId(text)).toThrow(JSON.stringify(text))
})
