import type { Clock } from '../../domain/index.ts'
import type { Market } from './market.ts'
import { requestOf } from './request.ts'
import type { Simulator } from './simulator.ts'
import { type Client, type SocketServer, serveSockets } from './socket-server.ts'
import type { StreamCount } from './stream-count.ts'

/** Cadence of `@markPrice@1s` and of `@markPrice`, in milliseconds. */
export const BINANCE_CADENCE_MS = 1_000
const SLOW_CADENCE_MS = 3_000
/** Most streams of one connection, from the venue's documentation. */
const STREAMS_MAX: Readonly<Record<BinanceMarket, number>> = { 'binance-usdm': 1_024, 'binance-coinm': 200 }
const FUNDING_RATE = '0.00010000'
const FUNDING_INTERVAL_MS = 8 * 3_600_000
const MARK_STREAM = /^([a-z0-9_]+)@markPrice(@1s)?$/

export type BinanceMarket = 'binance-usdm' | 'binance-coinm'

/** Paths of the venue. A silent path acknowledges subscriptions and sends no data. */
const PATHS: Readonly<Record<BinanceMarket, Readonly<Record<string, 'wrapped' | 'bare' | 'silent'>>>> = {
  'binance-usdm': { '/market/stream': 'wrapped', '/market/ws': 'bare', '/stream': 'silent', '/ws': 'silent' },
  'binance-coinm': { '/stream': 'wrapped', '/ws': 'bare' },
}

interface Subscription {
  readonly place: number
  readonly stream: string
  readonly everyMs: number
}

interface Request {
  readonly method?: unknown
  readonly params?: unknown
  readonly id?: unknown
}

/**
 * Simulates one host of Binance futures on loopback. It sends the mark of a symbol once in one or three seconds, in its
 * own frame with every field; symbols take turns within the second. The server pings.
 */
export async function openBinanceExchange(
  id: BinanceMarket,
  market: Market,
  clock: Clock,
  pingEveryMs: number,
): Promise<Simulator> {
  const paths = PATHS[id]
  const connections = new Map<Client, Map<string, Subscription>>()
  const count: StreamCount = { frames: 0, ticks: 0 }
  const places = new Map<string, number>()
  market.instruments.forEach((instrument, place) => {
    if (instrument.streamId === id) places.set(instrument.symbol.toLowerCase(), place)
  })
  let lastStepMs = 0

  const readStream = (stream: unknown): Subscription | undefined => {
    const match = typeof stream === 'string' ? MARK_STREAM.exec(stream) : null
    const place = match === null ? undefined : places.get(match[1]!)
    if (place === undefined) return undefined
    return { place, stream: match![0], everyMs: match![2] ? BINANCE_CADENCE_MS : SLOW_CADENCE_MS }
  }

  const markFrame = (client: Client, subscription: Subscription): string => {
    const instrument = market.instruments[subscription.place]!
    const data = {
      e: 'markPriceUpdate',
      E: clock.nowMs(),
      s: instrument.symbol,
      p: market.markOf(subscription.place),
      i: market.indexOf(subscription.place),
      P: market.indexOf(subscription.place),
      r: instrument.dated ? '' : FUNDING_RATE,
      T: instrument.dated ? 0 : Math.ceil(clock.nowMs() / FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS,
      st: id === 'binance-usdm' ? 1 : 2,
    }
    return JSON.stringify(paths[client.path] === 'wrapped' ? { stream: subscription.stream, data } : data)
  }

  /** Adds or removes streams. As on the venue, a stream that does not exist is acknowledged and sends nothing. */
  const change = (client: Client, request: Request, params: readonly string[]): void => {
    const held = connections.get(client)!
    if (held.size + params.length > STREAMS_MAX[id] && request.method === 'SUBSCRIBE') {
      refuse(client, request, `Invalid request: too many streams, the limit is ${STREAMS_MAX[id]}`)
      return
    }
    for (const param of params) {
      const subscription = readStream(param)
      if (subscription === undefined) continue
      if (request.method === 'SUBSCRIBE') held.set(subscription.stream, subscription)
      else held.delete(subscription.stream)
    }
    client.send(JSON.stringify({ result: null, id: request.id }))
  }

  const received = (client: Client, frame: string): void => {
    const request = requestOf(frame)
    const fault = faultOf(request)
    if (fault === undefined) change(client, request!, request!.params as readonly string[])
    else refuse(client, request ?? {}, fault)
  }

  const server: SocketServer = await serveSockets(
    {
      paths: Object.keys(paths),
      pingEveryMs,
      opened(client) {
        const held = new Map<string, Subscription>()
        for (const stream of client.query.get('streams')?.split('/') ?? []) {
          const subscription = readStream(stream)
          if (subscription !== undefined) held.set(subscription.stream, subscription)
        }
        connections.set(client, held)
      },
      received,
      closed: (client) => void connections.delete(client),
    },
    clock,
  )

  return {
    urls: { [id]: server.url + Object.keys(paths)[0]! },
    counts: { [id]: count },
    step(_changed, elapsedMs) {
      for (const [client, held] of connections) {
        if (paths[client.path] === 'silent') continue
        for (const subscription of held.values()) {
          if (!isDue(subscription, lastStepMs, elapsedMs, market.instruments.length)) continue
          count.frames += 1
          count.ticks += 1
          client.send(markFrame(client, subscription))
        }
      }
      lastStepMs = elapsedMs
    },
    stop: () => server.stop(),
  }
}

/** Whether the moment of this symbol within the cadence lies in (fromMs, toMs]. */
function isDue(subscription: Subscription, fromMs: number, toMs: number, instruments: number): boolean {
  const offsetMs = (subscription.place / instruments) * BINANCE_CADENCE_MS
  const turn = (timeMs: number): number => Math.floor((timeMs - offsetMs) / subscription.everyMs)
  return turn(toMs) > turn(fromMs)
}

/** The venue's error text for a request; undefined when the request is valid. */
function faultOf(request: Request | undefined): string | undefined {
  if (request === undefined) return 'Invalid JSON: expected an object'
  if (!isRequestId(request.id)) return 'Invalid request: request ID must be given'
  if (request.method !== 'SUBSCRIBE' && request.method !== 'UNSUBSCRIBE') {
    return `Invalid request: unknown variant ${JSON.stringify(request.method)}`
  }
  const valid = Array.isArray(request.params) && request.params.every((param) => typeof param === 'string')
  return valid ? undefined : 'Invalid request: params must be an array of strings'
}

function refuse(client: Client, request: Request, message: string): void {
  const id = isRequestId(request.id) ? { id: request.id } : {}
  client.send(JSON.stringify({ error: { code: 2, msg: message }, ...id }))
}

function isRequestId(id: unknown): id is number | string {
  return Number.isSafeInteger(id) || (typeof id === 'string' && id.length > 0)
}
