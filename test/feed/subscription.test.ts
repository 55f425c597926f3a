import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Hearing } from '../../src/feed/hearing.ts'
import { FEED_LIMITS } from '../../src/feed/limits.ts'
import { Subscription } from '../../src/feed/subscription.ts'
import { TestClock } from '../support/clock.ts'
import { testSeed } from '../support/seed.ts'
import { testSource } from './harness.ts'

const SEED = testSeed(2_026)

/** Asks a venue that refuses every request with a bad market, until nothing is left to ask or the connection ends. */
function subscribeTo(count: number, isBad: (index: number) => boolean) {
  const clock = new TestClock()
  const hearing = new Hearing(clock, Number.POSITIVE_INFINITY)
  const symbols = Array.from({ length: count }, (_, index) => `S${index}USDT`)
  const bad = new Set(symbols.filter((_, index) => isBad(index)))
  const sent: string[][] = []
  const subscription = new Subscription({
    source: testSource,
    symbols,
    batched: symbols,
    clock,
    hearing,
    limits: FEED_LIMITS,
    send: (frame) => sent.push(JSON.parse(frame).args.map((topic: string) => topic.replace('tickers.', ''))),
  })
  const taken: string[] = []
  const refused: string[] = []
  subscription.open()
  for (let answered = 0; subscription.settle(hearing.nowMs()) === 'waiting' && answered < sent.length; ) {
    const request = sent[answered++]!
    const kind = request.some((symbol) => bad.has(symbol)) ? 'rejected' : 'acknowledged'
    const answer = subscription.replied(kind, hearing.nowMs())
    if (answer.kind === 'taken') taken.push(...answer.symbols)
    if (answer.kind === 'refused-alone') refused.push(...answer.symbols)
    clock.advance(10)
  }
  return { symbols, bad, sent, taken, refused, settled: subscription.settle(hearing.nowMs()) }
}

describe(`a subscription of which the venue refuses some markets (seed ${SEED})`, () => {
  it('takes every good market once and finds every bad one, unless all that it tried were bad', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 250 }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer(),
        (count, percent, salt) => {
          const isBad = (index: number) => Math.abs(Math.imul(index + 1, salt | 1) >> 8) % 100 < percent
          const { symbols, bad, taken, refused, settled } = subscribeTo(count, isBad)
          expect(new Set(taken).size).toBe(taken.length)
          expect(taken.filter((symbol) => bad.has(symbol))).toEqual([])
          expect(refused.filter((symbol) => !bad.has(symbol))).toEqual([])
          if (settled === 'refused') expect(taken).toEqual([])
          else expect(taken.length + refused.length).toBe(symbols.length)
        },
      ),
      { seed: SEED, numRuns: 500 },
    )
  })

  it.each([1, 50, 100, 250])(
    'gives up after few requests when the venue refuses all of %i markets',
    (count) => {
      const { sent, settled } = subscribeTo(count, () => true)
      expect(settled).toBe('refused')
      expect(sent.length).toBeLessThan(20)
    },
  )

  it('spends about fourteen requests on one bad market of a hundred', () => {
    for (const index of [0, 41, 99]) {
      expect(subscribeTo(100, (other) => other === index).sent.length).toBeLessThanOrEqual(15)
    }
  })
})

describe('markets of one channel', () => {
  const channelOf = (symbol: string) => symbol.replace(/ index$/, 'USDT')
  function subscribeShared(symbols: readonly string[], batched = symbols) {
    const clock = new TestClock()
    const hearing = new Hearing(clock, Number.POSITIVE_INFINITY)
    const asked: (readonly string[])[] = []
    const subscription = new Subscription({
      source: {
        ...testSource,
        channelOf,
        subscribe: (wanted) => [{ frame: JSON.stringify(wanted), symbols: wanted }],
      },
      symbols,
      batched,
      clock,
      hearing,
      limits: FEED_LIMITS,
      send: (frame) => asked.push(JSON.parse(frame)),
    })
    subscription.open()
    return { subscription, asked, nowMs: () => hearing.nowMs(), pass: () => clock.advance(1_000) }
  }

  it('have the answer of the channel, whether it names it or answers a whole request', () => {
    const { subscription, nowMs } = subscribeShared(['AUSDT', 'A index', 'BUSDT', 'B index'])
    expect(subscription.acknowledged(['AUSDT'], nowMs())).toEqual({
      kind: 'taken',
      symbols: ['AUSDT', 'A index'],
    })
    expect(subscription.rejected('BUSDT', nowMs())).toEqual({
      kind: 'refused-alone',
      symbols: ['BUSDT', 'B index'],
      isItsOwn: true,
    })
    expect(subscription.rejected('CUSDT', nowMs())).toEqual({ kind: 'unasked' })
    const whole = subscribeShared(['AUSDT', 'A index'])
    expect(whole.subscription.replied('rejected', whole.nowMs())).toMatchObject({
      kind: 'refused-alone',
      symbols: ['AUSDT', 'A index'],
    })
  })

  it('are requested once: one that joins a channel that comes asks for nothing, one that joins a refused channel asks', () => {
    const { subscription, asked, nowMs, pass } = subscribeShared(['AUSDT'])
    subscription.replied('acknowledged', nowMs())
    pass()
    subscription.add(['A index', 'B index', 'BUSDT'])
    pass()
    expect(asked).toEqual([['AUSDT'], ['B index', 'BUSDT']])
    expect(subscription.replied('rejected', nowMs())).toMatchObject({ symbols: ['B index', 'BUSDT'] })
    subscription.ticked('A index')
    expect(subscription.isRefused('A index')).toBe(false)
    subscription.askAgain('BUSDT')
    pass()
    expect(asked.slice(2)).toEqual([['B index', 'BUSDT']])
    expect([subscription.isRefused('B index'), subscription.isRefused('BUSDT')]).toEqual([false, false])
  })

  it('stay together when a refused batch is halved', () => {
    const symbols = ['AUSDT', 'BUSDT', 'A index', 'CUSDT', 'B index']
    const { subscription, asked, nowMs, pass } = subscribeShared(symbols)
    expect(subscription.replied('rejected', nowMs())).toEqual({ kind: 'refused-batch' })
    pass()
    subscription.replied('acknowledged', nowMs())
    pass()
    expect(asked.slice(1)).toEqual([['AUSDT', 'A index', 'BUSDT', 'B index'], ['CUSDT']])
  })
})
