import { describe, expect, it } from 'vitest'
import { type Decimal, venueId } from '../../src/domain/index.ts'
import { MarketData } from '../../src/feed/index.ts'
import { integrityRules } from '../../src/integrity/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { httpGet, openFollowed } from '../../src/system/index.ts'
import { ruleBookOf, sourceCarrying, underlyingOf } from '../../src/venues/index.ts'
import { STORED_DIALECTS, StoredVenue } from '../feed/stored-venue.ts'
import { isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor, RULES } from '../support/monitor.ts'
import { START_MS, storyOf } from './scenario.ts'

const SILENT = { info: () => {}, warn: () => {}, error: () => {}, child: () => SILENT }

/** The sources that a worker asks without further settings. */
const VENUE_BY_SOURCE = { 'hyperliquid-public': 'hyperliquid', 'dydx-indexer': 'dydx' } as const
type SourceId = keyof typeof VENUE_BY_SOURCE
const SOURCES = STORED_DIALECTS.flatMap((stored) =>
  stored.id in VENUE_BY_SOURCE ? [{ ...stored, venue: VENUE_BY_SOURCE[stored.id as SourceId] }] : [],
)

/** A worker that starts on a venue which has this price stored. Its one account is a long at that entry price, 5 times leveraged. */
function start(
  { dialect, symbols, venue: id }: (typeof SOURCES)[number],
  entryPrice: Decimal,
  price: Decimal,
) {
  const [symbol] = symbols
  const venue = venueId(id)
  const book = { ...ruleBookOf(venue), version: 'scenario', rulesOf: () => RULES.AUSDT }
  const opened = openMonitor({
    books: { [id]: book },
    rule: levelRule([], '0.01'),
    integrity: { rules: integrityRules(), underlyingOf },
    startMs: START_MS,
  })
  const { monitor, clock } = opened
  const simulated = new StoredVenue(dialect, clock)
  simulated.prices = { [symbol]: price }
  const marketData = new MarketData({
    monitor,
    sourceCarrying,
    streamUrls: {},
    clock,
    random: () => 0.5,
    machine: { connect: simulated.connect, httpGet, openFollowed },
    log: SILENT,
    failed: (error) => {
      throw error
    },
  })
  const positions = [isolatedPosition(symbol, { size: '10', entryPrice, leverage: '5' })]
  monitor.apply({ kind: 'put', account: makeAccount({ id: 'desk', venue: id, positions }) })
  marketData.add(venue, symbol)
  monitor.loaded()
  marketData.open()
  const pass = (seconds: number) => {
    const endMs = clock.nowMs() + seconds * 1_000
    while (clock.nowMs() < endMs) {
      clock.advance(100)
      clock.runTurns()
    }
  }
  pass(1)
  const publish = (...prices: readonly Decimal[]) => {
    for (const each of prices) {
      simulated.publish({ [symbol]: each })
      pass(1)
    }
  }
  return { symbol, simulated, pass, publish, story: () => storyOf(opened) }
}

describe.each(SOURCES)('a price that $venue had stored', (source) => {
  it('S12: liquidates nobody when a worker starts in a halt, and at the end of the halt', () => {
    const { symbol, simulated, pass, publish, story } = start(source, '130', '100')
    for (let halted = 0; halted < 5; halted++) {
      pass(10)
      simulated.drop()
    }
    pass(10)
    expect(story()).toEqual([`30 s: ${source.venue} ${symbol} market-stale`])
    publish('129', '128')
    expect(story().slice(1)).toEqual([`61 s: ${source.venue} ${symbol} market-fresh`])
    publish('100')
    expect(story().at(-1)).toMatch(/^63 s: desk liquidation at 100 /)
  })

  it('S14: leaves a market stale that falls silent, however often its last price is stated to a new connection', () => {
    const { symbol, simulated, pass, publish, story } = start(source, '100', '100')
    publish('100', '99')
    for (let halted = 0; halted < 8; halted++) {
      simulated.drop()
      pass(10)
    }
    expect(story()).toEqual([`27 s: ${source.venue} ${symbol} market-stale`])
    publish('98')
    expect(story().slice(1)).toEqual([`83 s: ${source.venue} ${symbol} market-fresh`])
  })

  it('confirms no suspect price by being stated to a new connection, but by what the venue publishes', () => {
    const { simulated, pass, publish, story } = start(source, '100', '100')
    publish('100', '100', '50')
    for (let again = 0; again < 3; again++) {
      simulated.drop()
      pass(4)
    }
    expect(story()).toEqual([expect.stringMatching(/desk liquidation at 50 suspect price-jump/)])
    publish('50', '50', '50')
    expect(story().slice(1)).toEqual([expect.stringMatching(/desk liquidation is confirmed by own-marks/)])
  })
})
