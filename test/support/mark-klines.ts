import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const MINUTE_MS = 60_000

/** Low and high of one minute of a market. */
export interface ScriptedBar {
  readonly low: string
  readonly high: string
}

/** A real HTTP server on loopback that answers as the mark-price klines of Bybit. */
export class ScriptedKlines {
  /** Unless stated here, a minute has `usual`. By symbol and start of the minute. */
  readonly bars = new Map<string, ScriptedBar>()
  usual: ScriptedBar = { low: '100', high: '100' }
  /** Each request as `symbol from to`, minutes since 1970. */
  readonly requests: string[] = []
  /** Answers with this status in place of bars. */
  status = 200
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://venue')
      const symbol = searchParams.get('symbol') ?? ''
      const [from, to] = ['start', 'end'].map((name) => Number(searchParams.get(name)) / MINUTE_MS)
      this.requests.push(`${symbol} ${from} ${to}`)
      response.writeHead(this.status, { 'content-type': 'application/json' })
      response.end(this.#body(symbol, from!, to!))
    })
  }

  static async start(): Promise<ScriptedKlines> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ScriptedKlines(server)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The minute of that time has these extremes. */
  set(symbol: string, timeMs: number, bar: ScriptedBar): void {
    this.bars.set(`${symbol} ${Math.floor(timeMs / MINUTE_MS)}`, bar)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #body(symbol: string, from: number, to: number): string {
    const list: string[][] = []
    for (let minute = to; minute >= from; minute--) {
      const { low, high } = this.bars.get(`${symbol} ${minute}`) ?? this.usual
      list.push([String(minute * MINUTE_MS), high, high, low, high])
    }
    return JSON.stringify({ retCode: 0, retMsg: 'OK', result: { symbol, category: 'linear', list }, time: 0 })
  }
}
