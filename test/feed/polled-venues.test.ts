import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, PollSource } from '../../src/domain/index.ts'
import { type Feed, type FeedLimits, type Feeds, openFeed, openFeeds } from '../../src/feed/index.ts'
import { systemClock } from '../../src/system/index.ts'
import { sourceOf, VENUES } from '../../src/venues/index.ts'
import { until } from '../support/until.ts'
import { CADENCE_MS, optionsOf, RecordingSink, SHORT_LIMITS, stateOf } from './harness.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

interface Polled {
  /** As many as one request takes, at most two. */
  readonly symbols: readonly [string, ...string[]]
  /** The names in a request, as the venue writes them. */
  readonly namesIn: (query: URLSearchParams) => readonly string[]
  readonly body: (names: readonly string[], price: string, timeMs: number) => string
  /** A body that refuses the request, with one of the statuses by which the venue does so. */
  readonly refusal: string
}

const POLLED: Readonly<Record<string, Polled>> = {
  'binance-margin-index': {
    symbols: ['BTC/USDT index'],
    namesIn: (query) => query.getAll('symbol'),
    body: ([symbol], price, calcTime) => JSON.stringify({ calcTime, price, symbol }),
    refusal: '{"code":-1121,"msg":"Invalid symbol."}',
  },
  'cme-poll': {
    symbols: ['BTCZ26', 'MBTZ26'],
    namesIn: (query) => query.get('symbols')!.split(','),
    body: (names, price, timeMs) => {
      const time = new Date(timeMs).toISOString()
      return JSON.stringify({ time, prices: names.map((symbol) => ({ symbol, settlement: price, time })) })
    },
    refusal: '{"error":"the licence has ended"}',
  },
}

/** The real clock, but waits of a second and more end when the test skips the time. */
class SkippingClock implements Clock {
  #skippedMs = 0
  readonly #held = new Set<{ readonly atMs: number; readonly callback: () => void }>()
  readonly nowMs = () => systemClock.nowMs() + this.#skippedMs
  readonly monotonicMs = () => systemClock.monotonicMs() + this.#skippedMs
  readonly nextTurn = systemClock.nextTurn

  after(delayMs: number, callback: () => void): () => void {
    if (delayMs < 1_000) return systemClock.after(delayMs, callback)
    const held = { atMs: this.monotonicMs() + delayMs, callback }
    this.#held.add(held)
    return () => void this.#held.delete(held)
  }

  get waits(): number {
    return this.#held.size
  }

  skip(byMs: number): void {
    this.#skippedMs += byMs
    for (const held of this.#held) {
      if (held.atMs > this.monotonicMs()) continue
      this.#held.delete(held)
      held.callback()
    }
  }
}

it('every polled source of a venue is tested here', () => {
  const polled = VENUES.flatMap(({ sources }) => sources).filter(({ kind }) => kind === 'poll')
  expect(Object.keys(POLLED).sort()).toEqual(polled.map(({ id }) => id).sort())
})

describe.each(Object.entries(POLLED))('%s over HTTP', (id, { symbols, namesIn, body, refusal }) => {
  const source: PollSource = { ...(sourceOf(id) as PollSource), cadenceMs: CADENCE_MS }
  const [first] = symbols
  let server: Server
  let answer: Answer
  let asked: string[]
  let open: number
  let counter: number
  let feed: Feed | Feeds | undefined
  let sink: RecordingSink
  let clock: SkippingClock

  const namesOf = ({ url }: IncomingMessage) => namesIn(new URL(url!, 'http://h').searchParams)
  const priced = (request: IncomingMessage, price: string, timeMs: number) =>
    body(namesOf(request), price, timeMs)
  const counted: Answer = (request, response) => {
    counter++
    response.end(priced(request, `${counter}.5`, clock.nowMs()))
  }
  const status =
    (code: number, text: string, headers: Record<string, string> = {}): Answer =>
    (_, response) =>
      void response.writeHead(code, headers).end(text)

  beforeEach(async () => {
    asked = []
    open = 0
    counter = 0
    answer = counted
    sink = new RecordingSink()
    clock = new SkippingClock()
    feed = undefined
    server = createServer((request, response) => {
      asked.push(request.url!)
      open++
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
    // Whatever the server did: nothing was heard that it did not say.
    for (const price of heard()) expect(price % 1).toBe(0.5)
  })

  const options = (limits: Partial<FeedLimits> = {}) => ({
    ...optionsOf({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, symbols),
    source,
    sink,
    clock,
    limits: { ...SHORT_LIMITS, ...limits },
  })
  const start = (limits?: Partial<FeedLimits>): Feed => {
    const opened = openFeed(options(limits))
    feed = opened
    return opened
  }
  /** Prices of the first market, of whichever kind. */
  const heard = () =>
    sink.heard.flatMap((one) => {
      if (one.what === 'tick' && one.symbol === first) return [Number(one.markPrice)]
      return one.what === 'index' && one.symbol === first ? [Number(one.price)] : []
    })
  const freshAgain = async (opened: Feed) => {
    const before = heard().length
    answer = counted
    await until(() => heard().length > before && opened.blindMarkets === 0)
  }

  it('hears every market, each at the price that the last body states', async () => {
    const opened = start()
    await until(() => heard().length > 3)
    expect(opened.blindMarkets).toBe(0)
    expect(heard().slice(0, 3)).toEqual([1.5, 2.5, 3.5])
    expect(sink.lost).toEqual([])
  })

  it.each([
    ['the same price with a newer time', () => clock.nowMs()],
    ['the same price with the same time', () => 1_796_000_000_000],
  ])('keeps markets fresh by %s', async (_, timeMs) => {
    answer = (request, response) => void response.end(priced(request, '100.5', timeMs()))
    const opened = start()
    await until(() => opened.blindMarkets === 0)
    const before = asked.length
    await until(() => asked.length > before + (3 * SHORT_LIMITS.stalenessMinMs) / CADENCE_MS)
    for (const symbol of symbols) expect(sink.states(symbol)).toEqual(['fresh'])
    expect(sink.lost).toEqual([])
  })

  const inSeconds = (seconds: number) => new Date(clock.nowMs() + seconds * 1_000).toUTCString()
  it.each<[string, Answer, RegExp, number]>([
    [
      '429 with Retry-After',
      status(429, 'slow', { 'retry-after': '120' }),
      /429: slow; no request for 120 s/,
      120,
    ],
    [
      '418 with Retry-After',
      status(418, 'banned', { 'retry-after': '86400' }),
      /418: banned; no request for 86400 s/,
      86_400,
    ],
    [
      '503 with a day and time',
      (_, response) => void response.writeHead(503, { 'retry-after': inSeconds(90) }).end(),
      /503: ; no request for (89|90) s/,
      89,
    ],
    ['429 without Retry-After', status(429, 'slow'), /429: slow; no request for 60 s/, 60],
    [
      '418 with a ban beyond all that venues state',
      status(418, '', { 'retry-after': '999999999' }),
      /418: ; no request for 259200 s/,
      259_200,
    ],
  ])('asks nothing after %s for so long, then hears its markets again', async (_, fault, says, seconds) => {
    const opened = start()
    await until(() => heard().length > 0)
    answer = fault
    await until(() => clock.waits > 0)
    expect(sink.lost).toEqual([expect.stringMatching(says)])
    expect(sink.interruptions).toEqual([[...symbols]])
    const before = asked.length
    clock.skip((seconds - 2) * 1_000)
    await until(() => stateOf(opened, first) === 'stale')
    expect([asked.length, clock.waits]).toEqual([before, 1])
    const listening = freshAgain(opened)
    clock.skip(3_000)
    await listening
    expect(sink.states(first)).toEqual(['fresh', 'stale', 'fresh'])
  })

  it('asks nothing for any market of the source when it wants no request for one', async () => {
    const group = openFeeds({ ...options(), source: { ...source, symbolsPerRequestMax: 1 } })
    feed = group
    group.add(id === 'cme-poll' ? [] : ['ETH/USDT index'])
    await until(() => group.feeds.every(({ blindMarkets }) => blindMarkets === 0))
    expect(group.feeds).toHaveLength(2)
    let limits = 1
    answer = (request, response) => {
      if (limits-- > 0) response.writeHead(429, { 'retry-after': '300' }).end()
      else counted(request, response)
    }
    await until(() => clock.waits === 2)
    const before = asked.length
    clock.skip(298_000)
    expect([asked.length, clock.waits]).toEqual([before, 2])
    expect(sink.lost).toEqual([
      'the venue answers with status 429: ; no request for 300 s, as the venue wants',
      'no request for 300 s, as the venue wants',
    ])
    clock.skip(3_000)
    await until(() => new Set(asked.slice(before)).size === 2)
    await until(() => group.feeds.every(({ blindMarkets }) => blindMarkets === 0))
  })

  it('goes on after statuses of 5xx, at its cadence with a back-off', async () => {
    const opened = start()
    await until(() => heard().length > 0)
    for (const code of [500, 502, 503, 504]) {
      answer = status(code, '<html>down</html>')
      const { length } = sink.lost
      await until(() => sink.lost.length > length && sink.lost.at(-1)!.includes(String(code)))
      expect(sink.lost.at(-1)).toBe(`the venue answers with status ${code}: <html>down</html>`)
    }
    expect(clock.waits).toBe(0)
    await freshAgain(opened)
  })

  const gigantic = gzipSync(Buffer.alloc(64 * source.bodyBytesMax, ' '))
  it.each<[string, Answer, RegExp]>([
    ['no answer', () => {}, /^no answer after 400 ms$/],
    [
      'an answer that drips for longer than a request may take',
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(drip))
      },
      /^no answer after 400 ms$/,
    ],
    [
      'a body above its limit that says its length',
      (_, response) => void response.end(' '.repeat(source.bodyBytesMax + 1)),
      new RegExp(`^the body is longer than ${source.bodyBytesMax} bytes$`),
    ],
    [
      'a body without an end',
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(' '.repeat(1_000)));
          if (!response.destroyed) response.once('drain', more)
        }
        more()
      },
      new RegExp(`^the body is longer than ${source.bodyBytesMax} bytes$`),
    ],
    [
      'a small body that inflates above its limit',
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gigantic),
      new RegExp(`^the body is longer than ${source.bodyBytesMax} bytes$`),
    ],
    [
      'a body whose connection breaks',
      (request, response) => {
        const whole = priced(request, '666', clock.nowMs())
        response.writeHead(200, { 'content-length': String(whole.length) })
        response.write(whole.slice(0, -1), () => response.destroy())
      },
      /^terminated: other side closed$/,
    ],
    [
      'a body cut short that calls itself whole',
      (request, response) => {
        const whole = priced(request, '666', clock.nowMs())
        response.end(whole.slice(0, whole.length * ((asked.length % 10) / 10)))
      },
      /^the body cannot be read$/,
    ],
    ['a connection that breaks', ({ socket }) => void socket.destroy(), /^fetch failed: other side closed$/],
    ['a page of a proxy', status(200, '<html>'), /^the body cannot be read$/],
  ])('survives %s: the loss is said, markets go stale, later bodies count', async (_, fault, says) => {
    const opened = start()
    await until(() => heard().length > 0)
    answer = fault
    await until(() => stateOf(opened, first) === 'stale' && sink.lost.length > 0)
    for (const reason of sink.lost) expect(reason).toMatch(says)
    await until(() => open <= 1)
    await freshAgain(opened)
    expect(sink.faults).toEqual([])
  })

  it.each([200, 400, 404])('says in the venue’s words what it refuses with status %d', async (code) => {
    const opened = start()
    await until(() => heard().length > 0)
    answer = status(code, refusal)
    if (symbols.length === 1) {
      await until(() => stateOf(opened, first) === 'refused' && opened.counters.refusedAgain > 0)
      expect(sink.refusals('refused')).toEqual([{ symbol: first, says: refusal }])
      expect([sink.lost, sink.faults]).toEqual([[], []])
    } else {
      await until(() => stateOf(opened, first) === 'stale')
      expect(new Set(sink.lost)).toEqual(new Set([`the venue refuses the request: ${refusal}`]))
    }
    await freshAgain(opened)
    expect(sink.refusals('taken').map(({ symbol }) => symbol)).toEqual(symbols.length === 1 ? [first] : [])
  })

  it('takes no price out of an answer whose status is none of success', async () => {
    const opened = start()
    await until(() => heard().length > 0)
    answer = (request, response) => void response.writeHead(404).end(priced(request, '666', clock.nowMs()))
    await until(() => stateOf(opened, first) === 'stale')
    expect(sink.lost[0]).toMatch(/^the venue answers with status 404: /)
    await freshAgain(opened)
  })
})
