import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { SocketSource } from '../../src/domain/index.ts'
import { bybit } from '../../src/venues/index.ts'

export const CADENCE_MS = 20

/** Bybit's protocol at a cadence that suits tests. */
export const testSource: SocketSource = {
  ...(bybit.sources[0] as SocketSource),
  id: 'test',
  url: 'ws://127.0.0.1:1',
  cadenceMs: CADENCE_MS,
  requestsPerSecondMax: 200,
  heartbeat: { everyMs: 50, frame: '{"op":"ping"}' },
}

/** What the exchange does wrong. Read at every step, so that a test may change it while it runs. */
export interface Behaviour {
  acknowledges: boolean
  answersPings: boolean
  ticks: boolean
  /** Symbols whose request is refused as a whole. */
  refused: string[]
  /** Every request is refused: the venue is under maintenance. */
  refusesAll: boolean
  /** Symbols that are accepted and never tick. */
  muted: string[]
  /** Sent instead of every n-th frame of data. */
  garbage: { frame: string | Buffer; every: number } | undefined
  /** The venue ends every connection after this time. */
  lifeMs: number | undefined
  /** Called when a subscription was answered, before anybody has read the answer. */
  answered: () => void
  /** The venue time of a frame, from the counter. */
  timeMs: (counter: number) => number
}

interface Client {
  readonly socket: WebSocket
  readonly symbols: Set<string>
}

/** A real WebSocket server on loopback. All its clients hear the same counter as the mark price of every market. */
export class TestExchange {
  readonly behaviour: Behaviour = {
    acknowledges: true,
    answersPings: true,
    ticks: true,
    refused: [],
    refusesAll: false,
    muted: [],
    garbage: undefined,
    lifeMs: undefined,
    answered: () => {},
    timeMs: (counter) => counter,
  }
  readonly requests: string[][] = []
  connections = 0
  counter = 0
  #sent = 0
  readonly #clients = new Set<Client>()
  readonly #server: WebSocketServer
  readonly #timer: NodeJS.Timeout

  private constructor(server: WebSocketServer) {
    this.#server = server
    this.#timer = setInterval(() => this.#tick(), CADENCE_MS)
    server.on('connection', (socket) => this.#connected(socket))
  }

  static async start(): Promise<TestExchange> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return new TestExchange(server)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v5/public/linear`
  }

  get open(): number {
    return this.#clients.size
  }

  drop(): void {
    for (const { socket } of this.#clients) socket.terminate()
  }

  /** The cable is pulled: nothing arrives and nothing is sent, yet no connection closes. */
  freeze(): void {
    for (const client of this.#clients) {
      client.socket.pause()
      client.symbols.clear()
      this.#clients.delete(client)
    }
  }

  send(frame: string): void {
    for (const { socket } of this.#clients) socket.send(frame)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #connected(socket: WebSocket): void {
    this.connections++
    const client = { socket, symbols: new Set<string>() }
    this.#clients.add(client)
    const { lifeMs } = this.behaviour
    const life = lifeMs === undefined ? undefined : setTimeout(() => socket.terminate(), lifeMs)
    socket.on('close', () => {
      clearTimeout(life)
      this.#clients.delete(client)
    })
    socket.on('message', (data) => this.#asked(client, JSON.parse(String(data))))
  }

  #asked(client: Client, request: { op: string; args?: string[]; req_id?: string }): void {
    const { acknowledges, answersPings, refused, refusesAll, muted } = this.behaviour
    if (request.op === 'ping') {
      if (answersPings) client.socket.send('{"success":true,"ret_msg":"pong","op":"ping"}')
      return
    }
    const symbols = request.args!.map((topic) => topic.replace('tickers.', ''))
    this.requests.push(symbols)
    if (!acknowledges) return
    const bad = symbols.find((symbol) => refusesAll || refused.includes(symbol))
    const ret_msg = bad === undefined ? '' : `error:handler not found,topic:tickers.${bad}`
    client.socket.send(JSON.stringify({ success: bad === undefined, ret_msg, op: 'subscribe' }))
    for (const symbol of symbols) {
      if (bad === undefined && !muted.includes(symbol)) client.symbols.add(symbol)
    }
    this.behaviour.answered()
  }

  #tick(): void {
    this.counter++
    if (!this.behaviour.ticks) return
    for (const { socket, symbols } of this.#clients) {
      for (const symbol of symbols) socket.send(this.#frame(symbol))
    }
  }

  #frame(symbol: string): string | Buffer {
    const { garbage } = this.behaviour
    if (garbage !== undefined && ++this.#sent % garbage.every === 0) return garbage.frame
    return snapshot(symbol, String(this.counter), this.behaviour.timeMs(this.counter))
  }
}

export function snapshot(symbol: string, markPrice: string, ts: number): string {
  return JSON.stringify({ topic: `tickers.${symbol}`, type: 'snapshot', data: { symbol, markPrice }, ts })
}
