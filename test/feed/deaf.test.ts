import { describe, expect, it } from 'vitest'
import { Hearing } from '../../src/feed/hearing.ts'
import { FEED_LIMITS } from '../../src/feed/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { TestClock } from '../support/clock.ts'
import { block } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import { SHORT_LIMITS, snapshot, stateOf, useExchange } from './harness.ts'

const { exchange, open } = useExchange()

describe('a process whose event loop is blocked for longer than a venue may be silent', () => {
  it('hears the crash that waits in its socket, and neither ends the connection nor calls a market stale', async () => {
    const { sink } = open(['BTCUSDT', 'ETHUSDT'], { limits: FEED_LIMITS })
    await until(() => sink.marks('BTCUSDT').length > 0 && sink.marks('ETHUSDT').length > 0)
    exchange().script.sendsPrices = false
    exchange().send(snapshot('BTCUSDT', '0.01', exchange().counter + 1))
    exchange().send(snapshot('ETHUSDT', '0.02', exchange().counter + 1))
    block(FEED_LIMITS.silenceMinMs + 600)
    exchange().script.sendsPrices = true
    const { counter } = exchange()
    await until(() => exchange().counter > counter + 20)
    expect(sink.marks('BTCUSDT')).toContain(0.01)
    expect(sink.marks('ETHUSDT')).toContain(0.02)
    expect(sink.lost).toEqual([])
    expect([sink.states('BTCUSDT'), sink.states('ETHUSDT')]).toEqual([['fresh'], ['fresh']])
    expect(exchange().connections).toBe(1)
  })

  it('is read to its last frame before a silence that began earlier is judged', async () => {
    const limits = {
      ...FEED_LIMITS,
      checkEveryMs: 1_000,
      silenceMinMs: 1_500,
      stalenessMinMs: 1_500,
    }
    let checks = 0
    const clock = {
      ...systemClock,
      after(delayMs: number, then: () => void) {
        const isCheck = delayMs === limits.checkEveryMs
        return systemClock.after(delayMs, () => {
          if (isCheck) checks++
          then()
        })
      },
    }
    const { sink } = open(['BTCUSDT', 'ETHUSDT'], { limits, clock })
    await until(() => sink.states('BTCUSDT').length > 0 && sink.states('ETHUSDT').length > 0)
    const before = checks
    await until(() => checks === before + 1)
    // The next check still finds both markets young; the one after it finds them silent unless it reads first.
    exchange().script.sendsPrices = false
    exchange().script.answersPings = false
    await until(() => checks === before + 2)
    // More than one turn of the event loop reads.
    const padding = 'x'.repeat(20_000)
    for (let frame = 1; frame <= 100; frame++) {
      exchange().send(
        snapshot('BTCUSDT', '0.01', exchange().counter + frame).replace('}', `,"note":"${padding}"}`),
      )
    }
    exchange().send(snapshot('ETHUSDT', '0.02', exchange().counter + 101))
    block(2_000)
    await until(() => checks === before + 3)
    exchange().script.sendsPrices = true
    await until(() => sink.marks('ETHUSDT').includes(0.02))
    expect(sink.lost).toEqual([])
    expect([sink.states('BTCUSDT'), sink.states('ETHUSDT')]).toEqual([['fresh'], ['fresh']])
  })

  const blockedMs = 1_500
  it('counts none of it toward the deadline for a connection', async () => {
    const limits = { ...SHORT_LIMITS, connectTimeoutMs: 1_000 }
    const { feed, sink } = open(['BTCUSDT'], { limits })
    await until(() => sink.heard.some((one) => one.what === 'connection' && one.state === 'connecting'))
    block(blockedMs)
    await until(() => stateOf(feed, 'BTCUSDT') === 'fresh')
    expect(sink.lost).toEqual([])
  })

  it('counts none of it toward the deadlines for an acknowledgement and for a first mark', async () => {
    const limits = { ...SHORT_LIMITS, acknowledgementTimeoutMs: 1_000, firstMarkMs: 1_000 }
    exchange().script.blocksAfterAnswerMs = blockedMs
    const { feed, sink } = open(['BTCUSDT'], { limits })
    await until(() => stateOf(feed, 'BTCUSDT') === 'fresh')
    expect(sink.lost).toEqual([])
    expect(sink.states('BTCUSDT')).toEqual(['fresh'])
  })

  it('still ends a connection that is silent when the process hears again', async () => {
    const { sink } = open(['BTCUSDT'])
    await until(() => sink.marks('BTCUSDT').length > 0)
    exchange().freeze()
    block(1_000)
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/no frame for 400 ms|no pong after 400 ms/)
  })
})

describe('the time of hearing', () => {
  it('is the time that passes while checks come when they are due, or nearly', () => {
    const clock = new TestClock()
    const hearing = new Hearing(clock, 500)
    const startMs = hearing.nowMs()
    for (let check = 0; check < 4; check++) {
      hearing.expectCheck(250)
      clock.advance(700)
      expect(hearing.wasDeaf).toBe(false)
      expect(hearing.nowMs() - startMs).toBe((check + 1) * 700)
    }
  })

  it('leaves out how late a check is, whether a frame or the check comes first', () => {
    const clock = new TestClock()
    const hearing = new Hearing(clock, 500)
    const startMs = hearing.nowMs()
    hearing.expectCheck(250)
    clock.advance(10_250)
    expect(hearing.at(clock.monotonicMs()) - startMs).toBe(250)
    expect(hearing.wasDeaf).toBe(true)
    clock.advance(10)
    expect(hearing.nowMs() - startMs).toBe(260)
    hearing.expectCheck(250)
    expect(hearing.wasDeaf).toBe(false)
  })
})
