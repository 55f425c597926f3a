import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SocketSource } from '../../src/domain/index.ts'
import { connectBudget, FEED_LIMITS, type Feed, type FeedLimits, openFeed } from '../../src/feed/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { ScriptedVenue } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import type { Dialect } from '../venues/dialect.ts'
import { FIXTURES } from '../venues/fixtures.ts'
import { CADENCE_MS, expectGapless, optionsOf, RecordingSink, SHORT_LIMITS, stateOf } from './harness.ts'

const sockets = Object.entries(FIXTURES).filter(([id]) => sourceOf(id).kind === 'socket')
/** No deadline of this length passes in a test. */
const FAR_MS = 600_000

describe.each(sockets)('a feed of %s', (id, { dialect, symbols }) => {
  let venue: ScriptedVenue
  let feed: Feed | undefined
  let sink: RecordingSink
  const start = async (prices: 'counted' | 'stated') => {
    venue = await ScriptedVenue.start({
      dialect: dialect as Dialect,
      cadenceMs: CADENCE_MS,
      prices,
      markets: symbols,
    })
  }
  beforeEach(async () => {
    await start('counted')
    sink = new RecordingSink()
    feed = undefined
  })
  afterEach(async () => {
    await feed?.close()
    await venue.stop()
  })
  const open = (limits: Partial<FeedLimits> = {}, changes: Partial<SocketSource> = {}): Feed => {
    const source: SocketSource = {
      ...(sourceOf(id) as SocketSource),
      cadenceMs: CADENCE_MS,
      requestsPerSecondMax: 200,
      ...changes,
    }
    feed = openFeed({
      ...optionsOf(venue, symbols),
      source,
      sink,
      limits: { ...SHORT_LIMITS, ...limits },
    })
    return feed
  }
  const allHeard = (more = 3) => {
    const before = symbols.map((symbol) => sink.marks(symbol).length)
    return until(() => symbols.every((symbol, at) => sink.marks(symbol).length > before[at]! + more))
  }

  it('leaves a half-open connection at the first ping without an answer, long before its silence is too long', async () => {
    open({}, { cadenceMs: FAR_MS })
    await allHeard()
    venue.freeze()
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toBe('no frame for 200 ms and no pong after 250 ms')
    await allHeard()
    expect(venue.connections).toBe(2)
  })

  it('leaves a connection that answers pings and brings nothing any more', async () => {
    open({ livingSilenceMinMs: 900, renewalAfterMs: FAR_MS })
    await allHeard()
    venue.script.sendsPrices = false
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/^no frame for 900 ms$|^no pong after 400 ms$/)
    venue.script.sendsPrices = true
    await allHeard()
  })

  it('leaves a connection on which everything is acknowledged and nothing comes', async () => {
    venue.script.sendsPrices = false
    const opened = open()
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/^no tick of \d+ markets? 300 ms after the last reply$/)
    expect(opened.blindMarkets).toBe(symbols.length)
    venue.script.sendsPrices = true
    await until(() => opened.blindMarkets === 0)
  })

  // Where one channel brings every market, a message confirms those that it leaves out.
  it.skipIf(sourceOf(id).statesEveryMarket === true)(
    'calls one silent market stale while the others go on over the same connection',
    async () => {
      const [silent, ...others] = symbols as [string, ...string[]]
      const opened = open({ renewalAfterMs: FAR_MS })
      await allHeard()
      venue.script.silent = [silent]
      await until(() => stateOf(opened, silent) === 'stale')
      for (const symbol of others) {
        expect(stateOf(opened, symbol)).toBe('fresh')
        expectGapless(sink.marks(symbol))
      }
      venue.script.silent = []
      await until(() => stateOf(opened, silent) === 'fresh')
      expect(sink.states(silent)).toEqual(['fresh', 'stale', 'fresh'])
      expect([venue.connections, sink.lost]).toEqual([1, []])
    },
  )

  it('is connected again when the venue cuts the connection, and says of which markets marks may be missing', async () => {
    open()
    await allHeard()
    venue.drop()
    await until(() => sink.lost.length === 1)
    await allHeard()
    expect(sink.interruptions.flat().sort()).toEqual([...symbols].sort())
    expect(venue.connections).toBe(2)
  })

  it('misses no price over a planned change of its connection', async () => {
    const opened = open({ overlapMs: 500 }, { connectionLifeMs: 1_000 })
    await until(() => opened.counters.renewals >= 2)
    await allHeard()
    for (const symbol of symbols) expectGapless(sink.marks(symbol))
    expect([sink.lost, sink.interruptions]).toEqual([[], []])
  })

  it('keeps markets fresh whose marks are confirmed and do not change', async () => {
    await venue.stop()
    await start('stated')
    for (const symbol of symbols) venue.setMark(symbol, '100')
    const opened = open()
    await until(() => symbols.every((symbol) => stateOf(opened, symbol) === 'fresh'))
    const { counter } = venue
    await until(() => venue.counter > counter + (3 * SHORT_LIMITS.stalenessMinMs) / CADENCE_MS)
    for (const symbol of symbols) expect(sink.states(symbol)).toEqual(['fresh'])
    expect([venue.connections, sink.lost]).toEqual([1, []])
  })
})

describe('a venue that refuses every subscription', () => {
  const STORM_MS = 5_000

  it(`is connected to at most once a second, whichever it is: ${sockets.length} of them for ${STORM_MS} ms`, async () => {
    const storms = await Promise.all(
      sockets.map(async ([id, { dialect, symbols }]) => {
        const venue = await ScriptedVenue.start({
          dialect: dialect as Dialect,
          cadenceMs: 1_000,
          prices: 'counted',
          markets: symbols,
        })
        venue.script.refusesAll = true
        const feed = openFeed({
          ...optionsOf(venue, symbols),
          source: sourceOf(id) as SocketSource,
          sink: new RecordingSink(),
          limits: FEED_LIMITS,
          budget: connectBudget(systemClock),
        })
        return { id, venue, feed }
      }),
    )
    try {
      await new Promise((resolve) => setTimeout(resolve, STORM_MS))
      for (const { id, venue } of storms) expect.soft([1, 2, 3, 4, 5], id).toContain(venue.connections)
      for (const { venue } of storms) venue.script.refusesAll = false
      await Promise.all(storms.map(({ feed }) => until(() => feed.blindMarkets === 0)))
    } finally {
      await Promise.all(storms.map(({ feed }) => feed.close()))
      await Promise.all(storms.map(({ venue }) => venue.stop()))
    }
  })
})
