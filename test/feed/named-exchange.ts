import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { FrameKind, FrameSink, SocketSource } from '../../src/domain/index.ts'

const CADENCE_MS = 20

type Frame =
  | { readonly kind: 'price'; readonly symbol: string; readonly price: string; readonly timeMs: number }
  | { readonly kind: 'index'; readonly symbol: string; readonly price: string; readonly timeMs: number }
  | { readonly kind: 'taken'; readonly symbols: readonly string[] }
  | { readonly kind: 'refused'; readonly symbol: string; readonly reason: string }
  | { readonly kind: 'test'; readonly id: number }

/** A venue that answers every argument of a subscription by its name, and asks its clients for a sign of life. */
export const namedSource: SocketSource = {
  kind: 'socket',
  id: 'named',
  url: 'ws://127.0.0.1:1',
  carries: () => true,
  cadenceMs: CADENCE_MS,
  symbolsPerConnectionMax: 100,
  requestsPerSecondMax: 200,
  subscribe: (symbols) => (symbols.length === 0 ? [] : [{ frame: JSON.stringify({ symbols }), symbols }]),
  createParser: () => ({ parse: (text, sink) => parse(JSON.parse(text) as Frame, sink) }),
}

function parse(frame: Frame, sink: FrameSink): FrameKind {
  if (frame.kind === 'taken') {
    sink.acknowledged(frame.symbols)
    return 'acknowledged'
  }
  if (frame.kind === 'refused') {
    sink.rejected(frame.symbol, frame.reason)
    return 'rejected'
  }
  if (frame.kind === 'test') {
    sink.reply(JSON.stringify({ alive: frame.id }))
    return 'heartbeat'
  }
  sink.price(frame.kind === 'price' ? 'mark' : 'index', frame.symbol, frame.price, frame.timeMs, undefined)
  return 'ticks'
}

/** A WebSocket server on loopback that speaks the protocol of `namedSource`. */
export class NamedExchange {
  /** Symbols that it refuses by name. */
  refused: readonly string[] = []
  /** Symbols of which it says nothing. */
  ignored: readonly string[] = []
  /** Acknowledges in one frame for all symbols of a request instead of one a symbol. */
  answersTogether = false
  /** Sends index prices instead of marks. */
  sendsIndex = false
  connections = 0
  readonly requests: string[][] = []
  readonly replies: number[] = []
  readonly #server: WebSocketServer
  readonly #timer: NodeJS.Timeout
  readonly #taken = new Map<WebSocket, Set<string>>()
  #counter = 0

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (socket) => {
      this.connections++
      this.#taken.set(socket, new Set())
      socket.on('close', () => this.#taken.delete(socket))
      socket.on('message', (data) => this.#received(socket, JSON.parse(String(data))))
    })
    this.#timer = setInterval(() => this.#tick(), CADENCE_MS)
  }

  static async start(): Promise<NamedExchange> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return new NamedExchange(server)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  send(frame: Frame): void {
    for (const socket of this.#taken.keys()) socket.send(JSON.stringify(frame))
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #received(socket: WebSocket, request: { readonly symbols?: string[]; readonly alive?: number }): void {
    if (request.alive !== undefined) this.replies.push(request.alive)
    const { symbols } = request
    if (symbols === undefined) return
    this.requests.push(symbols)
    const say = (frame: Frame) => socket.send(JSON.stringify(frame))
    const taken = symbols.filter((symbol) => ![...this.refused, ...this.ignored].includes(symbol))
    for (const symbol of symbols) {
      if (this.refused.includes(symbol)) say({ kind: 'refused', symbol, reason: `no instrument ${symbol}` })
      else if (!this.answersTogether && taken.includes(symbol)) say({ kind: 'taken', symbols: [symbol] })
    }
    if (this.answersTogether && taken.length > 0) say({ kind: 'taken', symbols: taken })
    for (const symbol of taken) this.#taken.get(socket)?.add(symbol)
  }

  #tick(): void {
    const timeMs = ++this.#counter
    for (const [socket, symbols] of this.#taken)
      for (const symbol of symbols)
        socket.send(
          JSON.stringify({
            kind: this.sendsIndex ? 'index' : 'price',
            symbol,
            price: String(timeMs),
            timeMs,
          }),
        )
  }
}
