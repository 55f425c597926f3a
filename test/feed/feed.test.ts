import { describe, expect, it } from 'vitest'
import { FEED_LIMITS, type FeedOptions, openFeeds } from '../../src/feed/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { until } from '../support/until.ts'
import { optionsOf, RecordingSink, snapshot, stateOf, testSource, useExchange } from './harness.ts'

const { exchange, open, feeds } = useExchange()

const NEVER = { everyMs: 3_600_000, frame: '{"op":"ping"}' }

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

  it('sends pings of the WebSocket protocol where the venue wants those', async () => {
    const heartbeat = { everyMs: 50, frame: 'protocol' }
    const { feed, sink } = open(['BTCUSDT'], { source: { ...testSource, heartbeat } })
    await until(() => feed.counters.heartbeats >= 12)
    expect(sink.lost).toEqual([])
    expect(feed.counters.malformed).toBe(0)
  })

  it('subscribes to every market once, in requests of the size that the venue takes', async () => {
    const symbols = Array.from({ length: 250 }, (_, index) => `S${index}USDT`)
    const { feed } = open(symbols)
    await until(() => feed.blindMarkets === 0)
    expect(exchange().requests.map((request) => request.length)).toEqual([100, 100, 50])
    expect(exchange().requests.flat()).toEqual(symbols)
    expect(feed.counters.acknowledged).toBe(3)
  })

  it('subscribes to markets that are added later, on the same connection', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    feed.add(['ETHUSDT', 'BTCUSDT'])
    await until(() => stateOf(feed, 'ETHUSDT') === 'fresh')
    expect(exchange().requests).toEqual([['BTCUSDT'], ['ETHUSDT']])
    expect(exchange().connections).toBe(1)
  })
})

describe('a venue that cannot be reached', () => {
  /** Attempts fail at once and waits are cut short; `waitsMs` are those before a connect, which alone are no whole numbers. */
  function openUnreachable(changes: Partial<FeedOptions> = {}) {
    const waitsMs: number[] = []
    const clock = {
      ...systemClock,
      after(delayMs: number, then: () => void) {
        if (!Number.isInteger(delayMs)) waitsMs.push(delayMs)
        return systemClock.after(Math.min(delayMs, 20), then)
      },
    }
    const { feed } = open(['BTCUSDT'], {
      url: 'ws://127.0.0.1:9',
      clock,
      random: () => 0.9999,
      limits: FEED_LIMITS,
      ...changes,
    })
    return { feed, waitsMs }
  }

  it('is asked again after at most the cap of 4 s, however long the outage', async () => {
    const { feed, waitsMs } = openUnreachable()
    await until(() => feed.counters.reconnects >= 7)
    expect(waitsMs.slice(0, 7).map(Math.ceil)).toEqual([500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000])
  })

  it('is not asked before the budget of connects allows it', async () => {
    let reserved = 0
    const budget = { reserve: () => 10_000 * reserved++ + 0.25, tryReserve: () => false, failed: () => {} }
    const { waitsMs } = openUnreachable({ budget, random: () => 0 })
    await until(() => waitsMs.length >= 4)
    expect(waitsMs.slice(0, 4)).toEqual([0.25, 10_000.25, 20_000.25, 30_000.25])
  })
})

describe('a connection that looks alive and is not', () => {
  it('reconnects when a subscription is not acknowledged', async () => {
    exchange().script.acknowledges = false
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/1 request without a reply after 400 ms/)
    exchange().script.acknowledges = true
    await until(() => stateOf(feed, 'BTCUSDT') === 'fresh')
    expect(feed.counters.reconnects).toBeGreaterThanOrEqual(1)
  })

  it('reconnects when everything is acknowledged and nothing comes', async () => {
    exchange().script.sendsPrices = false
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/no tick of 2 markets/)
    expect(sink.states('BTCUSDT')).toEqual([])
    expect(feed.blindMarkets).toBe(2)
  })

  it('reconnects when frames stop without a close', async () => {
    const { feed, sink } = open(['BTCUSDT'], { source: { ...testSource, heartbeat: NEVER } })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().freeze()
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/no frame for 400 ms/)
    await until(() => stateOf(feed, 'BTCUSDT') === 'fresh' && exchange().connections === 2)
  })

  it('reconnects when pings are not answered', async () => {
    const { sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().script.answersPings = false
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/no pong after 400 ms/)
  })

  it('reconnects after a flood of malformed frames and counts them', async () => {
    exchange().script.garbage = { frame: '{"topic":', every: 5 }
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/frames were malformed/)
    expect(feed.counters.malformed).toBeGreaterThanOrEqual(3)
  })

  it('takes binary frames for malformed ones', async () => {
    exchange().script.garbage = { frame: Buffer.from(snapshot('BTCUSDT', '1', 1)), every: 2 }
    const { sink } = open(['BTCUSDT'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/frames were malformed/)
  })

  it('bears a single malformed frame', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().send('{"topic":')
    const { frames } = feed.counters
    await until(() => feed.counters.frames > frames + 40)
    expect(feed.counters.malformed).toBe(1)
    expect(sink.lost).toEqual([])
  })

  it('ends the connection on a frame above the limit of bytes', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().send(`"${'x'.repeat(4 * 1024 * 1024)}"`)
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/Max payload size exceeded/)
    await until(() => feed.counters.connects === 2)
  })
})

it('gives a fault of the sink to the sink and continues', async () => {
  const sink = new RecordingSink()
  const bug = new Error('a bug downstream')
  let ticks = 0
  sink.price = () => {
    if (++ticks === 2) throw bug
  }
  const { feed } = open(['BTCUSDT'], { sink })
  await until(() => ticks > 5)
  expect(sink.faults).toEqual([bug])
  expect(feed.counters.connects).toBe(1)
})

describe('connections to one stream', () => {
  const small = { ...testSource, symbolsPerConnectionMax: 2 }

  it('are as many as its limit asks for, and further markets fill them up first', async () => {
    const sink = new RecordingSink()
    const symbols = ['AUSDT', 'BUSDT', 'CUSDT', 'AUSDT']
    const group = openFeeds({ ...optionsOf(exchange(), symbols), sink, source: small })
    feeds().push(...group.feeds)
    expect(group.feeds.map(({ markets }) => [...markets.keys()])).toEqual([['AUSDT', 'BUSDT'], ['CUSDT']])
    group.add(['DUSDT', 'BUSDT', 'EUSDT'])
    expect(group.feeds.map(({ markets }) => markets.size)).toEqual([2, 2, 1])
    await until(() => group.feeds.every(({ blindMarkets }) => blindMarkets === 0))
    await group.close()
  })

  it('refuse more markets than one of them takes', () => {
    expect(() => open(['AUSDT', 'BUSDT', 'CUSDT'], { source: small })).toThrow(
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
