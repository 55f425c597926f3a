import { describe, expect, it } from 'vitest'
import type { FrameSink } from '../../src/domain/index.ts'
import { Probe, ProbeLog } from '../../src/feed/index.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { TestClock } from '../support/clock.ts'
import { FIXTURES } from '../venues/fixtures.ts'

const ID = 'bybit-linear'
const { dialect, symbols } = FIXTURES[ID]!
const [symbol, other] = symbols as [string, string]
const START_MS = 1_000_000

const nothing: FrameSink = {
  price: () => undefined,
  unchanged: () => undefined,
  noMark: () => undefined,
  acknowledged: () => undefined,
  rejected: () => undefined,
  reply: () => undefined,
}

function listening() {
  const clock = new TestClock(START_MS)
  const recorded: string[] = []
  const probe = new Probe({ source: sourceOf(ID), clock, record: (frame) => recorded.push(frame) })
  const parser = probe.source.createParser()
  const hear = (frame: string) => parser.parse(frame, nothing)
  const mark = (price: string, eventTimeMs: number, of = symbol) =>
    hear(dialect!.mark({ symbol: of, price, change: 'first', eventTimeMs }))
  return { clock, probe, hear, mark, recorded }
}

describe('a probe', () => {
  it('counts prices, changes, silences, gaps and ages of a market', () => {
    const { clock, probe, mark } = listening()
    const { cadenceMs } = probe.source
    clock.advance(50)
    mark('100', START_MS + 40)
    clock.advance(3 * cadenceMs)
    mark('100', clock.nowMs() - 30)
    clock.advance(3 * cadenceMs + 1)
    mark('101', clock.nowMs() + 5)
    clock.advance(10)
    const { age, ...market } = probe.markets().get(symbol)!
    expect(market).toEqual({
      symbol,
      kind: 'mark',
      prices: 3,
      confirmations: 0,
      changes: 1,
      lastPrice: '101',
      longestSilenceMs: 3 * cadenceMs + 1,
      gaps: 1,
      outOfOrder: 0,
    })
    expect(age).toEqual({ leastMs: -5, meanMs: (10 + 30 - 5) / 3, mostMs: 30 })
  })

  it('counts the silence since the last price, and one that is a gap', () => {
    const { clock, probe, mark } = listening()
    mark('100', START_MS)
    clock.advance(10_000)
    const { longestSilenceMs, gaps } = probe.markets().get(symbol)!
    expect([longestSilenceMs, gaps]).toEqual([10_000, 1])
  })

  it('names what comes with a time before that of an earlier price', () => {
    const { probe, mark } = listening()
    for (const timeMs of [10, 30, 20, 30, 25]) mark('100', START_MS + timeMs)
    mark('5', START_MS, other)
    expect(probe.markets().get(symbol)!.outOfOrder).toBe(2)
    expect(probe.markets().get(other)!.outOfOrder).toBe(0)
  })

  it('keeps a few frames of the kinds that hold no price, cut, and records all of them', () => {
    const { probe, hear, mark, recorded } = listening()
    mark('100', START_MS)
    const long = `{"x":"${'y'.repeat(1_000)}"`
    const bad = Array.from({ length: 5 }, (_, index) => `${index}${long}`)
    hear(bad[0]!)
    for (const frame of bad) hear(frame)
    const { frames, kinds, samples, longestCharacters } = probe.frames
    expect([frames, kinds.ticks, kinds.malformed]).toEqual([7, 1, 6])
    expect(samples.malformed).toEqual(bad.slice(0, 3).map((frame) => frame.slice(0, 300)))
    expect(longestCharacters).toBe(long.length + 1)
    expect(recorded).toHaveLength(7)
    expect(recorded.slice(2)).toEqual(bad)
  })

  it('hands the parser and the sink what they would get without it', () => {
    const { probe } = listening()
    const heard: unknown[] = []
    const sink: FrameSink = {
      ...nothing,
      price: (kind, symbol, price, eventTimeMs, funding, markSource) =>
        heard.push([kind, symbol, price, eventTimeMs, funding, markSource]),
      acknowledged: (...args) => heard.push(args),
      rejected: (...args) => heard.push(args),
    }
    const frames = [
      dialect!.acknowledgement([symbol], 'subscribe-1'),
      dialect!.refusal(other, 'subscribe-2'),
      dialect!.mark({ symbol, price: '7.25', change: 'first', eventTimeMs: START_MS }),
    ]
    const kindsBy = (parser: { parse(text: string, to: FrameSink): string }) =>
      frames.map((frame) => parser.parse(frame, sink))
    const kinds = kindsBy(probe.source.createParser())
    const beside = heard.splice(0)
    expect(kindsBy(sourceOf(ID).createParser())).toEqual(kinds)
    expect(heard).toEqual(beside)
    expect(heard.length).toBeGreaterThan(2)
  })

  it('says when its stream was live, and why connections were lost', () => {
    const clock = new TestClock(START_MS)
    const log = new ProbeLog(clock)
    log.connection('connecting', 'url')
    clock.advance(250)
    log.connection('live', '2 of 2 markets')
    clock.advance(250)
    for (let index = 0; index < 12; index++) log.connection('lost', `reason ${index}`)
    log.connection('live', '2 of 2 markets')
    expect([log.liveAfterMs, log.lost, log.reasons.length]).toEqual([250, 12, 10])
  })
})
