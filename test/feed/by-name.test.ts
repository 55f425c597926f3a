import { describe, expect, it } from 'vitest'
import { Hearing } from '../../src/feed/hearing.ts'
import { FEED_LIMITS } from '../../src/feed/limits.ts'
import { Subscription } from '../../src/feed/subscription.ts'
import { TestClock } from '../support/clock.ts'
import { namedSource } from './named-venue.ts'

/** A subscription to these symbols on a test clock; `sent` holds each request with its time. */
function subscribeTo(...symbols: string[]) {
  const clock = new TestClock()
  const startMs = clock.monotonicMs()
  const hearing = new Hearing(clock, Number.POSITIVE_INFINITY)
  const sent: string[] = []
  const subscription = new Subscription({
    source: namedSource,
    symbols,
    batched: symbols,
    clock,
    hearing,
    limits: FEED_LIMITS,
    send: (frame) => sent.push(`${clock.monotonicMs() - startMs}: ${JSON.parse(frame).symbols.join()}`),
  })
  subscription.open()
  const refused: string[] = []
  /** Looks at the deadlines every 250 ms, as a feed does. */
  const pass = (durationMs: number) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += FEED_LIMITS.checkEveryMs) {
      clock.advance(FEED_LIMITS.checkEveryMs)
      refused.push(...subscription.repeatLate(hearing.nowMs()))
    }
  }
  return { subscription, sent, refused, pass, nowMs: () => hearing.nowMs() }
}

describe('a symbol that the venue leaves out while it answers others by name', () => {
  it('is requested by name after 5 s and a pause of 1, 2 and 4 s, then counts as refused and is requested no more', () => {
    const { subscription, sent, refused, pass, nowMs } = subscribeTo('a:x', 'b:x')
    subscription.acknowledged(['a:x'], nowMs())
    pass(60_000)
    expect(sent).toEqual(['0: a:x,b:x', '6250: b:x', '13500: b:x', '22750: b:x'])
    expect(refused).toEqual(['b:x'])
    expect(subscription.isRefused('b:x')).toBe(true)
    expect(subscription.lateReason).toBe('no acknowledgement within 5000 ms, asked 4 times')
    expect(subscription.overdue(nowMs())).toBeUndefined()
  })

  it('is refused again after one request without an answer, once it was refused', () => {
    const { subscription, sent, refused, pass, nowMs } = subscribeTo('a:x', 'b:x')
    subscription.acknowledged(['a:x'], nowMs())
    pass(60_000)
    subscription.askAgain('b:x')
    pass(30_000)
    expect(sent).toHaveLength(5)
    expect(refused).toEqual(['b:x', 'b:x'])
  })

  it('counts as answered when it ticks, and begins with the first pause after an answer', () => {
    const { subscription, sent, refused, pass, nowMs } = subscribeTo('a:x', 'b:x', 'c:x')
    subscription.acknowledged(['a:x'], nowMs())
    subscription.ticked('b:x')
    pass(10_000)
    expect(sent.slice(1)).toEqual(['6250: c:x'])
    expect([subscription.isLate('b:x'), subscription.isLate('c:x')]).toEqual([false, true])
    expect(subscription.acknowledged(['c:x'], nowMs())).toEqual({ kind: 'taken', symbols: ['c:x'] })
    expect(subscription.isLate('c:x')).toBe(false)
    pass(60_000)
    expect(refused).toEqual([])
  })

  it('keeps no connection from being live', () => {
    const { subscription, pass, nowMs } = subscribeTo('a:x', 'b:x')
    subscription.acknowledged(['a:x'], nowMs())
    subscription.ticked('a:x')
    expect(subscription.settle(nowMs())).toBe('waiting')
    pass(6_500)
    expect(subscription.settle(nowMs())).toBe('live')
  })
})

describe('an answer by name', () => {
  it('is that market’s own fault when it refuses, before the venue took any', () => {
    const { subscription, nowMs } = subscribeTo('a:x', 'b:x')
    expect(subscription.rejected('b:x', nowMs())).toEqual({
      kind: 'refused-alone',
      symbols: ['b:x'],
      isItsOwn: true,
    })
  })

  it('belongs to no request if no market has the name', () => {
    const { subscription, nowMs } = subscribeTo('a:x')
    expect(subscription.rejected('z:x', nowMs())).toEqual({ kind: 'unasked' })
    expect(subscription.acknowledged(['z:x'], nowMs())).toEqual({ kind: 'unasked' })
  })

  it('leaves the rest of the request to an answer for the whole', () => {
    const { subscription, nowMs } = subscribeTo('a:x', 'b:x', 'c:x')
    subscription.acknowledged(['b:x'], nowMs())
    expect(subscription.replied('acknowledged', nowMs())).toEqual({
      kind: 'taken',
      symbols: ['a:x', 'c:x'],
    })
    expect(subscription.replied('acknowledged', nowMs())).toEqual({ kind: 'unasked' })
  })
})

it('a venue that has answered nothing by name is not asked again: its connection is overdue', () => {
  const { subscription, sent, refused, pass, nowMs } = subscribeTo('a:x', 'b:x')
  pass(6_000)
  expect(sent).toHaveLength(1)
  expect(refused).toEqual([])
  expect(subscription.overdue(nowMs())).toBe('1 request without a reply after 5000 ms')
})
