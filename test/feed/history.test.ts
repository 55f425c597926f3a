import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MARK_BAR_MS, type MarkBar, type MarkHistory } from '../../src/domain/index.ts'
import { PlimsollError } from '../../src/errors.ts'
import { type HistoryLimits, MarkHistoryReader, missingMinutes, VenueRequests } from '../../src/feed/index.ts'
import { httpGet, httpPost, systemClock } from '../../src/system/index.ts'
import { bybit } from '../../src/venues/index.ts'
import { until } from '../support/until.ts'

const FROM_MS = 1_700_000_040_000
const minute = (index: number) => FROM_MS + index * MARK_BAR_MS
const BARS_PER_REQUEST_MAX = 3

/** A body is a list of open times. */
const history: MarkHistory = {
  id: 'test-klines',
  url: 'http://127.0.0.1:1',
  carries: () => true,
  requestUrl: (url, symbol, fromMs, toMs) => `${url}/${symbol}?from=${fromMs}&to=${toMs}`,
  barsPerRequestMax: BARS_PER_REQUEST_MAX,
  requestsPerSecondMax: 1_000,
  bodyBytesMax: 1_000,
  parse(body) {
    if (!body.startsWith('[')) throw new PlimsollError('INPUT_INVALID', 'the body must be a list')
    return (JSON.parse(body) as number[]).map(barAt)
  },
}
const barAt = (openTimeMs: number): MarkBar => ({
  openTimeMs,
  open: '1',
  high: '2',
  low: '1',
  close: '2',
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let server: Server
let answer: Answer
let asked: string[]
let open = 0
let openMax = 0
let logged: (readonly [level: string, message: string, reason: unknown])[]
let requests: VenueRequests
let reader: MarkHistoryReader

/** The open times that a request asks for. */
function timesOf({ url }: IncomingMessage): number[] {
  const query = new URL(url!, 'http://h').searchParams
  const [fromMs, toMs] = [Number(query.get('from')), Number(query.get('to'))]
  const times: number[] = []
  for (let timeMs = fromMs; timeMs <= toMs; timeMs += MARK_BAR_MS) times.push(timeMs)
  return times
}
const allBars: Answer = (request, response) => void response.end(JSON.stringify(timesOf(request)))
const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, headers)
    response.end(body)
  }
/** Gives the answers in turn, then all bars. */
const inTurn =
  (...answers: Answer[]): Answer =>
  (request, response) => {
    ;(answers.shift() ?? allBars)(request, response)
  }

beforeEach(async () => {
  asked = []
  logged = []
  openMax = 0
  answer = allBars
  server = createServer((request, response) => {
    asked.push(request.url!)
    openMax = Math.max(openMax, ++open)
    response.on('close', () => open--)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  reader = readerWith({})
})
afterEach(async () => {
  requests.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function readerWith(limits: Partial<HistoryLimits>, random = () => 0.5): MarkHistoryReader {
  const line = (level: string) => (fields: object, message: string) =>
    void logged.push([level, message, (fields as { reason?: unknown }).reason])
  requests = new VenueRequests({
    clock: systemClock,
    random,
    machine: { httpGet, httpPost },
    limits: { backoffBaseMs: 1, backoffCapMs: 2, requestTimeoutMs: 500, ...limits },
  })
  return new MarkHistoryReader({
    requests,
    log: { info: line('info'), warn: line('warn') },
    urls: { [history.id]: url(), 'bybit-klines': url() },
    limits,
  })
}

const openTimes = (bars: readonly MarkBar[]) => bars.map(({ openTimeMs }) => openTimeMs)
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'HISTORY_UNAVAILABLE', message: expect.stringMatching(message) })

describe('a read of past prices', () => {
  it('asks page by page and gives all bars in time order', async () => {
    const bars = await reader.read(history, 'A', minute(0), minute(6))
    expect(openTimes(bars)).toEqual([0, 1, 2, 3, 4, 5, 6].map(minute))
    expect(asked).toEqual([
      `/A?from=${minute(0)}&to=${minute(2)}`,
      `/A?from=${minute(3)}&to=${minute(5)}`,
      `/A?from=${minute(6)}&to=${minute(6)}`,
    ])
    expect(logged).toEqual([])
  })

  it('of one minute is one request, and of a span that ends before it begins none', async () => {
    expect(await reader.read(history, 'A', minute(0), minute(0))).toHaveLength(1)
    expect(await reader.read(history, 'A', minute(1), minute(0))).toEqual([])
    expect(asked).toHaveLength(1)
  })

  it('gives the bars that the venue has, and leaves out what was not asked for', async () => {
    answer = (_request, response) =>
      void response.end(JSON.stringify([minute(-1), minute(0), minute(2), minute(3)]))
    const bars = await reader.read(history, 'A', minute(0), minute(2))
    expect(openTimes(bars)).toEqual([minute(0), minute(2)])
    expect(missingMinutes(bars, minute(0), minute(2))).toEqual([minute(1)])
    expect(missingMinutes([], minute(0), minute(1))).toEqual([minute(0), minute(1)])
    expect(missingMinutes(bars, minute(0), minute(0))).toEqual([])
  })

  it('reads the body of a real venue', async () => {
    const [klines] = bybit.markHistory!
    const row = [String(minute(0)), '37000.10', '37001', '36999', '37000.5']
    const body = { retCode: 0, result: { symbol: 'BTCUSDT', list: [row] } }
    answer = (_request, response) => void response.end(JSON.stringify(body))
    expect(await reader.read(klines!, 'BTCUSDT', minute(0), minute(0))).toEqual([
      { openTimeMs: minute(0), open: '37000.10', high: '37001', low: '36999', close: '37000.5' },
    ])
    expect(asked[0]).toContain('/v5/market/mark-price-kline?category=linear&symbol=BTCUSDT')
  })
})

describe('a page that fails', () => {
  it.each<[string, Answer, RegExp]>([
    ['an error of the server', status(502, 'bad gateway'), /status 502: bad gateway/],
    ['no JSON', status(200, '<html>'), /the body must be a list/],
    ['a body that is too long', status(200, `[${'1,'.repeat(1_000)}1]`), /longer than 1000 bytes/],
    ['a connection that breaks', (_request, response) => void response.destroy(), /fetch failed: /],
    ['no answer', () => {}, /no answer after 500 ms/],
    ['a body that does not end', (_request, response) => void response.write('[1'), /no answer after 500 ms/],
  ])('by %s is asked for again, and the log says so once', async (_says, failing, reason) => {
    answer = inTurn(failing, failing)
    expect(openTimes(await reader.read(history, 'A', minute(0), minute(1)))).toEqual([0, 1].map(minute))
    expect(asked).toHaveLength(3)
    expect(logged).toEqual([
      ['warn', 'past prices cannot be read', expect.stringMatching(reason)],
      ['info', 'past prices are read again', undefined],
    ])
  })

  it('at every try fails the read, naming history, market, span and reason', async () => {
    answer = status(503)
    await expect(reader.read(history, 'A', minute(0), minute(1))).rejects.toEqual(
      refusal(
        /^test-klines: no past prices of A from 2023-11-14T22:14:00.000Z to 2023-11-14T22:15:00.000Z: the venue answers with status 503: , at the last of 5 tries$/,
      ),
    )
    expect(asked).toHaveLength(5)
  })

  it('because the venue does not know the market fails the read at once, without a line of the log', async () => {
    answer = status(400, '{"code":-1121,"msg":"Invalid symbol."}')
    await expect(reader.read(history, 'A', minute(0), minute(1))).rejects.toEqual(
      refusal(/status 400: \{"code":-1121,"msg":"Invalid symbol."\}$/),
    )
    expect(asked).toHaveLength(1)
    expect(logged).toEqual([])
  })

  it('of a server that is not there names why', async () => {
    const lost = new VenueRequests({
      clock: systemClock,
      random: () => 0,
      machine: { httpGet, httpPost },
      limits: { triesMax: 2 },
    })
    reader = new MarkHistoryReader({ requests: lost, log: { info: () => {}, warn: () => {} } })
    await expect(reader.read(history, 'A', minute(0), minute(1))).rejects.toEqual(
      refusal(/fetch failed: .*ECONNREFUSED|fetch failed: bad port/),
    )
  })
})

describe('a venue that wants fewer requests', () => {
  it('gets none before the time that Retry-After states, then all', async () => {
    answer = inTurn(status(429, 'slow down', { 'retry-after': '1' }))
    const askedAtMs = systemClock.monotonicMs()
    const read = reader.read(history, 'A', minute(0), minute(0))
    await until(() => asked.length === 1)
    const other = reader.read(history, 'B', minute(0), minute(0))
    expect(await read).toHaveLength(1)
    expect(await other).toHaveLength(1)
    expect(systemClock.monotonicMs() - askedAtMs).toBeGreaterThanOrEqual(1_000)
    expect(asked).toHaveLength(3)
  })

  it.each([
    ['429 with an hour', status(429, '', { 'retry-after': '3600' }), 3_600],
    ['418 with a day', status(418, '', { 'retry-after': '86400' }), 86_400],
    ['403 without a time', status(403, 'access too frequent'), 600],
  ])('for long, by %s, fails all its reads at once and those that come', async (_says, limited, seconds) => {
    reader = readerWith({ inFlightMax: 1 })
    answer = limited
    const reads = ['A', 'B', 'C'].map((symbol) => reader.read(history, symbol, minute(0), minute(0)))
    const [first, ...others] = await Promise.allSettled(reads)
    expect(first).toMatchObject({ reason: refusal(/the venue answers with status 4/) })
    for (const other of others)
      expect(other).toMatchObject({
        reason: refusal(new RegExp(`the venue wants no requests for another ${seconds} s`)),
      })
    await expect(reader.read(history, 'D', minute(0), minute(0))).rejects.toEqual(
      refusal(/the venue wants no requests for another/),
    )
    expect(asked).toHaveLength(1)
  })
})

describe('many reads', () => {
  it('have at most so many requests open, and come in the order in which they were asked for', async () => {
    reader = readerWith({ inFlightMax: 2 })
    answer = (request, response) => void setTimeout(() => allBars(request, response), 20)
    const symbols = ['A', 'B', 'C', 'D', 'E', 'F']
    await Promise.all(symbols.map((symbol) => reader.read(history, symbol, minute(0), minute(0))))
    expect(openMax).toBe(2)
    // The two that are open together reach the server in either order.
    const pairs = [0, 2, 4].map((at) =>
      asked
        .slice(at, at + 2)
        .map((path) => path[1])
        .sort(),
    )
    expect(pairs.flat()).toEqual(symbols)
  })

  it('beyond the limit fail at once; a read that ends makes room', async () => {
    reader = readerWith({ readsMax: 2 })
    const reads = ['A', 'B'].map((symbol) => reader.read(history, symbol, minute(0), minute(0)))
    await expect(reader.read(history, 'C', minute(0), minute(0))).rejects.toEqual(
      refusal(/2 reads of the venue wait already/),
    )
    await Promise.all(reads)
    expect(await reader.read(history, 'C', minute(0), minute(0))).toHaveLength(1)
  })

  it('of more minutes than the limit fails at once', async () => {
    reader = readerWith({ barsMax: 2 })
    await expect(reader.read(history, 'A', minute(0), minute(2))).rejects.toEqual(
      refusal(/at most 2 minutes are read at a time/),
    )
    expect(asked).toEqual([])
  })
})

describe('closing', () => {
  it('ends requests, waits for the venue and waits before a further try', async () => {
    answer = (request, response) => {
      if (request.url!.startsWith('/failing')) status(500)(request, response)
    }
    reader = readerWith({ inFlightMax: 2, backoffBaseMs: 60_000, backoffCapMs: 60_000 })
    const reads = ['failing', 'open', 'open', 'waiting'].map((symbol) =>
      reader.read(history, symbol, minute(0), minute(0)),
    )
    await until(() => asked.length === 3)
    requests.close()
    for (const read of await Promise.allSettled(reads))
      expect(read).toMatchObject({ reason: refusal(/the reader is closed/) })
    await expect(reader.read(history, 'late', minute(0), minute(0))).rejects.toEqual(
      refusal(/the reader is closed/),
    )
    expect(asked).toHaveLength(3)
  })
})
