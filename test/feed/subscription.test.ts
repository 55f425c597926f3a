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
