import type { Clock, Random } from '../../domain/index.ts'
import { below } from '../../system/index.ts'
import { createTickerFrames } from './bybit-frames.ts'
import type { Market } from './market.ts'
import { requestOf } from './request.ts'
import type { Simulator } from './simulator.ts'
import { type Client, type SocketServer, serveSockets } from './socket-server.ts'
import type { StreamCount } from './stream-count.ts'

/** Bybit's cadence of derivatives tickers, milliseconds. */
export const BYBIT_CADENCE_MS = 100
/** Chance, in one step, that an instrument without a new mark sends a quote. */
const QUOTE_CHANCE = 0.3
/** Most characters of all arguments of a connection, Bybit's limit. */
const ARGUMENT_CHARACTERS_MAX = 21_000
const CONNECTION_ID_DIGITS = 16
const PATHS: Readonly<Record<string, string>> = {
  '/v5/public/linear': 'bybit-linear',
  '/v5/public/inverse': 'bybit-inverse',
}
export const BYBIT_STREAMS = Object.values(PATHS)
const TOPIC = /^tickers\.([A-Z0-9-]+)$/

interface Request {
  readonly op?: unknown
  readonly args?: unknown
  readonly req_id?: unknown
}

interface Connection {
  readonly id: string
  argumentCharacters: number
}

/**
 * Simulates Bybit's v5 public tickers on loopback: acknowledgements with the request's id, a snapshot, then deltas (many
 * without a mark price), `cs`, and ping and pong in the venue's own JSON.
 */
export async function openBybitExchange(market: Market, clock: Clock, random: Random): Promise<Simulator> {
  const frames = createTickerFrames(market, clock, random)
  const subscribers = new Map<number, Set<Client>>()
  const connections = new Map<Client, Connection>()
  const counts: Record<string, StreamCount> = {}
  for (const streamId of BYBIT_STREAMS) counts[streamId] = { frames: 0, ticks: 0 }

  const send = (client: Client, frame: string, ticks: number): void => {
    const count = counts[PATHS[client.path]!]!
    count.frames += 1
    count.ticks += ticks
    client.send(frame)
  }

  /** Places of the topics in the market, or the venue's error text for the request. */
  const readTopics = (client: Client, topics: unknown): number[] | string => {
    if (!Array.isArray(topics) || topics.length === 0) return 'error:args is empty'
    const places: number[] = []
    for (const topic of topics as unknown[]) {
      const symbol = typeof topic === 'string' ? TOPIC.exec(topic)?.[1] : undefined
      const place = market.instruments.findIndex(
        (instrument) => instrument.streamId === PATHS[client.path] && instrument.symbol === symbol,
      )
      if (place === -1) return `error:handler not found,topic:${String(topic)}`
      places.push(place)
    }
    const connection = connections.get(client)!
    connection.argumentCharacters += topics.join('').length
    return connection.argumentCharacters > ARGUMENT_CHARACTERS_MAX ? 'error:args too long' : places
  }

  const subscribe = (client: Client, request: Request): void => {
    const places = readTopics(client, request.args)
    const refused = typeof places === 'string'
    client.send(
      JSON.stringify({
        success: !refused,
        ret_msg: refused ? places : '',
        conn_id: connections.get(client)!.id,
        req_id: typeof request.req_id === 'string' ? request.req_id : '',
        op: request.op,
      }),
    )
    if (refused) return
    for (const place of places) {
      const clients = subscribers.get(place) ?? new Set()
      subscribers.set(place, clients)
      if (request.op === 'unsubscribe') clients.delete(client)
      else {
        clients.add(client)
        send(client, frames.snapshot(place), 1)
      }
    }
  }

  const received = (client: Client, frame: string): void => {
    const request = requestOf(frame)
    const connectionId = connections.get(client)!.id
    if (request?.op === 'ping') {
      const requestId = typeof request.req_id === 'string' ? { req_id: request.req_id } : {}
      client.send(
        JSON.stringify({ success: true, ret_msg: 'pong', conn_id: connectionId, ...requestId, op: 'ping' }),
      )
    } else if (request?.op === 'subscribe' || request?.op === 'unsubscribe') {
      subscribe(client, request)
    } else {
      client.send(
        JSON.stringify({ success: false, ret_msg: 'error:invalid request', conn_id: connectionId, op: '' }),
      )
    }
  }

  const server: SocketServer = await serveSockets(
    {
      paths: Object.keys(PATHS),
      opened: (client) => void connections.set(client, { id: connectionId(random), argumentCharacters: 0 }),
      received,
      closed(client) {
        connections.delete(client)
        for (const clients of subscribers.values()) clients.delete(client)
      },
    },
    clock,
  )

  return {
    urls: Object.fromEntries(Object.entries(PATHS).map(([path, streamId]) => [streamId, server.url + path])),
    counts,
    step(changed) {
      const moved = new Set(changed)
      for (const [place, clients] of subscribers) {
        if (clients.size === 0) continue
        const withMark = moved.has(place)
        if (!withMark && random() >= QUOTE_CHANCE) continue
        const frame = frames.delta(place, withMark)
        for (const client of clients) send(client, frame, withMark ? 1 : 0)
      }
    },
    stop: () => server.stop(),
  }
}

function connectionId(random: Random): string {
  return Array.from({ length: CONNECTION_ID_DIGITS }, () => below(random, 16).toString(16)).join('')
}
