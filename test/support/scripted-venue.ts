import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ClientFrame, Dialect, PriceUpdate, StatedFunding } from '../venues/dialect.ts'

/** Puts a frame on the wire: through the WebSocket, or as bytes of the test's own on the socket below it. */
export type Sends = (frame: string, socket: WebSocket, wire: Socket) => void

/** What the venue does wrong. It is read at every step, so that a test may change it while the venue runs. */
export interface Script {
  /** False: requests are left without an answer, and what they ask for is not sent. */
  acknowledges: boolean
  /** One acknowledgement for all symbols of a request, at a venue that answers each symbol. */
  acknowledgesTogether: boolean
  answersPings: boolean
  /** False: no price of any market is sent. */
  sendsPrices: boolean
  /** Index prices in place of marks, at a venue that sends them apart. */
  sendsIndex: boolean
  /** Symbols that it refuses in its own words. */
  refused: readonly string[]
  /** Every request is refused: the venue is under maintenance. */
  refusesAll: boolean
  /** Symbols that it says nothing of. At a venue that answers whole requests their request is left unanswered. */
  unanswered: readonly string[]
  /** Symbols that it acknowledges and never sends on that connection. */
  unserved: readonly string[]
  /** Symbols whose updates it withholds from every connection. A new subscription still gets the state of the market. */
  silent: readonly string[]
  /** Sent in place of every n-th price. */
  garbage: { readonly frame: string | Buffer; readonly every: number } | undefined
  /** How prices go out. */
  sends: Sends
  /** The venue ends every connection after this time. */
  connectionLifeMs: number | undefined
  /** The whole process stops for this long after an answer, before the client can read it. */
  blocksAfterAnswerMs: number
  /** The time that a price states: the venue's counter, the time of this machine, or always the same. */
  eventTimeMs: 'counter' | 'now' | number
  /** What the clock of the venue is ahead of that of this machine. */
  aheadMs: number
}

const FAULTLESS: Script = {
  acknowledges: true,
  acknowledgesTogether: false,
  answersPings: true,
  sendsPrices: true,
  sendsIndex: false,
  refused: [],
  refusesAll: false,
  unanswered: [],
  unserved: [],
  silent: [],
  garbage: undefined,
  sends: (frame, socket) => socket.send(frame),
  connectionLifeMs: undefined,
  blocksAfterAnswerMs: 0,
  eventTimeMs: 'counter',
  aheadMs: 0,
}

export interface ScriptedVenueOptions {
  readonly dialect: Dialect
  readonly cadenceMs: number
  /**
   * `counted`: each market's price is the number of the cadence, so that a missing number is a missed price.
   * `stated`: a market has the price that the test sets, sent at once and restated at each cadence.
   */
  readonly prices: 'counted' | 'stated'
  /** The markets of a venue that sends them all in one channel. */
  readonly markets?: readonly string[]
  /** It compresses every message to a client that offers to read them. */
  readonly compresses?: true
}

interface Client {
  readonly socket: WebSocket
  readonly wire: Socket
  readonly symbols: Set<string>
}

interface Market {
  price: string
  funding?: StatedFunding
  sequence: number
}

/** A real WebSocket server on loopback that speaks a venue's dialect and follows a script of faults. */
export class ScriptedVenue {
  readonly script: Script = { ...FAULTLESS }
  /** The symbols of each subscription, in the order in which they came. */
  readonly requests: (readonly string[])[] = []
  /** The symbols of each request that unsubscribed. */
  readonly ended: (readonly string[])[] = []
  /** Ids that clients gave back for pings of the venue. */
  readonly pongs: unknown[] = []
  /** Connections that were opened since the start. */
  connections = 0
  /** Cadences since the start. */
  counter = 0
  readonly #options: ScriptedVenueOptions
  readonly #server: WebSocketServer
  readonly #timer: NodeJS.Timeout
  readonly #clients = new Set<Client>()
  readonly #markets = new Map<string, Market>()
  #pricesSent = 0

  private constructor(server: WebSocketServer, options: ScriptedVenueOptions) {
    this.#options = options
    this.#server = server
    server.on('connection', (socket, { socket: wire }) => this.#connected(socket, wire))
    this.#timer = setInterval(() => this.#sendPrices(), options.cadenceMs)
  }

  static async start(options: ScriptedVenueOptions): Promise<ScriptedVenue> {
    const perMessageDeflate = options.compresses === true && { threshold: 0 }
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate })
    await once(server, 'listening')
    return new ScriptedVenue(server, options)
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `ws://127.0.0.1:${port}${this.#options.dialect.path}`
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#clients.size
  }

  /** True when a client is subscribed to the symbol. */
  isHeard(symbol: string): boolean {
    return [...this.#clients].some(({ symbols }) => symbols.has(symbol))
  }

  /** Sends a mark at once to all subscribers. For a venue whose prices are `stated`. */
  setMark(symbol: string, price: string): void {
    const market = this.#markets.get(symbol)
    if (market === undefined) this.#markets.set(symbol, { price, sequence: 0 })
    else market.price = price
    this.#publish(this.#stated(symbol, market === undefined ? 'first' : 'new'))
  }

  /** What every later frame of a stated market says of its next funding. */
  setFunding(symbol: string, funding: StatedFunding): void {
    this.#markets.get(symbol)!.funding = funding
  }

  /** Sends a frame to all clients. */
  send(frame: string): void {
    for (const { socket } of this.#clients) socket.send(frame)
  }

  /** Ends all connections without a close frame. */
  drop(): void {
    for (const { socket } of this.#clients) socket.terminate()
  }

  /** The cable is pulled: nothing arrives and nothing is sent, yet no connection closes. */
  freeze(): void {
    for (const { socket } of this.#clients) socket.pause()
    this.#clients.clear()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #connected(socket: WebSocket, wire: Socket): void {
    this.connections++
    const client = { socket, wire, symbols: new Set<string>() }
    this.#clients.add(client)
    const { connectionLifeMs } = this.script
    const life =
      connectionLifeMs === undefined ? undefined : setTimeout(() => socket.terminate(), connectionLifeMs)
    socket.on('close', () => {
      clearTimeout(life)
      this.#clients.delete(client)
    })
    socket.on('message', (data) => this.#received(client, this.#options.dialect.read(String(data))))
  }

  #received(client: Client, frame: ClientFrame): void {
    if (frame.kind === 'pong') this.pongs.push(frame.id)
    else if (frame.kind === 'ping') {
      const { pong } = this.#options.dialect
      if (this.script.answersPings && pong !== undefined) client.socket.send(pong(frame.id))
    } else if (frame.kind === 'unsubscribe') {
      this.ended.push(frame.symbols)
      for (const symbol of frame.symbols) client.symbols.delete(symbol)
      const { ended } = this.#options.dialect
      if (this.script.acknowledges)
        for (const answer of ended!(frame.symbols, frame.id)) client.socket.send(answer)
    } else {
      const symbols = frame.symbols === 'every' ? (this.#options.markets ?? []) : frame.symbols
      this.requests.push(symbols)
      if (this.script.acknowledges) this.#answer(client, symbols, frame.id)
    }
  }

  #answer(client: Client, symbols: readonly string[], id: unknown): void {
    const { dialect } = this.#options
    const { unserved, blocksAfterAnswerMs } = this.script
    const { taken, frames } =
      dialect.answers === 'request' ? this.#answerOnce(symbols, id) : this.#answerEach(symbols, id)
    for (const frame of frames) client.socket.send(frame)
    for (const symbol of taken) {
      if (unserved.includes(symbol)) continue
      client.symbols.add(symbol)
      if (this.#markets.has(symbol)) client.socket.send(dialect.mark(this.#stated(symbol, 'first')))
    }
    if (blocksAfterAnswerMs > 0) block(blocksAfterAnswerMs)
  }

  /** One answer to the whole request; one bad symbol spoils it. */
  #answerOnce(symbols: readonly string[], id: unknown): { taken: readonly string[]; frames: string[] } {
    const { dialect } = this.#options
    const bad = symbols.find((symbol) => this.#refuses(symbol))
    if (symbols.some((symbol) => this.script.unanswered.includes(symbol))) return { taken: [], frames: [] }
    if (bad !== undefined) return { taken: [], frames: [dialect.refusal(bad, id)] }
    return { taken: symbols, frames: [dialect.acknowledgement(symbols, id)] }
  }

  #answerEach(symbols: readonly string[], id: unknown): { taken: readonly string[]; frames: string[] } {
    const { dialect } = this.#options
    const answered = symbols.filter((symbol) => !this.script.unanswered.includes(symbol))
    const taken = answered.filter((symbol) => !this.#refuses(symbol))
    const together = this.script.acknowledgesTogether && taken.length > 0
    const frames = answered.flatMap((symbol) => {
      if (this.#refuses(symbol)) return [dialect.refusal(symbol, id)]
      return together ? [] : [dialect.acknowledgement([symbol], id)]
    })
    if (together) frames.push(dialect.acknowledgement(taken, id))
    return { taken, frames }
  }

  #refuses(symbol: string): boolean {
    return this.script.refusesAll || this.script.refused.includes(symbol)
  }

  #sendPrices(): void {
    this.counter++
    if (!this.script.sendsPrices) return
    if (this.#options.prices === 'stated') {
      for (const symbol of this.#markets.keys()) this.#publish(this.#stated(symbol, 'same'))
      return
    }
    const eventTimeMs = this.#eventTimeMs()
    const price = String(this.counter)
    for (const symbol of new Set([...this.#clients].flatMap(({ symbols }) => [...symbols])))
      this.#publish({ symbol, price, change: 'first', eventTimeMs })
  }

  #stated(symbol: string, change: PriceUpdate['change']): PriceUpdate {
    const market = this.#markets.get(symbol)!
    // The state that a new subscriber gets is no update of the market.
    if (change !== 'first' || market.sequence === 0) market.sequence++
    const { price, sequence, funding } = market
    const { eventTimeMs: scripted, aheadMs } = this.script
    const eventTimeMs = typeof scripted === 'number' ? scripted : Date.now() + aheadMs
    return { symbol, price, change, eventTimeMs, sequence, funding }
  }

  #eventTimeMs(): number {
    const { eventTimeMs } = this.script
    if (eventTimeMs === 'counter') return this.counter
    return eventTimeMs === 'now' ? Date.now() + this.script.aheadMs : eventTimeMs
  }

  #publish(update: PriceUpdate): void {
    const { garbage, silent, sendsIndex } = this.script
    if (silent.includes(update.symbol)) return
    const { dialect } = this.#options
    const frame = sendsIndex ? dialect.index!(update) : dialect.mark(update)
    for (const { socket, wire, symbols } of this.#clients) {
      if (!symbols.has(update.symbol)) continue
      const isGarbage = garbage !== undefined && ++this.#pricesSent % garbage.every === 0
      if (isGarbage) socket.send(garbage.frame)
      else this.script.sends(frame, socket, wire)
    }
  }
}

/** Nothing of this process runs meanwhile: no timer, no socket. */
export function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
