import { describe, expect, it } from 'vitest'
import { SMOKE_EFFORT } from '../../bench/harness.ts'
import { benchParse, PARSE_SEED } from '../../bench/parse.ts'
import { PARSE_SOURCES } from '../../bench/parse-frames.ts'
import { VENUES } from '../../src/venues/index.ts'

describe('the benchmark of parsers', () => {
  it('has every stream that the worker watches, but for a second one of the same frames, and for those used on request', () => {
    const watched = VENUES.flatMap(({ sources }) => sources.filter(({ isOptIn }) => !isOptIn))
    const unmeasured = watched.map(({ id }) => id).filter((id) => !PARSE_SOURCES.includes(id))
    expect(unmeasured).toEqual(['bybit-inverse', 'kraken-spot'])
  })

  it.each(PARSE_SOURCES)('reads a few frames of %s and finds the prices of JSON.parse', (source) => {
    const { prices, bytes, results, ratio } = benchParse(source, 200, PARSE_SEED, SMOKE_EFFORT)
    expect(prices).toBeGreaterThan(100)
    expect(bytes).toBeGreaterThan(100)
    expect(results.map(({ variant }) => variant)).toEqual(['venue', 'JSON.parse and fields'])
    for (const { medianNs } of results) expect(medianNs).toBeGreaterThan(0)
    expect(ratio).toBeGreaterThan(0)
  })
})
