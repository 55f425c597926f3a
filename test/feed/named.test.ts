import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Feed, type FeedOptions, openFeed } from '../../src/feed/index.ts'
import { ScriptedVenue } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import { CADENCE_MS, optionsOf, RecordingSink, SHORT_LIMITS, stateOf } from './harness.ts'
import { namedDialect, namedSource, printed } from './named-venue.ts'

let exchange: ScriptedVenue
let feed: Feed | undefined
let sink: RecordingSink

beforeEach(async () => {
  exchange = await ScriptedVenue.start({ dialect: namedDialect, cadenceMs: CADENCE_MS, prices: 'counted' })
  sink = new RecordingSink()
})
afterEach(async () => {
  await feed?.close()
  await exchange.stop()
})

function open(symbols: readonly string[], changes: Partial<FeedOptions> = {}): Feed {
  feed = openFeed({ ...optionsOf(exchange, symbols), source: namedSource, sink, ...changes })
  return feed
}

describe('a venue that answers symbol by symbol', () => {
  it.each([true, false])('is live when every symbol is answered, together: %s', async (answersTogether) => {
    exchange.script.acknowledgesTogether = answersTogether
    const opened = open(['a:x', 'b:x', 'c:x'])
    await until(() => sink.heard.some((one) => one.what === 'connection' && one.state === 'live'))
    expect(opened.blindMarkets).toBe(0)
    expect(exchange.requests).toEqual([['a:x', 'b:x', 'c:x']])
    expect(opened.counters.acknowledged).toBe(answersTogether ? 1 : 3)
  })

  it('costs the other symbols no request and no connection when it refuses one', async () => {
    exchange.script.refused = ['bad:x']
    const opened = open(['a:x', 'bad:x', 'c:x'])
    await until(() => opened.counters.refusedAgain >= 2 && sink.marks('c:x').length > 60)
    expect(sink.refusals('refused')).toEqual([{ symbol: 'bad:x', says: 'no instrument bad:x' }])
    expect(stateOf(opened, 'bad:x')).toBe('refused')
    expect(opened.refusalOf('bad:x')).toBe('no instrument bad:x')
    expect(exchange.requests[0]).toEqual(['a:x', 'bad:x', 'c:x'])
    expect(exchange.requests.slice(1).every((request) => request.join() === 'bad:x')).toBe(true)
    expect([exchange.connections, opened.counters.renewals, sink.lost.length]).toEqual([1, 0, 0])
  })

  it('is asked again for a refused symbol, which then comes on the same connection', async () => {
    exchange.script.refused = ['bad:x']
    const opened = open(['a:x', 'bad:x'])
    await until(() => opened.counters.refusedAgain >= 1)
    exchange.script.refused = []
    await until(() => stateOf(opened, 'bad:x') === 'fresh')
    expect(sink.refusals('taken').map(({ symbol }) => symbol)).toEqual(['bad:x'])
    expect(exchange.connections).toBe(1)
  })

  it('is asked by name for a symbol that it left out, and takes it then', async () => {
    exchange.script.unanswered = ['late:x']
    const opened = open(['a:x', 'late:x'])
    await until(() => exchange.requests.length >= 2)
    expect(exchange.requests[1]).toEqual(['late:x'])
    exchange.script.unanswered = []
    await until(() => stateOf(opened, 'late:x') === 'fresh')
    expect(sink.refusals('refused')).toEqual([])
    expect([exchange.connections, sink.lost.length]).toEqual([1, 0])
  })

  it('is named with the symbol that it never answers, and the others keep their connection', async () => {
    exchange.script.unanswered = ['mute:x']
    const limits = { ...SHORT_LIMITS, acknowledgementTimeoutMs: 50, renewalAfterMs: 400 }
    const opened = open(['a:x', 'mute:x'], { limits })
    await until(() => opened.counters.refusedAgain >= 2 && sink.marks('a:x').length > 60)
    expect(sink.refusals('refused')).toEqual([
      { symbol: 'mute:x', says: 'no acknowledgement within 50 ms, asked 4 times' },
    ])
    expect(stateOf(opened, 'mute:x')).toBe('refused')
    expect([exchange.connections, opened.counters.renewals, sink.lost.length]).toEqual([1, 0, 0])
  })

  it('ends a connection on which it answers nothing at all', async () => {
    exchange.script.unanswered = ['a:x', 'b:x']
    open(['a:x', 'b:x'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/1 request without a reply after 400 ms/)
  })

  it('is left when it refuses every symbol, and asked again after the pause for refusals', async () => {
    exchange.script.refused = ['a:x', 'b:x']
    const opened = open(['a:x', 'b:x'])
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toBe('the venue refuses every market: no instrument b:x')
    exchange.script.refused = []
    await until(() => opened.blindMarkets === 0)
  })

  it('keeps a market that ticks although the venue refuses to take it twice', async () => {
    const opened = open(['a:x'])
    await until(() => stateOf(opened, 'a:x') === 'fresh')
    exchange.send(printed({ kind: 'refused', symbol: 'a:x', reason: 'already subscribed' }))
    await until(() => opened.counters.rejected === 1)
    expect(stateOf(opened, 'a:x')).toBe('fresh')
    expect(sink.refusals('refused')).toEqual([])
  })

  it('is reported when it refuses what was not requested', async () => {
    const opened = open(['a:x'])
    await until(() => stateOf(opened, 'a:x') === 'fresh')
    exchange.send(printed({ kind: 'refused', symbol: 'other:x', reason: 'no such channel' }))
    await until(() => sink.faults.length > 0)
    expect(sink.faults).toMatchObject([
      { code: 'FEED_REJECTED', message: 'named refused what was not asked for: no such channel' },
    ])
  })
})

it('a frame that the venue asks for is sent', async () => {
  const opened = open(['a:x'])
  await until(() => stateOf(opened, 'a:x') === 'fresh')
  exchange.send(printed({ kind: 'test', id: 7 }))
  await until(() => exchange.pongs.length === 1)
  expect(exchange.pongs).toEqual([7])
  expect(opened.counters.replies).toBe(1)
})

it('a connection that brings index prices that nobody asked for and no mark is ended', async () => {
  exchange.script.sendsIndex = true
  open(['a:x'])
  await until(() => sink.lost.length > 0)
  expect(sink.lost[0]).toMatch(/no tick of 1 market/)
})

describe('an index price', () => {
  const NAME = 'A/X index'
  const stated = (symbol: string, price: string, timeMs: number) =>
    exchange.send(printed({ kind: 'index', symbol, price, timeMs }))
  const heardOf = (name: string) =>
    sink.heard.flatMap((heard) => ('symbol' in heard && heard.symbol === name ? [heard] : []))

  it('is a market of its own, and no mark: stated again it is confirmed', async () => {
    exchange.script.unanswered = [NAME]
    const opened = open(['a:x', NAME])
    await until(() => stateOf(opened, 'a:x') === 'fresh')
    expect(stateOf(opened, NAME)).toBe('unknown')
    stated('B/X index', '1', 1)
    // The name of a contract: it is no mark of it.
    stated('a:x', '1', Number.MAX_SAFE_INTEGER)
    stated(NAME, '99.5', 1)
    stated(NAME, '99.5', 2)
    stated(NAME, '99.6', 1)
    stated(NAME, '99.7', 3)
    await until(() => heardOf(NAME).length === 4)
    expect(heardOf(NAME)).toEqual([
      { what: 'index', symbol: NAME, price: '99.5' },
      { what: 'market', symbol: NAME, state: 'fresh' },
      { what: 'unchanged', symbol: NAME },
      { what: 'index', symbol: NAME, price: '99.7' },
    ])
    expect(heardOf('B/X index')).toEqual([])
    expect(heardOf('a:x').some(({ what }) => what === 'index')).toBe(false)
    expect([stateOf(opened, NAME), opened.counters.droppedOld]).toEqual(['fresh', 1])
  })
})
