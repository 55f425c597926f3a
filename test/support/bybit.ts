import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** Bybit restates a ticker every 100 ms; a delta without `markPrice` says that the mark has not changed. */
const CADENCE_MS = 100

interface Market {
  markPrice: string | undefined
  crossSequence: number
  isSilent: boolean
}

/** A real WebSocket server that speaks Bybit's ticker protocol; the test says what the marks are. */
export class BybitServer {
  readonly #server: WebSocketServer
  readonly #markets = new Map<string, Market>()
  readonly #subscribers = new Map<WebSocket, Set<string>>()
  readonly #timer: NodeJS.Timeout

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (socket) => this.#connected(socket))
    this.#timer = setInterval(() => this.#restate(), CADENCE_MS)
  }

  static async start(): Promise<BybitServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return new BybitServer(server)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v5/public/linear`
  }

  /** Whether somebody listens to this market. */
  isHeard(symbol: string): boolean {
    return [...this.#subscribers.values()].some((symbols) => symbols.has(symbol))
  }

  /** States a mark at once to everybody who listens. */
  setMark(symbol: string, markPrice: string): void {
    const market = this.#market(symbol)
    const type = market.markPrice === undefined ? 'snapshot' : 'delta'
    market.markPrice = markPrice
    this.#send(symbol, type, { symbol, markPrice })
  }

  /** The market is neither stated nor restated until it is heard of again. */
  silence(symbol: string, isSilent: boolean): void {
    this.#market(symbol).isSilent = isSilent
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #market(symbol: string): Market {
    let market = this.#markets.get(symbol)
    if (market === undefined) {
      market = { markPrice: undefined, crossSequence: 0, isSilent: false }
      this.#markets.set(symbol, market)
    }
    return market
  }

  #connected(socket: WebSocket): void {
    this.#subscribers.set(socket, new Set())
    socket.on('close', () => this.#subscribers.delete(socket))
    socket.on('message', (data) => this.#asked(socket, JSON.parse(String(data))))
  }

  #asked(
    socket: WebSocket,
    { op, args = [], req_id }: { op: string; args?: string[]; req_id?: string },
  ): void {
    if (op === 'ping') {
      socket.send(JSON.stringify({ success: true, ret_msg: 'pong', conn_id: 'test', req_id, op }))
      return
    }
    socket.send(JSON.stringify({ success: true, ret_msg: '', conn_id: 'test', req_id, op }))
    for (const topic of args) {
      const symbol = topic.replace('tickers.', '')
      this.#subscribers.get(socket)?.add(symbol)
      const { markPrice, crossSequence } = this.#market(symbol)
      if (markPrice === undefined) continue
      socket.send(frame(symbol, 'snapshot', { symbol, markPrice }, crossSequence))
    }
  }

  #restate(): void {
    for (const [symbol, { markPrice }] of this.#markets) {
      if (markPrice !== undefined) this.#send(symbol, 'delta', { symbol })
    }
  }

  #send(symbol: string, type: string, data: object): void {
    const market = this.#market(symbol)
    market.crossSequence++
    if (market.isSilent) return
    const text = frame(symbol, type, data, market.crossSequence)
    for (const [socket, symbols] of this.#subscribers) if (symbols.has(symbol)) socket.send(text)
  }
}

function frame(symbol: string, type: string, data: object, crossSequence: number): string {
  return JSON.stringify({ topic: `tickers.${symbol}`, type, data, cs: crossSequence, ts: Date.now() })
}
