import type { Clock } from '../../domain/index.ts'
import { BYBIT_CADENCE_MS } from './bybit-exchange.ts'
import type { DemoInstrument } from './instrument.ts'
import type { Market } from './market.ts'
import type { Simulator } from './simulator.ts'
import { type Client, type SocketServer, serveSockets } from './socket-server.ts'
import type { StreamCount } from './stream-count.ts'

/** What a client's frame asks for. `id` is the client's own name for its request. */
export type NamedRequest =
  | { readonly kind: 'subscribe'; readonly symbols: readonly string[]; readonly id?: unknown }
  | { readonly kind: 'ping'; readonly id?: unknown }

/** The mark of an instrument as a frame states it. */
export interface StatedMark {
  readonly instrument: DemoInstrument
  readonly markPrice: string
  readonly indexPrice: string
  readonly timeMs: number
  /** The first frame of a subscription, which states all of the market. */
  readonly isFirst: boolean
}

/** A venue that answers each symbol by its name and states the whole market in every frame. */
export interface NamedProtocol {
  readonly streamId: string
  readonly path: string
  /** The venue repeats a mark that has not changed for so long. */
  readonly restateMs: number
  /** The first frame of a subscription has no time: the worker holds it until the venue states the mark again. It is no tick. */
  readonly firstIsStored?: true
  /** undefined for a frame that the venue does not read. */
  read(frame: string): NamedRequest | undefined
  /** Frames that answer a subscription to one symbol; none for one that the venue leaves out of its answers. */
  answers(symbol: string, isListed: boolean, id: unknown): readonly string[]
  /** Answers a request by all symbols that the connection has subscribed to, where the venue does so. */
  listing?(symbols: readonly string[], timeMs: number): string
  pong?(id: unknown, timeMs: number): string
  mark(stated: StatedMark): string
}

/** Simulates such a venue on loopback. */
export async function openNamedExchange(
  protocol: NamedProtocol,
  market: Market,
  clock: Clock,
): Promise<Simulator> {
  const places = new Map<string, number>()
  market.instruments.forEach(({ streamId, symbol }, place) => {
    if (streamId === protocol.streamId) places.set(symbol, place)
  })
  const subscribers = new Map<number, Set<Client>>()
  const sentStep = new Map<number, number>()
  const count: StreamCount = { frames: 0, ticks: 0 }
  const restateSteps = protocol.restateMs / BYBIT_CADENCE_MS
  let steps = 0

  const frameOf = (place: number, isFirst: boolean): string =>
    protocol.mark({
      instrument: market.instruments[place]!,
      markPrice: market.markOf(place),
      indexPrice: market.indexOf(place),
      timeMs: clock.nowMs(),
      isFirst,
    })

  const send = (client: Client, frame: string, ticks: number): void => {
    count.frames += 1
    count.ticks += ticks
    client.send(frame)
  }

  const listed = new Map<Client, Set<string>>()
  const list = (client: Client, symbols: readonly string[]): void => {
    const own = listed.get(client)!
    for (const symbol of symbols) if (places.has(symbol)) own.add(symbol)
    if (protocol.listing !== undefined) client.send(protocol.listing([...own], clock.nowMs()))
  }
  const subscribe = (client: Client, symbol: string, id: unknown): void => {
    const place = places.get(symbol)
    for (const frame of protocol.answers(symbol, place !== undefined, id)) client.send(frame)
    if (place === undefined) return
    const clients = subscribers.get(place) ?? new Set()
    subscribers.set(place, clients.add(client))
    send(client, frameOf(place, true), protocol.firstIsStored === true ? 0 : 1)
  }

  const server: SocketServer = await serveSockets(
    {
      paths: [protocol.path],
      opened: (client) => void listed.set(client, new Set()),
      received(client, frame) {
        const request = protocol.read(frame)
        if (request?.kind === 'subscribe') {
          list(client, request.symbols)
          for (const symbol of request.symbols) subscribe(client, symbol, request.id)
        } else if (request !== undefined && protocol.pong !== undefined)
          client.send(protocol.pong(request.id, clock.nowMs()))
      },
      closed(client) {
        listed.delete(client)
        for (const clients of subscribers.values()) clients.delete(client)
      },
    },
    clock,
  )

  return {
    urls: { [protocol.streamId]: server.url + protocol.path },
    counts: { [protocol.streamId]: count },
    step(changed) {
      steps += 1
      const moved = new Set(changed)
      for (const [place, clients] of subscribers) {
        if (clients.size === 0) continue
        if (!moved.has(place) && steps - (sentStep.get(place) ?? 0) < restateSteps) continue
        sentStep.set(place, steps)
        const frame = frameOf(place, false)
        for (const client of clients) send(client, frame, 1)
      }
    },
    stop: () => server.stop(),
  }
}
