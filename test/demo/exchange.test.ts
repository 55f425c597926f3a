import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { sidesOf } from '../../src/demo/exchange/book-sides.ts'
import { type Exchange, openExchange } from '../../src/demo/exchange/exchange.ts'
import type { DemoInstrument } from '../../src/demo/exchange/instrument.ts'
import { DEMO_INSTRUMENTS, instrumentsOf, streamsNamed } from '../../src/demo/exchange/instruments.ts'
import { systemClock } from '../../src/system/clock.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { middleOf } from '../../src/venues/book-middle.ts'

type Message = Record<string, unknown> & { data?: Record<string, unknown> }

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Options {
  seconds?: number
  pingEveryMs?: number
  instruments?: readonly DemoInstrument[]
}
const ALL = { instruments: instrumentsOf(streamsNamed(['all'])) }

async function exchange(options: Options = {}): Promise<Exchange> {
  const opened = await openExchange({
    seed: 1,
    seconds: 1,
    instruments: DEMO_INSTRUMENTS,
    clock: systemClock,
    random: seededRandom(1),
    ...options,
  })
  stops.push(() => opened.stop())
  return opened
}

/** A client that keeps every frame and waits for the first that matches. */
async function connect(url: string) {
  const socket = new WebSocket(url)
  stops.push(() => socket.terminate())
  const messages: Message[] = []
  const waiters: (() => void)[] = []
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)))
    for (const wake of waiters.splice(0)) wake()
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return {
    socket,
    messages,
    send: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async until(matches: (message: Message) => boolean): Promise<Message> {
      for (;;) {
        const found = messages.find(matches)
        if (found !== undefined) return found
        await new Promise<void>((resolve) => waiters.push(resolve))
      }
    },
  }
}

type Client = Awaited<ReturnType<typeof connect>>
/** Market data that the client has received so far. */
const framesOf = (client: Client) => client.messages.filter((m) => m.topic !== undefined)
const POLL = { timeout: 10_000 }
const pause = (delayMs: number) => new Promise<void>((resolve) => void systemClock.after(delayMs, resolve))

describe('the simulated Bybit', () => {
  const linear = async (options?: { seconds?: number }) => {
    const opened = await exchange(options)
    return { opened, client: await connect(opened.urls['bybit-linear']!) }
  }

  it('acknowledges with the id of the request, then sends a snapshot of each topic', async () => {
    const { client } = await linear()
    client.send({ req_id: 'r1', op: 'subscribe', args: ['tickers.BTCUSDT', 'tickers.ETHUSDT'] })
    const snapshot = await client.until((m) => m.topic === 'tickers.ETHUSDT')
    expect(client.messages[0]).toMatchObject({ success: true, ret_msg: '', req_id: 'r1', op: 'subscribe' })
    expect(client.messages[0]).toHaveProperty('conn_id')
    expect(snapshot).toMatchObject({
      type: 'snapshot',
      data: { symbol: 'ETHUSDT', markPrice: '3148.25', fundingRate: '0.0001' },
    })
    expect(client.messages.map((m) => m.topic ?? 'reply')).toEqual([
      'reply',
      'tickers.BTCUSDT',
      'tickers.ETHUSDT',
    ])
  })

  it('sends deltas without a mark price while the market waits, and with it while it moves', async () => {
    const { opened, client } = await linear({ seconds: 2 })
    client.send({ op: 'subscribe', args: ['tickers.BTCUSDT'] })
    const quiet = await client.until((m) => m.type === 'delta')
    expect(quiet.data).not.toHaveProperty('markPrice')
    expect(opened.status()).toMatchObject({ phase: 'waiting', elapsedMs: 0 })
    opened.start()
    const moved = await client.until((m) => m.type === 'delta' && m.data?.markPrice !== undefined)
    expect(moved.data?.markPrice).toMatch(/^\d+\.\d$/)
  })

  it('numbers its messages by an increasing, not consecutive cs', async () => {
    const { opened, client } = await linear({ seconds: 5 })
    client.send({ op: 'subscribe', args: DEMO_INSTRUMENTS.slice(0, 24).map((i) => `tickers.${i.symbol}`) })
    opened.start()
    await client.until(() => client.messages.length > 100)
    const sequence = client.messages.filter((m) => m.cs !== undefined).map((m) => m.cs as number)
    expect(sequence).toEqual(sequence.toSorted((a, b) => a - b))
    expect(new Set(sequence).size).toBe(sequence.length)
    expect(sequence.at(-1)! - sequence[0]!).toBeGreaterThan(sequence.length)
  })

  it('answers a ping in its own words', async () => {
    const { client } = await linear()
    client.send({ req_id: 'p', op: 'ping' })
    await client.until((m) => m.ret_msg === 'pong')
    expect(client.messages[0]).toMatchObject({ success: true, req_id: 'p', op: 'ping' })
  })

  it.each([
    ['an unknown symbol', { op: 'subscribe', args: ['tickers.FOOUSDT'] }, 'topic:tickers.FOOUSDT'],
    ['a symbol of its other stream', { op: 'subscribe', args: ['tickers.BTCUSD'] }, 'topic:tickers.BTCUSD'],
    ['a topic without symbol', { op: 'subscribe', args: ['tickers'] }, 'topic:tickers'],
    ['no arguments', { op: 'subscribe' }, 'args'],
    ['an unknown operation', { op: 'order' }, 'invalid request'],
    ['what is not JSON', 'hello', 'invalid request'],
    ['too many characters', { op: 'subscribe', args: Array(1500).fill('tickers.BTCUSDT') }, 'too long'],
  ])('refuses %s', async (_what, request, text) => {
    const { client } = await linear()
    client.send(request)
    const reply = await client.until((m) => m.success === false)
    expect(reply.ret_msg).toContain(text)
    expect(client.messages).toHaveLength(1)
  })

  it('stops sending a topic after its unsubscription', async () => {
    const { client } = await linear()
    client.send({ op: 'subscribe', args: ['tickers.BTCUSDT'] })
    await client.until((m) => m.type === 'delta')
    client.send({ op: 'unsubscribe', args: ['tickers.BTCUSDT'] })
    await client.until((m) => m.op === 'unsubscribe')
    const length = client.messages.length
    await pause(800)
    expect(client.messages).toHaveLength(length)
  })

  it('does not have other paths', async () => {
    const opened = await exchange()
    const url = opened.urls['bybit-linear']!.replace('linear', 'spot')
    await expect(connect(url)).rejects.toThrow('404')
  })
})

describe('the simulated Binance', () => {
  const host = async (streamId: string, path?: string) => {
    const opened = await exchange()
    const url = opened.urls[streamId]!
    return { opened, client: await connect(path === undefined ? url : new URL(path, url).href) }
  }
  const subscribe = (id: number, ...params: string[]) => ({ method: 'SUBSCRIBE', params, id })

  it('acknowledges a subscription and sends every mark wrapped, once a second', async () => {
    const { client } = await host('binance-usdm')
    client.send(subscribe(7, 'btcusdt@markPrice@1s', '1000pepeusdt@markPrice@1s'))
    await client.until((m) => m.stream === 'btcusdt@markPrice@1s')
    expect(client.messages[0]).toEqual({ result: null, id: 7 })
    await client.until(() => client.messages.filter((m) => m.stream).length >= 4)
    const pepe = client.messages.filter((m) => m.stream === '1000pepeusdt@markPrice@1s')
    expect(pepe[0]!.data).toMatchObject({
      e: 'markPriceUpdate',
      s: '1000PEPEUSDT',
      p: '0.01134720',
      r: '0.00010000',
    })
    const gapMs = (pepe[1]!.data!.E as number) - (pepe[0]!.data!.E as number)
    expect(gapMs).toBeGreaterThan(500)
  })

  it('sends bare payloads on the ws path, and dated contracts without funding', async () => {
    const { client } = await host('binance-coinm', '/ws')
    client.send(subscribe(1, 'btcusd_261225@markPrice@1s'))
    const mark = await client.until((m) => m.s === 'BTCUSD_261225')
    expect(mark).toMatchObject({ e: 'markPriceUpdate', r: '', T: 0 })
  })

  it('takes streams from the address too', async () => {
    const { client } = await host('binance-coinm', '/stream?streams=ethusd_perp@markPrice@1s')
    const mark = await client.until((m) => m.stream === 'ethusd_perp@markPrice@1s')
    expect(mark.data).toMatchObject({ s: 'ETHUSD_PERP', r: '0.00010000' })
  })

  it('acknowledges on the legacy path and sends nothing there', async () => {
    const opened = await exchange()
    const client = await connect(new URL('/ws', opened.urls['binance-usdm']!).href)
    client.send(subscribe(1, 'btcusdt@markPrice@1s'))
    await client.until((m) => m.id === 1)
    await pause(1_500)
    expect(client.messages).toEqual([{ result: null, id: 1 }])
  })

  it('acknowledges a stream that it does not have and sends nothing for it', async () => {
    const { client } = await host('binance-usdm')
    client.send(subscribe(1, 'foousdt@markPrice@1s'))
    await client.until((m) => m.id === 1)
    await pause(1_200)
    expect(client.messages).toHaveLength(1)
  })

  it.each([
    ['what is not JSON', 'hello', 'Invalid JSON'],
    ['an unknown method', { method: 'ORDER', params: [], id: 1 }, 'unknown variant'],
    ['parameters that are no list', { method: 'SUBSCRIBE', params: 'x', id: 1 }, 'array of strings'],
    ['a request without id', { method: 'SUBSCRIBE', params: [] }, 'request ID'],
    [
      'more streams than a connection may hold',
      { method: 'SUBSCRIBE', params: Array(1_025).fill('btcusdt@markPrice'), id: 1 },
      'too many streams',
    ],
  ])('refuses %s', async (_what, request, text) => {
    const { client } = await host('binance-usdm')
    client.send(request)
    const reply = await client.until((m) => m.error !== undefined)
    expect(reply.error).toMatchObject({ code: 2, msg: expect.stringContaining(text) })
  })

  it('pings, and drops a client that does not answer', async () => {
    const opened = await exchange({ pingEveryMs: 100 })
    const client = await connect(opened.urls['binance-usdm']!)
    await new Promise((resolve) => client.socket.once('ping', resolve))
    client.socket.pause()
    const silent = new Promise((resolve) => client.socket.once('close', resolve))
    await pause(400)
    client.socket.resume()
    await silent
  })
})

describe('the exchange as a whole', () => {
  it('ends by itself and counts what it sent', async () => {
    const opened = await exchange({ seconds: 1 })
    const client = await connect(opened.urls['bybit-inverse']!)
    client.send({ op: 'subscribe', args: ['tickers.BTCUSD'] })
    await client.until((m) => m.type === 'snapshot')
    opened.start()
    await opened.over
    const { phase, elapsedMs } = opened.status()
    expect([phase, elapsedMs]).toEqual(['over', 1_000])
    const { counts } = opened.hold()
    // The last frames may still be on their way.
    await expect.poll(() => framesOf(client).length, POLL).toBe(counts['bybit-inverse']!.frames)
    const ticks = framesOf(client).filter((m) => m.data?.markPrice !== undefined)
    expect(ticks.length).toBe(counts['bybit-inverse']!.ticks)
    expect(ticks.length).toBeGreaterThan(0)
    expect(counts['binance-usdm']).toEqual({ frames: 0, ticks: 0 })
  })

  it('sends nothing any more once it is held, and keeps its connections', async () => {
    const opened = await exchange({ seconds: 5 })
    const client = await connect(opened.urls['bybit-linear']!)
    client.send({ op: 'subscribe', args: ['tickers.BTCUSDT'] })
    opened.start()
    await client.until((m) => m.data?.markPrice !== undefined && m.type === 'delta')
    const { counts } = opened.hold()
    const held = counts['bybit-linear']!.frames
    await expect.poll(() => framesOf(client).length, POLL).toBe(held)
    await pause(500)
    expect(framesOf(client)).toHaveLength(held)
    client.send({ op: 'ping' })
    await client.until((m) => m.ret_msg === 'pong')
  })

  it('opens the venues of its instruments alone', async () => {
    const opened = await exchange({ instruments: instrumentsOf(streamsNamed(['okx', 'binance'])) })
    expect(Object.keys(opened.urls).sort()).toEqual(['binance-coinm', 'binance-usdm', 'okx-public'])
  })

  it('closes its connections when it stops', async () => {
    const opened = await exchange()
    const client = await connect(opened.urls['bybit-linear']!)
    const closed = new Promise<number>((resolve) => client.socket.once('close', (code) => resolve(code)))
    await opened.stop()
    expect(await closed).toBe(1001)
  })
})

describe('the simulated venues that answer by name', () => {
  it.each([
    ['okx-public', '{"op":"subscribe","args":[{"channel":"mark-price","instId":"BTC-USDT-SWAP"}]}', 'markPx'],
    [
      'kraken-futures-public',
      '{"event":"subscribe","feed":"ticker","product_ids":["PI_XBTUSD"]}',
      'markPrice',
    ],
    [
      'deribit-public',
      '{"id":1,"method":"public/subscribe","params":{"channels":["ticker.BTC_USDC-PERPETUAL.100ms"]}}',
      'mark_price',
    ],
    ['bitmex-public', '{"op":"subscribe","args":["instrument:XBTZ26"]}', 'markPrice'],
    [
      'hyperliquid-public',
      '{"method":"subscribe","subscription":{"type":"activeAssetCtx","coin":"BTC"}}',
      'markPx',
    ],
    [
      'kraken-spot',
      '{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo"},"req_id":1}',
      '"last":64210.4',
    ],
    [
      'coinbase-cfm',
      '{"type":"subscribe","product_ids":["BIP-20DEC30-CDE"],"channel":"ticker"}',
      '"best_bid":"64210.3"',
    ],
    [
      'coinbase-intx',
      '{"type":"SUBSCRIBE","product_ids":["BTC-PERP"],"channels":["RISK"]}',
      '"mark_price":"64210.4"',
    ],
  ])('%s acknowledges a market, sends its state at once and counts each mark', async (id, frame, field) => {
    const opened = await exchange(ALL)
    const client = await connect(opened.urls[id]!)
    client.send(frame)
    const stated = await client.until((message) => JSON.stringify(message).includes(field))
    expect(client.messages.indexOf(stated)).toBe(1)
    // What Hyperliquid states first may be of any age: the worker holds it.
    expect(opened.status().counts[id]!.ticks).toBe(id === 'hyperliquid-public' ? 0 : 1)
    await expect.poll(() => opened.status().counts[id]!.ticks, POLL).toBeGreaterThan(1)
  })

  it.each([
    [
      'kraken-futures-public',
      { event: 'subscribe', feed: 'ticker', product_ids: ['PI_ABCUSD'] },
      'PI_ABCUSD',
    ],
    [
      'hyperliquid-public',
      { method: 'subscribe', subscription: { type: 'activeAssetCtx', coin: 'NOPE' } },
      'Invalid subscription {"type":"activeAssetCtx","coin":"NOPE"}',
    ],
    [
      'kraken-spot',
      { method: 'subscribe', params: { channel: 'ticker', symbol: ['NOPE/USD'] }, req_id: 1 },
      'Currency pair not supported NOPE/USD',
    ],
  ])('%s names a market that it does not list', async (id, request, text) => {
    const client = await connect((await exchange(ALL)).urls[id]!)
    client.send(request)
    const refusal = await client.until(
      ({ event, channel, error }) => [event, channel].includes('error') || !!error,
    )
    expect(refusal.message ?? refusal.data ?? refusal.error).toContain(text)
  })
})

describe('the simulated Coinbase', () => {
  const COINBASE = { instruments: instrumentsOf(streamsNamed(['coinbase'])) }
  const subscribe = (...product_ids: string[]) => ({ type: 'subscribe', product_ids, channel: 'ticker' })

  it('answers by all that the connection has, without what it does not know', async () => {
    const client = await connect((await exchange(COINBASE)).urls['coinbase-cfm']!)
    client.send(subscribe('BIP-20DEC30-CDE', 'NOPE-20DEC30-CDE'))
    client.send(subscribe('ETP-20DEC30-CDE'))
    const answers = () => client.messages.filter((m) => m.channel === 'subscriptions')
    await client.until(() => answers().length === 2)
    expect(answers().map(({ events }) => events)).toEqual([
      [{ subscriptions: { ticker: ['BIP-20DEC30-CDE'] } }],
      [{ subscriptions: { ticker: ['BIP-20DEC30-CDE', 'ETP-20DEC30-CDE'] } }],
    ])
  })

  it('gives the sign of life that is asked for', async () => {
    const client = await connect((await exchange(COINBASE)).urls['coinbase-cfm']!)
    client.send({ type: 'subscribe', channel: 'heartbeats' })
    await client.until((m) => m.channel === 'heartbeats')
    expect(client.messages).toHaveLength(1)
  })

  it.each(['64210.4', '0.0113472', '1', '0.1', '9.9', '1000'])(
    'states a book whose middle is %s',
    (price) => {
      const { bid, ask } = sidesOf(price)
      expect(middleOf(bid, ask)).toBe(price)
    },
  )
})

describe('the simulated endpoint of CME', () => {
  interface Body {
    readonly time?: string
    readonly prices: readonly { readonly bid?: string }[]
  }
  const opened = async () => {
    const simulated = await exchange({ instruments: instrumentsOf(streamsNamed(['cme'])), seconds: 2 })
    const ask = async (path: string) => {
      const answer = await fetch(simulated.urls['cme-poll'] + path)
      const body = (answer.ok ? await answer.json() : { prices: [] }) as Body
      return { status: answer.status, body }
    }
    return { simulated, ask }
  }

  it('answers with the present books of the contracts that are asked for, and counts them', async () => {
    const { simulated, ask } = await opened()
    const { body } = await ask('/prices?symbols=BTCZ26%2CNOPEZ26%2CMETZ26')
    expect(body.prices).toMatchObject([
      { symbol: 'BTCZ26', bid: '64210.3', ask: '64210.5', time: body.time },
      { symbol: 'NOPEZ26', error: 'no contract NOPEZ26' },
      { symbol: 'METZ26', bid: '3148.24' },
    ])
    expect(simulated.status().counts['cme-poll']).toEqual({ frames: 1, ticks: 2 })
    simulated.start()
    await simulated.over
    const later = await ask('/prices?symbols=BTCZ26')
    expect(later.body.prices[0]!.bid).not.toBe('64210.3')
  })

  it('states no price once it is held', async () => {
    const { simulated, ask } = await opened()
    simulated.hold()
    expect((await ask('/prices?symbols=BTCZ26')).body.prices).toEqual([])
    expect(simulated.status().counts['cme-poll']).toEqual({ frames: 0, ticks: 0 })
  })

  it('has no other path', async () => {
    expect((await (await opened()).ask('/other')).status).toBe(404)
  })
})

describe('the simulated dYdX', () => {
  const DYDX = { instruments: instrumentsOf(streamsNamed(['dydx'])), seconds: 5 }
  const subscription = { type: 'subscribe', channel: 'v4_markets', batched: false }
  const opened = async () => {
    const simulated = await exchange(DYDX)
    return { simulated, client: await connect(simulated.urls['dydx-indexer']!) }
  }
  type Prices = Record<string, { oraclePrice: string; effectiveAt?: string }>
  const pricesOf = ({ contents }: Message) => (contents as { oraclePrices?: Prices }).oraclePrices

  it('greets, answers with the state of all markets, and numbers its messages', async () => {
    const { client } = await opened()
    client.send(subscription)
    const { contents } = await client.until((m) => m.type === 'subscribed')
    expect(client.messages.map(({ type, message_id }) => [type, message_id])).toEqual([
      ['connected', 0],
      ['subscribed', 1],
    ])
    const { markets } = contents as { markets: Prices }
    expect(Object.keys(markets)).toEqual(DYDX.instruments.map(({ symbol }) => symbol))
    expect(markets['BTC-USD']!.oraclePrice).toBe('64210.4')
  })

  it('states in a block the prices that have moved, with its time, and all of them again while none does', async () => {
    const { simulated, client } = await opened()
    client.send(subscription)
    const quiet = await client.until((m) => m.type === 'channel_data')
    expect(Object.keys(quiet.contents as object)).toEqual(['trading', 'oraclePrices'])
    expect(Object.keys(pricesOf(quiet)!)).toEqual(DYDX.instruments.map(({ symbol }) => symbol))
    simulated.start()
    const block = await client.until(
      (m) => m.type === 'channel_data' && !('trading' in (m.contents as object)),
    )
    const times = Object.values(pricesOf(block)!).map(({ effectiveAt }) => Date.parse(effectiveAt!))
    expect(new Set(times).size).toBe(1)
    expect(Math.abs(times[0]! - Date.now())).toBeLessThan(60_000)
  })

  it('counts the prices in blocks, of markets that accounts hold, of all until it knows them', async () => {
    const { simulated, client } = await opened()
    const ticks = () => simulated.status().counts['dydx-indexer']!.ticks
    client.send(subscription)
    await client.until((m) => m.type === 'subscribed')
    expect(ticks()).toBe(0)
    await client.until((m) => m.type === 'channel_data')
    expect(ticks()).toBe(DYDX.instruments.length)
    simulated.count(['dydx:BTC-USD', 'bybit:ETH-USD'])
    expect(ticks()).toBe(1)
    simulated.start()
    await simulated.over
    simulated.hold()
    const isStated = (m: Message) => m.type === 'channel_data' && 'BTC-USD' in (pricesOf(m) ?? {})
    // The last frames may still be on their way.
    await expect.poll(() => client.messages.filter(isStated).length, POLL).toBe(ticks())
    expect(ticks()).toBeGreaterThan(1)
  })

  it.each([
    ['another channel', { type: 'subscribe', channel: 'v4_nope' }, "channel 'v4_nope' not found"],
    ['a second subscription', subscription, 'already subscribed'],
    ['what is not JSON', 'hello', 'Invalid message'],
  ])('refuses %s', async (_what, request, text) => {
    const { client } = await opened()
    client.send(subscription)
    await client.until((m) => m.type === 'subscribed')
    client.send(request)
    expect((await client.until((m) => m.type === 'error')).message).toContain(text)
  })
})
