import { describe, expect, it } from 'vitest'
import { FEED_LIMITS } from '../../src/feed/index.ts'
import { Refusals } from '../../src/feed/refusals.ts'
import { until } from '../support/until.ts'
import { expectGapless, RecordingLog, SHORT_LIMITS, stateOf, useExchange } from './harness.ts'

const { exchange, open } = useExchange()

const MAINTENANCE_MS = 5_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a venue that refuses every subscription', () => {
  it('is asked again on new connections, and its marks flow when it takes them after 5 s', async () => {
    exchange().script.refusesAll = true
    const log = new RecordingLog()
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { limits: FEED_LIMITS, log })
    await pause(MAINTENANCE_MS)
    expect(exchange().connections).toBeGreaterThanOrEqual(2)
    expect(sink.lost[0]).toMatch(/the venue refuses every market: .*handler not found/)
    exchange().script.refusesAll = false
    await until(() => feed.blindMarkets === 0 && log.messages.includes('connection live'))
    expect(log.messages).toEqual(['connecting', 'connection failed', 'connection live'])
    expect(log.lines[2]!.fields).toMatchObject({ losses: sink.lost.length })
  })

  it('is left after a few requests, however many markets there are', async () => {
    exchange().script.refusesAll = true
    const symbols = Array.from({ length: 250 }, (_, index) => `S${index}USDT`)
    const { feed, sink } = open(symbols, {
      limits: { ...SHORT_LIMITS, refusalFirstMs: 60_000, refusalCapMs: 60_000 },
    })
    await until(() => sink.lost.length === 1)
    expect(exchange().requests.length).toBeLessThan(40)
    expect(feed.blindMarkets).toBe(250)
  })

  it('is asked for the markets that were not reached before those that it refused', async () => {
    exchange().script.refusesAll = true
    const { sink } = open(['AUSDT', 'BUSDT', 'CUSDT', 'DUSDT', 'EUSDT', 'FUSDT', 'GUSDT'])
    await until(() => sink.lost.length === 1)
    const refused = sink.refusals('refused').map(({ symbol }) => symbol)
    const before = exchange().requests.length
    await until(() => exchange().requests.length > before)
    expect(exchange().requests[before]!.slice(-refused.length).sort()).toEqual([...refused].sort())
  })
})

describe('a market that the venue refuses', () => {
  it('is named once in the words of the venue, and costs the others of its request nothing', async () => {
    exchange().script.refused = ['FOOUSDT']
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT', 'ETHUSDT'])
    await until(() => feed.counters.refusedAgain >= 3 && feed.blindMarkets === 1)
    expect(sink.refusals('refused')).toEqual([
      { symbol: 'FOOUSDT', says: expect.stringContaining('handler not found,topic:tickers.FOOUSDT') },
    ])
    expect(sink.faults).toEqual([])
    expect(stateOf(feed, 'FOOUSDT')).toBe('refused')
    expect(feed.refusalOf('FOOUSDT')).toMatch(/handler not found/)
    expect(exchange().requests.slice(0, 5)).toEqual([
      ['BTCUSDT', 'FOOUSDT', 'ETHUSDT'],
      ['BTCUSDT', 'FOOUSDT'],
      ['BTCUSDT'],
      ['FOOUSDT'],
      ['ETHUSDT'],
    ])
    expect(sink.lost).toEqual([])
  })

  it('comes back without a reconnect when the venue takes it, and the others tick meanwhile', async () => {
    exchange().script.refused = ['FOOUSDT']
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT', 'ETHUSDT'])
    await until(() => feed.counters.refusedAgain >= 3)
    exchange().script.refused = []
    await until(() => stateOf(feed, 'FOOUSDT') === 'fresh')
    expect(sink.refusals('taken')).toEqual([{ symbol: 'FOOUSDT', says: feed.counters.refusedAgain + 1 }])
    expect(feed.refusalOf('FOOUSDT')).toBeUndefined()
    expect(exchange().connections).toBe(1)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
    expectGapless(sink.marks('ETHUSDT'))
  })

  it('is found among a hundred with few requests', async () => {
    const symbols = Array.from({ length: 100 }, (_, index) => `S${index}USDT`)
    exchange().script.refused = ['S41USDT']
    const { feed } = open(symbols)
    await until(() => feed.blindMarkets === 1)
    expect(stateOf(feed, 'S41USDT')).toBe('refused')
    expect(feed.counters.rejected - feed.counters.refusedAgain).toBeLessThan(10)
    expect(exchange().requests.length).toBeLessThan(30)
  })

  it('costs a later connection no refused batch: it is requested by itself', async () => {
    exchange().script.refused = ['FOOUSDT']
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT', 'ETHUSDT'])
    await until(() => feed.counters.refusedAgain >= 1)
    const before = exchange().requests.length
    exchange().drop()
    await until(() => feed.counters.connects === 2 && exchange().requests.length > before + 1)
    const later = exchange()
      .requests.slice(before)
      .filter((request) => !request.includes('FOOUSDT'))
    expect(later).toEqual([['BTCUSDT', 'ETHUSDT']])
    exchange().script.refused = []
    await until(() => stateOf(feed, 'FOOUSDT') === 'fresh')
    expect(sink.refusals('refused')).toHaveLength(1)
  })

  it('makes a connection neither renew itself nor end', async () => {
    exchange().script.refused = ['FOOUSDT']
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 60)
    expect(exchange().connections).toBe(1)
    expect(feed.counters.renewals).toBe(0)
    expect(sink.lost).toEqual([])
  })

  it('is noticed when its answer is missing, although other markets are asked for again all the time', async () => {
    exchange().script.refused = ['FOOUSDT']
    const limits = { ...SHORT_LIMITS, refusalFirstMs: 20, refusalCapMs: 20 }
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT'], { limits })
    await until(() => feed.counters.refusedAgain >= 3)
    exchange().script.acknowledges = false
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/requests? without a reply after 400 ms/)
  })
})

describe('the pause before a refused market is asked for again', () => {
  it('doubles from one second up to ten with each refusal, and starts again when the venue took the market', () => {
    const refusals = new Refusals(FEED_LIMITS)
    const isDue = (nowMs: number) => refusals.due(nowMs, () => true) === 'FOOUSDT'
    const pausesMs = Array.from({ length: 6 }, (_, refusal) => {
      const refusedMs = refusal * 100_000
      refusals.add('FOOUSDT', 'handler not found', refusedMs, true)
      let pauseMs = 0
      while (!isDue(refusedMs + pauseMs)) pauseMs += 250
      return pauseMs
    })
    expect(pausesMs).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    expect(refusals.taken('FOOUSDT')).toBe(6)
    refusals.add('FOOUSDT', 'handler not found', 0, true)
    expect([isDue(999), isDue(1_000)]).toEqual([false, true])
  })
})
