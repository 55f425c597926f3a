import { describe, expect, it } from 'vitest'
import { stateOf } from './harness.ts'
import { openStored, STORED_DIALECTS } from './stored-venue.ts'

describe.each(STORED_DIALECTS)('a price that $id had stored before it was asked', (stored) => {
  const [symbol, other] = stored.symbols
  const start = () => openStored(stored, stored.symbols, { [symbol]: '100', [other]: '5' })
  /** A feed whose markets are fresh at 100 and 5. */
  const startLive = () => {
    const opened = start()
    opened.pass(1)
    opened.venue.publish({ [symbol]: '100', [other]: '5' })
    return opened
  }

  it('does not count after a restart in a halt: the market has no first mark by its deadline, whatever is asked again', () => {
    const { venue, feed, sink, pass } = start()
    pass(28)
    expect([stateOf(feed, symbol), sink.marks(symbol), sink.states(symbol)]).toEqual(['unknown', [], []])
    for (let halted = 0; halted < 20; halted++) {
      venue.drop()
      pass(10)
    }
    expect([sink.marks(symbol), sink.states(symbol)]).toEqual([[], ['unknown']])
    expect([feed.blindMarkets, venue.connections]).toEqual([2, expect.toSatisfy((count) => count > 20)])
    expect(feed.counters).toMatchObject({ ticks: 0, unchanged: 0 })
    expect(feed.counters.held).toBe(2 * venue.connections)
  })

  it('counts once when the same connection states or confirms it again', () => {
    const { venue, feed, sink, pass } = start()
    pass(1)
    expect(sink.heard.filter(({ what }) => what !== 'connection')).toEqual([])
    venue.confirm()
    expect([sink.marks(symbol), sink.marks(other)]).toEqual([[100], [5]])
    expect([sink.states(symbol), feed.blindMarkets]).toEqual([['fresh'], 0])
    venue.confirm()
    expect(sink.states(symbol)).toEqual(['fresh'])
    expect(feed.counters).toMatchObject({ held: 2, doubtful: 0, droppedOld: 0 })
  })

  it('is nothing once its market is given up', () => {
    const { venue, feed, sink, pass } = start()
    pass(1)
    feed.remove([symbol])
    venue.confirm()
    expect([sink.marks(symbol), sink.marks(other), sink.faults]).toEqual([[], [5], []])
  })

  it('gives way to another price of the same connection', () => {
    const { venue, feed, sink, pass } = start()
    pass(1)
    venue.publish({ [symbol]: '90' })
    expect([sink.marks(symbol), stateOf(feed, symbol)]).toEqual([[90], 'fresh'])
    venue.confirm()
    expect(new Set(sink.marks(symbol))).toEqual(new Set([90]))
  })

  it('keeps no market fresh over reconnects in a halt', () => {
    const { venue, feed, sink, pass } = startLive()
    for (let halted = 0; halted < 6; halted++) {
      venue.drop()
      pass(10)
    }
    expect([sink.marks(symbol), sink.states(symbol)]).toEqual([[100], ['fresh', 'stale']])
    expect([stateOf(feed, symbol), feed.blindMarkets]).toEqual(['stale', 2])
    venue.confirm()
    expect([sink.marks(symbol).at(-1), sink.states(symbol).at(-1), feed.blindMarkets]).toEqual([
      100,
      'fresh',
      0,
    ])
  })

  it('is no further mark of its market, which could confirm a suspect one', () => {
    const { venue, feed, sink, pass } = startLive()
    venue.publish({ [symbol]: '50' })
    const heard = sink.heard.filter(({ what }) => what !== 'connection').length
    venue.drop()
    pass(4)
    venue.drop()
    pass(6)
    expect(sink.heard.filter(({ what }) => what !== 'connection')).toHaveLength(heard)
    expect([feed.counters.held, stateOf(feed, symbol)]).toEqual([2 * 3, 'fresh'])
  })

  it('counts at once where another one was heard before: the venue has moved since', () => {
    const { venue, feed, sink, pass } = startLive()
    venue.prices[symbol] = '90'
    venue.drop()
    pass(6)
    expect([sink.marks(symbol), sink.marks(other)]).toEqual([[100, 90], [5]])
    expect(feed.counters.held).toBe(2 + 1)
    venue.prices[symbol] = '90.0'
    venue.drop()
    pass(6)
    expect(sink.marks(symbol)).toEqual([100, 90])
  })

  it('counts at once where an earlier connection held another one', () => {
    const { venue, sink, pass } = start()
    pass(1)
    venue.prices[symbol] = '90'
    venue.drop()
    pass(6)
    expect([sink.marks(symbol), sink.marks(other)]).toEqual([[90], []])
  })

  it('leaves a planned second connection beside the first until it has heard each market, and no mark is missed', () => {
    const life = { connectionLifeMs: 60_000 }
    const { venue, feed, sink, pass } = openStored(
      stored,
      stored.symbols,
      { [symbol]: '1', [other]: '5' },
      life,
    )
    pass(1)
    let price = 1
    while (feed.counters.renewals === 0 && price < 100) {
      venue.publish({ [symbol]: String(++price), [other]: String(price) })
      pass(1)
      if (venue.open < 2 || price % 2 === 0) continue
      expect(feed.counters.renewals).toBe(0)
    }
    const marks = sink.marks(symbol)
    expect(feed.counters).toMatchObject({
      renewals: 1,
      reconnects: 0,
      held: expect.toSatisfy((held) => held >= 2),
    })
    expect([...new Set(marks)]).toEqual(Array.from({ length: price - 1 }, (_, index) => index + 2))
    expect([sink.states(symbol), sink.interruptions, venue.open]).toEqual([['fresh'], [], 1])
  })

  it('does not end the first of two connections, which goes on confirming', () => {
    const { venue, feed, sink, pass } = openStored(
      stored,
      stored.symbols,
      { [symbol]: '1', [other]: '5' },
      {
        connectionLifeMs: 60_000,
      },
    )
    pass(1)
    while (venue.open < 2) {
      venue.confirm()
      pass(1)
    }
    pass(10)
    expect([venue.open, feed.counters.renewals, stateOf(feed, symbol)]).toEqual([2, 0, 'fresh'])
    venue.confirm()
    pass(1)
    expect([venue.open, feed.counters.renewals, feed.blindMarkets]).toEqual([1, 1, 0])
    expect([sink.lost, sink.interruptions]).toEqual([[], []])
  })

  /** Two connections: the first has heard 10, and the second has been answered with 9. */
  const startSecond = () => {
    const life = { connectionLifeMs: 60_000 }
    const opened = openStored(stored, stored.symbols, { [symbol]: '10', [other]: '5' }, life)
    opened.pass(1)
    while (opened.venue.open < 2) {
      opened.venue.publish({ [symbol]: '10', [other]: '5' })
      opened.venue.prices[symbol] = '9'
      opened.pass(1)
    }
    opened.pass(0.1)
    expect(new Set(opened.sink.marks(symbol))).toEqual(new Set([10]))
    return opened
  }

  it('does not count on a second connection while the first one goes on', () => {
    const { venue, sink, pass } = startSecond()
    for (let price = 6; price < 9; price++) {
      venue.publish({ [other]: String(price) })
      pass(1)
    }
    expect(new Set(sink.marks(symbol))).toEqual(new Set([10]))
  })

  it('counts on a second connection, once confirmed, where the first one ends before it has heard more', () => {
    const { venue, feed, sink } = startSecond()
    venue.drop(1)
    expect(sink.marks(symbol).at(-1)).toBe(10)
    venue.confirm()
    expect([sink.marks(symbol).at(-1), stateOf(feed, symbol), feed.counters.renewals]).toEqual([
      9,
      'fresh',
      1,
    ])
  })
})

describe.each(STORED_DIALECTS.filter(({ id }) => id !== 'hyperliquid-public'))(
  'a market that joins the open channel of $id',
  (stored) => {
    const [symbol, joining] = stored.symbols
    const start = () => openStored(stored, [symbol], { [symbol]: '100', [joining]: '5' })

    it('has its price at once where the channel goes on', () => {
      const { venue, feed, sink, pass } = start()
      pass(1)
      venue.confirm()
      feed.add([joining])
      expect([sink.marks(joining), stateOf(feed, joining)]).toEqual([[5], 'fresh'])
    })

    it('has none where only the answer to the subscription stated it, until it is confirmed', () => {
      const { venue, feed, sink, pass } = start()
      pass(1)
      feed.add([joining])
      expect([sink.marks(joining), stateOf(feed, joining)]).toEqual([[], 'unknown'])
      venue.confirm()
      expect([sink.marks(joining), stateOf(feed, joining)]).toEqual([[5], 'fresh'])
    })

    it('has none where only the answer on the newest connection stated it', () => {
      const { venue, feed, sink, pass } = start()
      pass(1)
      venue.confirm()
      venue.drop()
      pass(6)
      feed.add([joining])
      expect([sink.marks(joining), stateOf(feed, symbol)]).toEqual([[], 'fresh'])
    })
  },
)

describe('a price that was heard before a halt of the chain', () => {
  const stored = STORED_DIALECTS.find(({ id }) => id === 'dydx-indexer')!

  it('does not count for a market that joins in the halt, or joins again', () => {
    const prices = { 'BTC-USD': '100', 'SOL-USD': '2', 'ETH-USD': '5' }
    const { venue, feed, sink, pass } = openStored(stored, ['BTC-USD', 'SOL-USD'], prices)
    pass(1)
    venue.confirm()
    feed.remove(['SOL-USD'])
    for (let halted = 0; halted < 28; halted++) {
      venue.stayHalted()
      pass(1)
    }
    expect([stateOf(feed, 'BTC-USD'), venue.connections]).toEqual(['stale', 1])
    feed.add(['ETH-USD', 'SOL-USD'])
    expect([sink.marks('ETH-USD'), sink.marks('SOL-USD')]).toEqual([[], [2]])
    venue.confirm()
    expect([sink.marks('ETH-USD'), sink.marks('SOL-USD')]).toEqual([[5], [2, 2]])
  })
})

describe('a held price of dYdX', () => {
  const stored = STORED_DIALECTS.find(({ id }) => id === 'dydx-indexer')!
  const start = () => openStored(stored, ['BTC-USD'], { 'BTC-USD': '100' })

  it('counts as of the block that confirms it', () => {
    const { venue, feed, pass } = start()
    pass(3)
    venue.confirm()
    expect(feed.markets.get('BTC-USD')).toMatchObject({ state: 'fresh', eventTimeMs: venue.clock.nowMs() })
  })

  it('is not confirmed by a second answer on the same connection', () => {
    const { venue, feed, sink, pass } = start()
    pass(1)
    venue.answerAgain()
    venue.answerAgain()
    expect([sink.marks('BTC-USD'), feed.counters.held]).toEqual([[], 3])
    venue.confirm()
    expect(sink.marks('BTC-USD')).toEqual([100])
  })
})

describe('an oracle price of Hyperliquid that a pool needs', () => {
  const stored = STORED_DIALECTS.find(({ id }) => id === 'hyperliquid-public')!
  const NAME = 'BTC/USDC index'

  it('is held like a mark', () => {
    const { venue, feed, sink, pass } = openStored(stored, [NAME], { BTC: '100' })
    pass(1)
    expect([stateOf(feed, NAME), feed.counters.held]).toEqual(['unknown', 1])
    venue.confirm()
    expect(sink.heard).toContainEqual({ what: 'index', symbol: NAME, price: '100' })
  })

  it('counts at once where the channel of the coin goes on', () => {
    const { venue, feed, sink, pass } = openStored(stored, ['BTC'], { BTC: '100' })
    pass(1)
    venue.confirm()
    feed.add([NAME])
    venue.confirm()
    expect([stateOf(feed, NAME), feed.counters.held]).toEqual(['fresh', 1])
    expect(sink.heard).toContainEqual({ what: 'index', symbol: NAME, price: '100' })
  })
})
