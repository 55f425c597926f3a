import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SocketSource } from '../../src/domain/index.ts'
import { type Feed, openFeed } from '../../src/feed/index.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { ScriptedVenue } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import type { Dialect } from '../venues/dialect.ts'
import { FIXTURES } from '../venues/fixtures.ts'
import { CADENCE_MS, expectGapless, optionsOf, RecordingSink, SHORT_LIMITS, stateOf } from './harness.ts'

const sockets = Object.entries(FIXTURES).filter(([id]) => sourceOf(id).kind === 'socket')

it.each(sockets)('%s has a dialect beside its fixtures', (_id, { dialect }) => {
  expect(dialect).toBeDefined()
})

describe.each(sockets)('a feed of %s', (id, { dialect, symbols }) => {
  let venue: ScriptedVenue
  let feed: Feed | undefined
  let sink: RecordingSink
  beforeEach(async () => {
    venue = await ScriptedVenue.start({
      dialect: dialect as Dialect,
      cadenceMs: CADENCE_MS,
      prices: 'counted',
      markets: symbols,
    })
    sink = new RecordingSink()
  })
  afterEach(async () => {
    await feed?.close()
    await venue.stop()
  })
  const open = (wanted: readonly string[], limits = SHORT_LIMITS): Feed => {
    const source: SocketSource = {
      ...(sourceOf(id) as SocketSource),
      cadenceMs: CADENCE_MS,
      requestsPerSecondMax: 200,
    }
    feed = openFeed({ ...optionsOf(venue, wanted), source, sink, limits })
    return feed
  }

  it('hears each mark of each market once', async () => {
    open(symbols)
    await until(() => symbols.every((symbol) => sink.marks(symbol).length > 10))
    for (const symbol of symbols) {
      expectGapless(sink.marks(symbol))
      expect(new Set(sink.marks(symbol)).size).toBe(sink.marks(symbol).length)
    }
    expect(sink.lost).toEqual([])
  })

  const isWhole = sourceOf(id).statesEveryMarket === true

  it.runIf(isWhole)('reports a market that the one channel lacks, and hears the others', async () => {
    const [absent, ...others] = symbols as [string, ...string[]]
    venue.script.unserved = [absent]
    const opened = open(symbols, { ...SHORT_LIMITS, firstMarkMs: 1_000 })
    await until(() => sink.states(absent).length > 0)
    expect(sink.states(absent)).toEqual(['unknown'])
    for (const symbol of others) expect(stateOf(opened, symbol)).toBe('fresh')
    expect(sink.lost).toEqual([])
  })

  it.runIf(isWhole)('gives the remembered price of a market that joins the open channel', async () => {
    const [first, joining] = symbols as [string, string]
    const opened = open([first])
    await until(() => sink.marks(first).length > 3)
    venue.script.silent = [joining]
    const requests = venue.requests.length
    opened.add([joining])
    expect(sink.marks(joining)).toHaveLength(1)
    expect(stateOf(opened, joining)).toBe('fresh')
    expect(venue.requests).toHaveLength(requests)
  })

  it.runIf(isWhole)('gives a fault of the sink while a market joins to the sink, and continues', async () => {
    const [first, joining] = symbols as [string, string]
    const opened = open([first])
    await until(() => sink.marks(first).length > 3)
    const bug = new Error('a bug downstream')
    const price = sink.price.bind(sink)
    sink.price = () => {
      throw bug
    }
    opened.add([joining])
    sink.price = price
    expect(sink.faults).toEqual([bug])
    const heard = sink.heard.length
    await until(() => sink.heard.length > heard)
    expect(sink.heard[heard]).toEqual({ what: 'frameStart' })
  })

  it.skipIf(isWhole)(
    'names the market that the venue refuses, in its words, and hears the others',
    async () => {
      const [refused, ...others] = symbols as [string, ...string[]]
      venue.script.refused = [refused]
      const opened = open(symbols)
      await until(() => stateOf(opened, refused) === 'refused' && opened.blindMarkets === 1)
      const words = dialect?.refusesInSilence === true ? 'no acknowledgement' : refused
      expect(sink.refusals('refused')).toEqual([{ symbol: refused, says: expect.stringContaining(words) }])
      for (const symbol of others) expect(stateOf(opened, symbol)).toBe('fresh')
      expect(sink.lost).toEqual([])
    },
  )

  it('gives a market up for good, without a word of it, while the others go on over the same connection', async () => {
    const [ended, ...others] = symbols as [string, ...string[]]
    const opened = open(symbols)
    await until(() => symbols.every((symbol) => sink.marks(symbol).length > 3))
    const requests = venue.requests.length
    const isUnsubscribed = opened.source.kind === 'socket' && opened.source.unsubscribe !== undefined
    opened.remove([ended])
    const heard = sink.marks(ended).length
    if (isUnsubscribed) await until(() => !venue.isHeard(ended))
    expect(venue.ended).toEqual(isUnsubscribed ? [[ended]] : [])
    // Longer than a market may be silent, and than an answer may take.
    const { counter } = venue
    await until(() => venue.counter > counter + (2 * SHORT_LIMITS.renewalAfterMs) / CADENCE_MS)
    expect(sink.marks(ended)).toHaveLength(heard)
    expect([stateOf(opened, ended), sink.states(ended)]).toEqual([undefined, ['fresh']])
    for (const symbol of others) {
      expect(stateOf(opened, symbol)).toBe('fresh')
      expectGapless(sink.marks(symbol))
    }
    expect([venue.connections, venue.requests.length, sink.lost, sink.faults]).toEqual([1, requests, [], []])
    venue.drop()
    await until(() => venue.connections === 2 && opened.blindMarkets === 0)
    if (!isWhole) expect(venue.requests.slice(requests).flat()).not.toContain(ended)
    expect(sink.marks(ended)).toHaveLength(heard)
  })

  it('is connected again when the venue answers nothing', async () => {
    venue.script.unanswered = symbols
    const opened = open(symbols)
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/requests? without a reply after 400 ms/)
    venue.script.unanswered = []
    await until(() => opened.blindMarkets === 0)
  })
})
