import { describe, expect, it } from 'vitest'
import { snapshot, testStream } from './exchange.ts'
import { SHORT_LIMITS, stateOf, until, useExchange } from './harness.ts'

const { exchange, open } = useExchange()

describe('one market among others', () => {
  it('goes stale alone when it falls silent, and is fresh again on its next mark', async () => {
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { limits: { ...SHORT_LIMITS, renewalAfterMs: 1e9 } })
    await until(() => feed.blindMarkets === 0)
    exchange().behaviour.ticks = false
    const timer = setInterval(() => exchange().send(snapshot('ETHUSDT', '7', Date.now())), 20)
    try {
      await until(() => stateOf(feed, 'BTCUSDT') === 'stale' && stateOf(feed, 'ETHUSDT') === 'fresh')
      exchange().send(snapshot('BTCUSDT', '9', Date.now()))
      await until(() => stateOf(feed, 'BTCUSDT') === 'fresh')
    } finally {
      clearInterval(timer)
    }
    expect(sink.states('BTCUSDT').slice(0, 3)).toEqual(['fresh', 'stale', 'fresh'])
    expect(sink.lost).toEqual([])
  })

  it('stays unknown when it never ticks, until a renewed connection brings it, without loss to the others', async () => {
    exchange().behaviour.muted = ['ETHUSDT']
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'])
    await until(() => sink.heard.some((one) => one.what === 'connection' && one.state === 'live'))
    expect(stateOf(feed, 'ETHUSDT')).toBe('unknown')
    exchange().behaviour.muted = []
    await until(() => stateOf(feed, 'ETHUSDT') === 'fresh' && feed.counters.renewals > 0)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
  })

  it('is reported with the text of the venue when it is refused, and costs the others of its request nothing', async () => {
    exchange().behaviour.refused = ['FOOUSDT']
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT', 'ETHUSDT'])
    await until(() => sink.faults.length > 0 && feed.blindMarkets === 1)
    expect(sink.faults).toHaveLength(1)
    expect(sink.faults[0]).toMatchObject({ code: 'FEED_REJECTED' })
    expect(sink.faults[0]!.message).toMatch(/test refused FOOUSDT: .*handler not found,topic:tickers.FOOUSDT/)
    expect(stateOf(feed, 'FOOUSDT')).toBe('unknown')
    expect(exchange().requests).toEqual([
      ['BTCUSDT', 'FOOUSDT', 'ETHUSDT'],
      ['BTCUSDT'],
      ['FOOUSDT'],
      ['ETHUSDT'],
    ])
    expect(sink.lost).toEqual([])
  })

  it('does not make a connection renew itself over and over when the venue refuses it', async () => {
    exchange().behaviour.refused = ['FOOUSDT']
    const { feed, sink } = open(['BTCUSDT', 'FOOUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 60)
    expect(exchange().connections).toBe(1)
    expect(feed.counters.rejected).toBe(2)
  })
})

describe('order of events', () => {
  it('drops and counts what is older than the newest event of the market; equal times pass', async () => {
    exchange().behaviour.ticks = false
    const { feed, sink } = open(['BTCUSDT'], { limits: { ...SHORT_LIMITS, firstTickTimeoutMs: 20_000 } })
    await until(() => feed.counters.acknowledged === 1)
    for (const [mark, ts] of [
      ['1', 100],
      ['2', 99],
      ['3', 100],
      ['4', 101],
    ] as const) {
      exchange().send(snapshot('BTCUSDT', mark, ts))
    }
    await until(() => sink.marks('BTCUSDT').includes(4))
    expect(sink.marks('BTCUSDT')).toEqual([1, 3, 4])
    expect(feed.counters.droppedOld).toBe(1)
  })

  it('ignores markets that were not asked for', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().send(snapshot('XRPUSDT', '1', Date.now()))
    await until(() => feed.counters.foreign === 1)
    expect(sink.marks('XRPUSDT')).toEqual([])
  })

  it('lets an event from the future mute a market only until it is stale', async () => {
    const { feed, sink } = open(['BTCUSDT'], { limits: { ...SHORT_LIMITS, renewalAfterMs: 1e9 } })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().send(snapshot('BTCUSDT', '5000000', Number.MAX_SAFE_INTEGER))
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
    exchange().drop()
    await until(() => sink.lost.length === 1)
    const before = sink.marks('BTCUSDT').length
    await until(() => sink.marks('BTCUSDT').length > before)
    expect(feed.counters).toMatchObject({ connects: 2, reconnects: 1 })
  })

  it('is foreseen: a second socket takes over and not one tick is missed', async () => {
    exchange().behaviour.lifeMs = 1_000
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
    exchange().behaviour.acknowledges = false
    await until(() => exchange().requests.length >= 3)
    exchange().behaviour.acknowledges = true
    await until(() => feed.counters.renewals > 0)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
  })

  it('keeps the first socket while the second lacks a market that is fresh', async () => {
    const stream = { ...testStream, connectionLifeMs: 800 }
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { stream })
    await until(() => feed.blindMarkets === 0)
    exchange().behaviour.muted = ['ETHUSDT']
    await until(() => exchange().requests.length === 2)
    const { counter } = exchange()
    await until(() => exchange().counter > counter + 40)
    expect(sink.states('ETHUSDT')).toEqual(['fresh'])
    expectGapless(sink.marks('ETHUSDT'))
    expect(feed.counters.renewals).toBe(0)
  })

  it('takes the second socket even before it is live when the first ends', async () => {
    const stream = { ...testStream, connectionLifeMs: 400 }
    const limits = { ...SHORT_LIMITS, acknowledgementTimeoutMs: 20_000 }
    const { feed, sink } = open(['BTCUSDT'], { stream, limits })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().behaviour.acknowledges = false
    await until(() => exchange().open === 2 && exchange().requests.length === 2)
    exchange().drop()
    exchange().behaviour.acknowledges = true
    await until(() => feed.counters.connects >= 3 && stateOf(feed, 'BTCUSDT') === 'fresh')
  })

  it('closes in order: the sink hears nothing more and the sockets are gone', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    const heard = sink.heard.length
    await feed.close()
    await until(() => exchange().open === 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(sink.heard.length).toBe(heard)
    expect(exchange().connections).toBe(1)
  })

  it('closes hard when the venue no longer answers', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().freeze()
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

/** The exchange's counter is the mark price: a missing number is a missed tick. Repeats come from two sockets. */
function expectGapless(marks: readonly number[]): void {
  for (let index = 1; index < marks.length; index++) {
    expect(marks[index]! - marks[index - 1]!).toBeOneOf([0, 1])
  }
}
