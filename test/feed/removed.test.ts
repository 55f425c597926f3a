import { describe, expect, it } from 'vitest'
import { Hearing } from '../../src/feed/hearing.ts'
import { FEED_LIMITS } from '../../src/feed/limits.ts'
import { Subscription } from '../../src/feed/subscription.ts'
import { TestClock } from '../support/clock.ts'
import { testSource } from './harness.ts'

/** A subscription of one request at a time; `asked` holds what each asks for, `-` before what it gives up. */
function subscribeTo(...symbols: string[]) {
  const clock = new TestClock()
  const hearing = new Hearing(clock, Number.POSITIVE_INFINITY)
  const asked: string[] = []
  const request = (sign: string) => (wanted: readonly string[]) => [
    { frame: wanted.map((symbol) => sign + symbol).join(), symbols: wanted },
  ]
  const subscription = new Subscription({
    source: { ...testSource, subscribe: request(''), unsubscribe: request('-') },
    symbols,
    batched: symbols,
    clock,
    hearing,
    limits: FEED_LIMITS,
    send: (frame) => asked.push(frame),
  })
  const pass = (durationMs: number) => {
    const refused: string[] = []
    for (let passedMs = 0; passedMs < durationMs; passedMs += FEED_LIMITS.checkEveryMs) {
      clock.advance(FEED_LIMITS.checkEveryMs)
      refused.push(...subscription.repeatLate(hearing.nowMs()))
    }
    return refused
  }
  return { subscription, asked, pass, nowMs: () => hearing.nowMs() }
}

describe('a market that was given up while its request had no answer', () => {
  it('is not requested when the connection opens', () => {
    const { subscription, asked } = subscribeTo('A', 'B')
    subscription.remove(['B'])
    subscription.open()
    expect(asked).toEqual(['A'])
  })

  it('is in no answer for the whole request', () => {
    const { subscription, nowMs } = subscribeTo('A', 'B')
    subscription.open()
    subscription.remove(['B'])
    expect(subscription.replied('acknowledged', nowMs())).toEqual({ kind: 'taken', symbols: ['A'] })
  })

  it('is not requested again in the halves of a refused request', () => {
    const { subscription, asked, pass, nowMs } = subscribeTo('A', 'B', 'C')
    subscription.open()
    subscription.remove(['C'])
    expect(subscription.replied('rejected', nowMs())).toEqual({ kind: 'refused-batch' })
    for (let answers = 0; answers < 3; answers++) {
      pass(1_000)
      subscription.replied('acknowledged', nowMs())
    }
    expect(asked).toEqual(['A,B,C', '-C', 'A', 'B'])
  })

  it('is no longer late: a venue that left it out is not asked for it again', () => {
    const { subscription, asked, pass, nowMs } = subscribeTo('A', 'B', 'C')
    subscription.open()
    subscription.acknowledged(['A'], nowMs())
    pass(5_500)
    expect([subscription.isLate('B'), subscription.isLate('C')]).toEqual([true, true])
    subscription.remove(['B'])
    expect(subscription.isLate('B')).toBe(false)
    expect(pass(60_000)).toEqual(['C'])
    expect(asked).toEqual(['A,B,C', '-B', 'C', 'C', 'C'])
  })

  it('does not become late', () => {
    const { subscription, asked, pass, nowMs } = subscribeTo('A', 'B')
    subscription.open()
    subscription.acknowledged(['A'], nowMs())
    subscription.remove(['B'])
    expect(pass(60_000)).toEqual([])
    expect(asked).toEqual(['A,B', '-B'])
  })

  it('may be refused by its name: that was asked for', () => {
    const { subscription, nowMs } = subscribeTo('A', 'B')
    subscription.open()
    subscription.remove(['B'])
    expect(subscription.rejected('B', nowMs())).toEqual({ kind: 'known' })
    expect(subscription.rejected('C', nowMs())).toEqual({ kind: 'unasked' })
  })

  it.each(['acknowledged', 'rejected'] as const)(
    'leaves an answer of nothing where it was alone: %s',
    (kind) => {
      const { subscription, nowMs } = subscribeTo('A')
      subscription.open()
      subscription.remove(['A'])
      expect(subscription.replied(kind, nowMs())).toEqual({ kind: 'known' })
    },
  )
})

describe('an answer for its unsubscription', () => {
  it.each(['acknowledged', 'rejected'] as const)('is of no market: %s', (kind) => {
    const { subscription, asked, pass, nowMs } = subscribeTo('A', 'B')
    subscription.open()
    subscription.replied('acknowledged', nowMs())
    subscription.remove(['B'])
    pass(1_000)
    expect(asked).toEqual(['A,B', '-B'])
    expect(subscription.replied(kind, nowMs())).toEqual({ kind: 'known' })
  })

  it('does not count as a market that the venue took: one that refuses all others is left', () => {
    const symbols = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']
    const { subscription, pass, nowMs } = subscribeTo('Z')
    subscription.open()
    subscription.remove(['Z'])
    subscription.replied('acknowledged', nowMs())
    for (const symbol of symbols) subscription.add([symbol])
    pass(1_000)
    expect(subscription.replied('acknowledged', nowMs())).toEqual({ kind: 'known' })
    for (const _ of symbols) {
      pass(1_000)
      expect(subscription.replied('rejected', nowMs())).toMatchObject({ isItsOwn: false })
    }
    expect(subscription.settle(nowMs())).toBe('refused')
  })
})

describe('a refusal of markets that tick already', () => {
  it('says nothing new, for a whole request and by name', () => {
    const { subscription, nowMs } = subscribeTo('A')
    subscription.open()
    subscription.ticked('A')
    expect(subscription.replied('rejected', nowMs())).toEqual({ kind: 'known' })
    expect(subscription.rejected('A', nowMs())).toEqual({ kind: 'known' })
    expect(subscription.isRefused('A')).toBe(false)
  })

  it('names those of a channel that do not tick alone', () => {
    const channelOf = () => 'all'
    const clock = new TestClock()
    const hearing = new Hearing(clock, Number.POSITIVE_INFINITY)
    const symbols = ['A', 'B']
    const options = { symbols, batched: symbols, clock, hearing, limits: FEED_LIMITS, send: () => undefined }
    const subscription = new Subscription({ source: { ...testSource, channelOf }, ...options })
    subscription.open()
    subscription.ticked('A')
    expect(subscription.replied('rejected', hearing.nowMs())).toMatchObject({ symbols: ['B'] })
    expect(subscription.rejected('all', hearing.nowMs())).toMatchObject({ symbols: ['B'] })
  })
})
