import { describe, expect, it } from 'vitest'
import { FEED_LIMITS } from '../../src/feed/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { TestClock } from '../support/clock.ts'
import { until } from '../support/until.ts'
import {
  CADENCE_MS,
  confirmation,
  expectGapless,
  SHORT_LIMITS,
  snapshot,
  stateOf,
  testSource,
  useExchange,
} from './harness.ts'

const { exchange, open } = useExchange()

describe('one market among others', () => {
  it('becomes stale when it is silent, without the others, and is fresh again on its next mark', async () => {
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { limits: { ...SHORT_LIMITS, renewalAfterMs: 1e9 } })
    await until(() => feed.blindMarkets === 0)
    exchange().script.sendsPrices = false
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
    exchange().script.unserved = ['ETHUSDT']
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'])
    await until(() => sink.heard.some((one) => one.what === 'connection' && one.state === 'live'))
    expect(stateOf(feed, 'ETHUSDT')).toBe('unknown')
    exchange().script.unserved = []
    await until(() => stateOf(feed, 'ETHUSDT') === 'fresh' && feed.counters.renewals > 0)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
  })
})

describe('order of events', () => {
  it('drops and counts what is older than the newest event of the market; equal times pass', async () => {
    exchange().script.sendsPrices = false
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

  it('mutes a market for not one tick when a frame comes from the future', async () => {
    const { feed, sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    const { counter } = exchange()
    exchange().send(snapshot('BTCUSDT', '5000000', Number.MAX_SAFE_INTEGER))
    await until(() => exchange().counter > counter + 40)
    expect(sink.marks('BTCUSDT')).toContain(5_000_000)
    expectGapless(sink.marks('BTCUSDT').filter((mark) => mark !== 5_000_000))
    expect(sink.marks('BTCUSDT').at(-1)).toBeGreaterThan(counter)
    expect(sink.states('BTCUSDT')).toEqual(['fresh'])
    expect(feed.counters).toMatchObject({ aheadOfClock: 1, droppedOld: 0 })
  })

  it('hears every tick when our own clock is set back by an hour and forth again', async () => {
    exchange().script.eventTimeMs = 'now'
    let offsetMs = 0
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + offsetMs }
    const { feed, sink } = open(['BTCUSDT'], { clock })
    const hear = async () => {
      const { length } = sink.marks('BTCUSDT')
      await until(() => sink.marks('BTCUSDT').length >= length + 20)
    }
    await hear()
    offsetMs = -3_600_000
    await hear()
    expect(feed.counters.aheadOfClock).toBeGreaterThan(0)
    offsetMs = 0
    await hear()
    expectGapless(sink.marks('BTCUSDT'))
    expect(sink.states('BTCUSDT')).toEqual(['fresh'])
    expect(feed.counters.droppedOld).toBe(0)
  })

  it('starts again with a new connection: a venue whose clock went back is accepted at once', async () => {
    const { feed, sink } = open(['BTCUSDT'], { limits: { ...SHORT_LIMITS, stalenessMinMs: 60_000 } })
    await until(() => exchange().counter > 20 && sink.marks('BTCUSDT').length > 0)
    exchange().script.eventTimeMs = 1
    exchange().drop()
    const { length } = sink.marks('BTCUSDT')
    await until(() => sink.lost.length === 1 && sink.marks('BTCUSDT').length > length + 5)
    expect(feed.counters.droppedOld).toBe(0)
  })
})

describe('a confirmation', () => {
  it('says nothing of the mark before one that was dropped, until a mark is accepted again', async () => {
    exchange().script.sendsPrices = false
    const limits = {
      ...SHORT_LIMITS,
      firstTickTimeoutMs: 20_000,
      livingSilenceMinMs: 20_000,
      stalenessMinMs: 20_000,
    }
    const { feed, sink } = open(['BTCUSDT'], { limits })
    await until(() => feed.counters.acknowledged === 1)
    for (const frame of [
      snapshot('BTCUSDT', '1', 100),
      snapshot('BTCUSDT', '1', 99),
      confirmation('BTCUSDT', 101),
      snapshot('BTCUSDT', '2', 98),
      confirmation('BTCUSDT', 102),
      snapshot('BTCUSDT', '3', 103),
      confirmation('BTCUSDT', 104),
    ]) {
      exchange().send(frame)
    }
    await until(() => feed.counters.frames >= 8)
    const heard = sink.heard.flatMap((one) =>
      one.what === 'tick' ? [one.markPrice] : one.what === 'unchanged' ? ['unchanged'] : [],
    )
    expect(heard).toEqual(['1', 'unchanged', '3', 'unchanged'])
    expect(feed.counters).toMatchObject({ droppedOld: 2, doubtful: 1 })
  })
})

describe('the first mark of a market', () => {
  const limits = { ...SHORT_LIMITS, firstMarkMs: 500, renewalAfterMs: 1e9 }

  it('has a deadline of its own from the time when the market was added, and is missed once', async () => {
    exchange().script.unserved = ['ETHUSDT', 'SOLUSDT']
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { limits })
    await until(() => sink.states('ETHUSDT').length > 0)
    feed.add(['SOLUSDT'])
    const { counter } = exchange()
    await until(() => sink.states('SOLUSDT').length > 0)
    expect((exchange().counter - counter) * CADENCE_MS).toBeGreaterThan(300)
    expect([sink.states('ETHUSDT'), sink.states('SOLUSDT')]).toEqual([['unknown'], ['unknown']])
    expect(sink.states('BTCUSDT')).toEqual(['fresh'])
    exchange().send(snapshot('SOLUSDT', '7', exchange().counter))
    await until(() => stateOf(feed, 'SOLUSDT') === 'fresh')
    expect(sink.states('SOLUSDT')).toEqual(['unknown', 'fresh'])
  })

  it('has 30 s by default', async () => {
    exchange().script.unserved = ['ETHUSDT']
    const clock = new TestClock()
    const { sink } = open(['BTCUSDT', 'ETHUSDT'], { limits: FEED_LIMITS, clock })
    const startMs = clock.monotonicMs()
    const passTo = async (ms: number) => {
      while (clock.monotonicMs() - startMs < ms) {
        clock.advance(250)
        clock.runTurns()
        await new Promise((resolve) => setTimeout(resolve, CADENCE_MS))
      }
    }
    await passTo(29_500)
    expect(sink.states('ETHUSDT')).toEqual([])
    await passTo(31_000)
    expect(sink.states('ETHUSDT')).toEqual(['unknown'])
    expect(sink.states('BTCUSDT')).toEqual(['fresh'])
  })

  it('is missed by a market that the venue refuses, in that word', async () => {
    exchange().script.refused = ['FOOUSDT']
    const { sink } = open(['BTCUSDT', 'FOOUSDT'], { limits })
    await until(() => sink.states('FOOUSDT').length > 0)
    expect(sink.states('FOOUSDT')).toEqual(['refused'])
  })

  it('is missed by all markets of a venue that cannot be reached', async () => {
    const { sink } = open(['BTCUSDT', 'ETHUSDT'], { limits, url: 'ws://127.0.0.1:9' })
    await until(() => sink.states('BTCUSDT').length > 0 && sink.states('ETHUSDT').length > 0)
    expect(sink.states('BTCUSDT')).toEqual(['unknown'])
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
    exchange().script.connectionLifeMs = 1_000
    const source = { ...testSource, connectionLifeMs: 1_000 }
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { source })
    await until(() => feed.counters.renewals >= 3)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
    expectGapless(sink.marks('ETHUSDT'))
    expect(sink.states('BTCUSDT')).toEqual(['fresh'])
  })

  it('keeps the first socket while the second does not come up, and tries again', async () => {
    const source = { ...testSource, connectionLifeMs: 1_000 }
    const { feed, sink } = open(['BTCUSDT'], { source })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().script.acknowledges = false
    await until(() => exchange().requests.length >= 3)
    exchange().script.acknowledges = true
    await until(() => feed.counters.renewals > 0)
    expect(sink.lost).toEqual([])
    expectGapless(sink.marks('BTCUSDT'))
  })

  it('keeps the first socket while the second lacks a market that is fresh', async () => {
    const source = { ...testSource, connectionLifeMs: 800 }
    const { feed, sink } = open(['BTCUSDT', 'ETHUSDT'], { source })
    await until(() => feed.blindMarkets === 0)
    exchange().script.unserved = ['ETHUSDT']
    await until(() => exchange().requests.length === 2)
    const { counter } = exchange()
    await until(() => exchange().counter > counter + 40)
    expect(sink.states('ETHUSDT')).toEqual(['fresh'])
    expectGapless(sink.marks('ETHUSDT'))
    expect(feed.counters.renewals).toBe(0)
  })

  it('takes the second socket even before it is live when the first ends', async () => {
    const source = { ...testSource, connectionLifeMs: 400 }
    const limits = { ...SHORT_LIMITS, acknowledgementTimeoutMs: 20_000 }
    const { feed, sink } = open(['BTCUSDT'], { source, limits })
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().script.acknowledges = false
    await until(() => exchange().open === 2 && exchange().requests.length === 2)
    exchange().drop()
    exchange().script.acknowledges = true
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
      budget: { reserve: () => 1e6, tryReserve: () => false, failed: () => {} },
    })
    await feed.close()
    expect(feed.counters.connects).toBe(0)
  })
})
