import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, PollSource } from '../../src/domain/index.ts'
import { type Feed, type FeedOptions, openFeed, openFeeds } from '../../src/feed/index.ts'
import { systemClock } from '../../src/system/index.ts'
import { until } from '../support/until.ts'
import { optionsOf, RecordingSink, SHORT_LIMITS, stateOf } from './harness.ts'

const CADENCE_MS = 30
const BODY_BYTES_MAX = 1_000

/** Bodies are `{symbol: price}`; a price of null says that the venue has no such market. */
const source: PollSource = {
  kind: 'poll',
  id: 'polled',
  url: 'http://127.0.0.1:1',
  carries: () => true,
  cadenceMs: CADENCE_MS,
  symbolsPerRequestMax: 2,
  bodyBytesMax: BODY_BYTES_MAX,
  requestUrl: (url, symbols) => `${url}/marks?of=${symbols.join()}`,
  createParser: () => ({
    parse(text, sink) {
      if (!text.startsWith('{')) return 'malformed'
      const { timeMs, ...prices } = JSON.parse(text) as { timeMs: number } & Record<string, string | null>
      for (const [symbol, price] of Object.entries(prices)) {
        if (price === null) sink.rejected(symbol, 'no such market')
        else sink.price('settlement', symbol, price as string, timeMs, undefined)
        if (price !== null) sink.price('mark', symbol, price as string, timeMs, undefined)
      }
      return 'ticks'
    },
  }),
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let server: Server
let answer: Answer
let asked: string[]
let open = 0
let openMax = 0
let counter = 0
let feed: Feed | undefined
let sink: RecordingSink

const says =
  (body: (symbols: string[]) => string): Answer =>
  (request, response) => {
    response.end(body(symbolsOf(request)))
  }
const symbolsOf = ({ url }: IncomingMessage) => new URL(url!, 'http://h').searchParams.get('of')!.split(',')
const prices = says((symbols) => {
  const timeMs = ++counter
  return JSON.stringify({
    timeMs,
    ...Object.fromEntries(symbols.map((symbol) => [symbol, String(timeMs)])),
  })
})

beforeEach(async () => {
  asked = []
  counter = 0
  openMax = 0
  answer = prices
  sink = new RecordingSink()
  server = createServer((request, response) => {
    asked.push(request.url!)
    openMax = Math.max(openMax, ++open)
    response.on('close', () => open--)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  await feed?.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function openPoll(symbols: readonly string[], changes: Partial<FeedOptions> = {}): Feed {
  feed = openFeed({ ...optionsOf({ url: url() }, symbols), source, sink, ...changes })
  return feed
}

/** A clock that keeps the waits of the feed apart from its checks and time limits. */
function waitingClock(waitsMs: number[]): Clock {
  const others = [SHORT_LIMITS.checkEveryMs, SHORT_LIMITS.pollTimeoutMs]
  return {
    ...systemClock,
    after(delayMs, callback) {
      if (!others.includes(delayMs)) waitsMs.push(delayMs)
      return systemClock.after(delayMs, callback)
    },
  }
}

describe('a polled URL', () => {
  it('is asked for all markets, and each body is one instant', async () => {
    const opened = openPoll(['A', 'B'])
    await until(() => sink.marks('B').length >= 3)
    expect(asked[0]).toBe('/marks?of=A,B')
    const first = sink.heard.filter(({ what }) => what !== 'connection').slice(0, 8)
    expect(first.map(({ what }) => what)).toEqual([
      'frameStart',
      ...['settlement', 'tick', 'settlement', 'tick'],
      'frameEnd',
      ...['market', 'market'],
    ])
    expect(opened.blindMarkets).toBe(0)
    expect(sink.heard.filter(({ what }) => what === 'connection')).toMatchObject([
      { state: 'connecting', reason: url() },
      { state: 'live' },
    ])
  })

  it('is asked at its cadence with jitter, one request at a time', async () => {
    const waitsMs: number[] = []
    let turn = 0
    answer = (request, response) => {
      systemClock.after(2 * CADENCE_MS, () => prices(request, response))
    }
    openPoll(['A'], { clock: waitingClock(waitsMs), random: () => [0, 0.5, 1][turn++ % 3]! })
    await until(() => asked.length >= 5)
    expect(waitsMs.slice(0, 4)).toEqual([0, 27, 30, 33])
    expect(openMax).toBe(1)
  })

  it('names a market that the venue does not have, and takes it when it comes', async () => {
    answer = says(() => JSON.stringify({ timeMs: ++counter, A: '1', B: null }))
    const opened = openPoll(['A', 'B'])
    await until(() => opened.counters.refusedAgain >= 2)
    expect(sink.refusals('refused')).toEqual([{ symbol: 'B', says: 'no such market' }])
    expect([stateOf(opened, 'A'), stateOf(opened, 'B')]).toEqual(['fresh', 'refused'])
    answer = prices
    await until(() => stateOf(opened, 'B') === 'fresh')
    expect(sink.refusals('taken').map(({ symbol }) => symbol)).toEqual(['B'])
  })

  it('asks for a market that was added, with a second feed if a request is full', async () => {
    const group = openFeeds({ ...optionsOf({ url: url() }, ['A']), source, sink })
    group.add(['B', 'C'])
    await until(() => group.feeds.every(({ blindMarkets }) => blindMarkets === 0))
    expect(group.feeds.map(({ markets }) => [...markets.keys()])).toEqual([['A', 'B'], ['C']])
    await group.close()
  })

  it.each<[string, RegExp, Answer]>([
    [
      'a status of 500',
      /^the venue answers with status 500: {}$/,
      (_, response) => void response.writeHead(500).end('{}'),
    ],
    ['a body that is no JSON', /^the body cannot be read$/, says(() => '<html>')],
    [
      'a body above its limit',
      /^the body is longer than 1000 bytes$/,
      says(() => `{"x":"${'x'.repeat(2_000)}"}`),
    ],
    ['no answer', /^no answer after 400 ms$/, () => {}],
    ['a broken connection', /./, ({ socket }) => void socket.destroy()],
  ])(
    'survives %s: the loss is reported, the markets go stale, and later bodies count',
    async (_, reason, fault) => {
      const opened = openPoll(['A'])
      await until(() => sink.marks('A').length > 0)
      answer = fault
      await until(() => stateOf(opened, 'A') === 'stale' && sink.lost.length > 0)
      expect(sink.lost[0]).toMatch(reason)
      answer = prices
      await until(() => stateOf(opened, 'A') === 'fresh')
      const states = sink.heard.flatMap((one) => (one.what === 'connection' ? [one.state] : []))
      expect(states.at(-1)).toBe('live')
    },
  )

  it('waits longer after each failure, up to a limit, and not after a success', async () => {
    const waitsMs: number[] = []
    answer = says(() => 'no')
    openPoll(['A'], {
      clock: waitingClock(waitsMs),
      random: () => 0.5,
      limits: { ...SHORT_LIMITS, backoffBaseMs: 20, pollBackoffCapMs: 60 },
    })
    await until(() => waitsMs.length >= 5)
    expect(waitsMs.slice(1, 5)).toEqual([40, 50, 60, 60])
    answer = prices
    await until(() => waitsMs.at(-1) === CADENCE_MS)
    answer = says(() => 'no')
    const before = waitsMs.length
    await until(() => waitsMs.slice(before).some((waitMs) => waitMs > CADENCE_MS))
    expect(waitsMs.slice(before).find((waitMs) => waitMs > CADENCE_MS)).toBe(40)
  })

  it('says nothing after it was closed, and ends the request that is under way', async () => {
    answer = () => {}
    const opened = openPoll(['A'], { limits: { ...SHORT_LIMITS, pollTimeoutMs: 60_000 } })
    await until(() => asked.length === 1)
    await opened.close()
    await until(() => open === 0)
    expect(sink.heard).toEqual([{ what: 'connection', state: 'connecting', reason: url() }])
  })

  it.each(['ws://localhost', 'localhost:80', ''])('refuses the address %j', (address) => {
    expect(() => openPoll(['A'], { url: address })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining('http') }),
    )
  })
})
