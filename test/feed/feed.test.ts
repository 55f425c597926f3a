import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Feed, type FeedOptions, openFeeds } from '../../src/feed/index.ts'
import { snapshot, TestExchange, testStream } from './exchange.ts'
import { feedOf, optionsOf, RecordingSink, SHORT_LIMITS, until } from './harness.ts'

let exchange: TestExchange
let feeds: Feed[]

beforeEach(async () => {
  exchange = await TestExchange.start()
  feeds = []
})
afterEach(async () => {
  await Promise.all(feeds.map((feed) => feed.close()))
  await exchange.stop()
})

function open(symbols: readonly string[], changes: Partial<FeedOptions> = {}) {
  const opened = feedOf(exchange, symbols, changes)
  feeds.push(opened.feed)
  return opened
}

const stateOf = (feed: Feed, symbol: string) => feed.markets.get(symbol)?.state

describe('a healthy connection', () => {
  it('hands over each frame as one instant, and calls a market fresh after the frame with its mark', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    expect(stateOf(feed, 'BTCUSDT')).toBe('unknown')
    await until(() => sink.marks('BTCUSDT').length >= 3)
    const first = sink.heard.filter(({ what }) => what !== 'connection').slice(0, 5)
    expect(first.map(({ what }) => what)).toEqual(['frameStart', 'tick', 'frameEnd', 'market', 'frameStart'])
    expect(sink.states('BTCUSDT')).toEqual(['fresh'])
    await until(() => sink.heard.some((one) => one.what === 'connection' && one.state === 'live'))
    expect(feed.blindMarkets).toBe(0)
    expect(sink.lost).toEqual([])
  })

  it('stays up while pongs answer its pings', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => feed.counters.heartbeats >= 12)
    expect(sink.lost).toEqual([])
  })

  it('subscribes to every market once, in requests of the size that the venue takes', async () => {
    const symbols = Array.from({ length: 250 }, (_, index) => `S${index}USDT`)
    const { feed } = open(symbols)
    await until(() => feed.blindMarkets === 0)
    expect(exchange.requests.map((request) => request.length)).toEqual([100, 100, 50])
    expect(exchange.requests.flat()).toEqual(symbols)
    expect(feed.counters.acknowledged).toBe(3)
  })

  it('subscribes to markets that are added later, on the same connection', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    feed.add(['ETHUSDT', 'BTCUSDT'])
    await until(() => stateOf(feed, 'ETHUSDT') === 'fresh')
    expect(exchange.requests).toEqual([['BTCUSDT'], ['ETHUSDT']])
    expect(exchange.connections).toBe(1)
  })
})

describe('a connection that looks alive and is not', () => {
  it('reconnects when a subscription is not acknowledged', async () => {
    exchange.behaviour.acknowledges = false
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/1 requests without a reply after 400 ms/)
    exchange.behaviour.acknowledges = true
    await until(() => stateOf(feed, 'BTCUSDT') === 'fresh')
    expect(feed.counters.reconnects).toBeGreaterThanOrEqual(1)
  })

  it('reconnects when everything is acknowledged and nothing comes', async () => {
    exchange.behaviour.ticks = false
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/no tick of 2 markets/)
    expect(sink.states('BTCUSDT')).toEqual([])
    expect(feed.blindMarkets).toBe(2)
  })

  it('reconnects when frames stop without a close', async () => {
    const { feed, sink } = open(['BTCUSDT'], { stream: { ...testStream, heartbeat: NEVER } })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.freeze()
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/no frame for 400 ms/)
    await until(() => stateOf(feed, 'BTCUSDT') === 'fresh' && exchange.connections === 2)
  })

  it('reconnects when pings are not answered', async () => {
    const { sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.behaviour.answersPings = false
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/no pong after 400 ms/)
  })

  it('reconnects after a flood of malformed frames and counts them', async () => {
    exchange.behaviour.garbage = { frame: '{"topic":', every: 5 }
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/frames were malformed/)
    expect(feed.counters.malformed).toBeGreaterThanOrEqual(3)
  })

  it('takes binary frames for malformed ones', async () => {
    exchange.behaviour.garbage = { frame: Buffer.from(snapshot('BTCUSDT', '1', 1)), every: 2 }
    const { sink } = open(['BTCUSDT'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/frames were malformed/)
  })

  it('bears a single malformed frame', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.send('{"topic":')
    const { frames } = feed.counters
    await until(() => feed.counters.frames > frames + 40)
    expect(feed.counters.malformed).toBe(1)
    expect(sink.lost).toEqual([])
  })

  it('ends the connection on a frame above the limit of bytes', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.send(`"${'x'.repeat(4 * 1024 * 1024)}"`)
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/Max payload size exceeded/)
    await until(() => feed.counters.connects === 2)
  })
})

const NEVER = { everyMs: 3_600_000, frame: '{"op":"ping"}' }

describe('one market among others', () => {
  it('goes stale alone when it falls silent, and is fresh again on its next mark', async () => {
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { limits: { ...SHORT_LIMITS, renewalAfterMs: 1e9 } })
    await until(() => feed.blindMarkets === 0)
    exchange.behaviour.ticks = false
    const timer = setInterval(() => exchange.send(snapshot('ETHUSDT', '7', Date.now())), 20)
    try {
      await until(() => stateOf(feed, 'BTCUSDT') === 'stale' && stateOf(feed, 'ETHUSDT') === 'fresh')
      exchange.send(snapshot('BTCUSDT', '9', Date.now()))
      await until(() => stateOf(feed, 'BTCUSDT') === 'fresh')
    } finally {
      clearInterval(timer)
    }
    expect(sink.states('BTCUSDT').slice(0, 3)).toEqual(['fresh', 'stale', 'fresh'])
    expect(sink.lost).toEqual([])
  })

  it('stays unknown when it never ticks, until a renewed connection brings it, without loss to the others', async () => {
    exchange.behaviour.muted = ['ETHUSDT']
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'])
    await until(() => sink.heard.some((one) => one.what === 'connection' && one.state === 'live'))
    expect(stateOf(feed, 'ETHUSDT')).toBe('unknown')
    exchange.behaviour.muted = []
    await until(() => stateOf(feed, 'ETHUSDT') === 'fresh' && feed.counters.renewals > 0)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
  })

  it('is reported with the text of the venue when it is refused, and costs the others of its request nothing', async () => {
    exchange.behaviour.refused = ['FOOUSDT']
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT', 'ETHUSDT'])
    await until(() => sink.faults.length > 0 && feed.blindMarkets === 1)
    expect(sink.faults).toHaveLength(1)
    expect(sink.faults[0]).toMatchObject({ code: 'FEED_REJECTED' })
    expect(sink.faults[0]!.message).toMatch(/test refused FOOUSDT: .*handler not found,topic:tickers.FOOUSDT/)
    expect(stateOf(feed, 'FOOUSDT')).toBe('unknown')
    expect(exchange.requests).toEqual([
      ['BTCUSDT', 'FOOUSDT', 'ETHUSDT'],
      ['BTCUSDT'],
      ['FOOUSDT'],
      ['ETHUSDT'],
    ])
    expect(sink.lost).toEqual([])
  })

  it('does not make a connection renew itself over and over when the venue refuses it', async () => {
    exchange.behaviour.refused = ['FOOUSDT']
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 60)
    expect(exchange.connections).toBe(1)
    expect(feed.counters.rejected).toBe(2)
  })
})

describe('order of events', () => {
  it('drops and counts what is older than the newest event of the market; equal times pass', async () => {
    exchange.behaviour.ticks = false
    const { feed, sink } = open(['BTCUSDT'], { limits: { ...SHORT_LIMITS, firstTickTimeoutMs: 20_000 } })
    await until(() => feed.counters.acknowledged === 1)
    for (const [mark, ts] of [
      ['1', 100],
      ['2', 99],
      ['3', 100],
      ['4', 101],
    ] as const) {
      exchange.send(snapshot('BTCUSDT', mark, ts))
    }
    await until(() => sink.marks('BTCUSDT').includes(4))
    expect(sink.marks('BTCUSDT')).toEqual([1, 3, 4])
    expect(feed.counters.droppedOld).toBe(1)
  })

  it('ignores markets that were not asked for', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.send(snapshot('XRPUSDT', '1', Date.now()))
    await until(() => feed.counters.foreign === 1)
    expect(sink.marks('XRPUSDT')).toEqual([])
  })

  it('lets an event from the future mute a market only until it is stale', async () => {
    const { feed, sink } = open(['BTCUSDT'], { limits: { ...SHORT_LIMITS, renewalAfterMs: 1e9 } })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.send(snapshot('BTCUSDT', '5000000', Number.MAX_SAFE_INTEGER))
    await until(() => sink.states('BTCUSDT').length >= 3)
    expect(sink.states('BTCUSDT').slice(0, 3)).toEqual(['fresh', 'stale', 'fresh'])
    expect(feed.counters.droppedOld).toBeGreaterThan(0)
    expect(sink.lost).toEqual([])
  })
})

describe('the end of a connection', () => {
  it('reconnects when the venue drops it', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.drop()
    await until(() => sink.lost.length === 1)
    const before = sink.marks('BTCUSDT').length
    await until(() => sink.marks('BTCUSDT').length > before)
    expect(feed.counters).toMatchObject({ connects: 2, reconnects: 1 })
  })

  it('is foreseen: a second socket takes over and not one tick is missed', async () => {
    exchange.behaviour.lifeMs = 1_000
    const stream = { ...testStream, connectionLifeMs: 1_000 }
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { stream })
    await until(() => feed.counters.renewals >= 3)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
    expectGapless(sink.marks('ETHUSDT'))
    expect(sink.states('BTCUSDT')).toEqual(['fresh'])
  })

  it('keeps the first socket while the second does not come up, and tries again', async () => {
    const stream = { ...testStream, connectionLifeMs: 1_000 }
    const { feed, sink } = open(['BTCUSDT'], { stream })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.behaviour.acknowledges = false
    await until(() => exchange.requests.length >= 3)
    exchange.behaviour.acknowledges = true
    await until(() => feed.counters.renewals > 0)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
  })

  it('keeps the first socket while the second lacks a market that is fresh', async () => {
    const stream = { ...testStream, connectionLifeMs: 800 }
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { stream })
    await until(() => feed.blindMarkets === 0)
    exchange.behaviour.muted = ['ETHUSDT']
    await until(() => exchange.requests.length === 2)
    const { counter } = exchange
    await until(() => exchange.counter > counter + 40)
    expect(sink.states('ETHUSDT')).toEqual(['fresh'])
    expectGapless(sink.marks('ETHUSDT'))
    expect(feed.counters.renewals).toBe(0)
  })

  it('takes the second socket even before it is live when the first ends', async () => {
    const stream = { ...testStream, connectionLifeMs: 400 }
    const limits = { ...SHORT_LIMITS, acknowledgementTimeoutMs: 20_000 }
    const { feed, sink } = open(['BTCUSDT'], { stream, limits })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.behaviour.acknowledges = false
    await until(() => exchange.open === 2 && exchange.requests.length === 2)
    exchange.drop()
    exchange.behaviour.acknowledges = true
    await until(() => feed.counters.connects >= 3 && stateOf(feed, 'BTCUSDT') === 'fresh')
  })

  it('closes in order: the sink hears nothing more and the sockets are gone', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    const heard = sink.heard.length
    await feed.close()
    await until(() => exchange.open === 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(sink.heard.length).toBe(heard)
    expect(exchange.connections).toBe(1)
  })

  it('closes hard when the venue no longer answers', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange.freeze()
    await feed.close()
  })

  it('closes while it waits to connect', async () => {
    const { feed } = open(['BTCUSDT'], {
      url: 'ws://127.0.0.1:9',
      budget: { reserve: () => 1e6, tryReserve: () => false },
    })
    await feed.close()
    expect(feed.counters.connects).toBe(0)
  })
})

it('hands a fault of the sink to the sink and goes on', async () => {
  const sink = new RecordingSink()
  const bug = new Error('a bug downstream')
  let ticks = 0
  sink.tick = () => {
    if (++ticks === 2) throw bug
  }
  const { feed } = open(['BTCUSDT'], { sink })
  await until(() => ticks > 5)
  expect(sink.faults).toEqual([bug])
  expect(feed.counters.connects).toBe(1)
})

describe('connections to one stream', () => {
  const small = { ...testStream, symbolsPerConnectionMax: 2 }

  it('are as many as its limit asks for, and further markets fill them up first', async () => {
    const sink = new RecordingSink()
    const symbols = ['AUSDT', 'BUSDT', 'CUSDT', 'AUSDT']
    const group = openFeeds({ ...optionsOf(exchange, symbols), sink, stream: small })
    feeds.push(...group.feeds)
    expect(group.feeds.map(({ markets }) => [...markets.keys()])).toEqual([['AUSDT', 'BUSDT'], ['CUSDT']])
    group.add(['DUSDT', 'BUSDT', 'EUSDT'])
    expect(group.feeds.map(({ markets }) => markets.size)).toEqual([2, 2, 1])
    await until(() => group.feeds.every(({ blindMarkets }) => blindMarkets === 0))
    await group.close()
  })

  it('refuse more markets than one of them takes', () => {
    expect(() => open(['AUSDT', 'BUSDT', 'CUSDT'], { stream: small })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringContaining('at most 2 markets'),
      }),
    )
  })

  it.each(['http://localhost', 'localhost:8080', ''])('refuse the URL %j', (url) => {
    expect(() => open(['AUSDT'], { url })).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
  })
})

/** The exchange's counter is the mark price: a missing number is a missed tick. Repeats come from two sockets. */
function expectGapless(marks: readonly number[]): void {
  for (let index = 1; index < marks.length; index++) {
    expect(marks[index]! - marks[index - 1]!).toBeOneOf([0, 1])
  }
}
