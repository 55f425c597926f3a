import type { SocketSource } from '../../src/domain/index.ts'
import { type Feed, type FeedOptions, openFeed } from '../../src/feed/index.ts'
import type { Connect, SocketEvents } from '../../src/system/index.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { TestClock } from '../support/clock.ts'
import { fast } from '../venues/fixtures/hyperliquid.ts'
import { optionsOf, RecordingSink } from './harness.ts'

type Prices = Readonly<Record<string, string>>

/** The server's side of a source whose first frames state prices without a time. */
export interface StoredDialect {
  /** The answer to a request: it takes it, and states what the venue has stored. */
  answer(request: string, prices: Prices): readonly string[]
  /** What the venue sends of these prices when it has published them just now. */
  live(prices: Prices, nowMs: number): readonly string[]
  /** What confirms the markets that it does not state; absent where the venue only states prices again. */
  confirmation?(nowMs: number): string
}

const taken = (subscription: object) =>
  JSON.stringify({ channel: 'subscriptionResponse', data: { method: 'subscribe', subscription } })

const context = (coin: string, price: string) =>
  JSON.stringify({ channel: 'activeAssetCtx', data: { coin, ctx: { markPx: price, oraclePx: '100' } } })

const contexts = (prices: Prices) => Object.entries(prices).map(([coin, price]) => context(coin, price))

const oneCoin: StoredDialect = {
  answer(request, prices) {
    const { subscription } = JSON.parse(request) as { subscription: { coin: string } }
    return [taken(subscription), context(subscription.coin, prices[subscription.coin]!)]
  },
  live: contexts,
}

const fastOf = (prices: Prices) =>
  fast(JSON.stringify(Object.fromEntries(Object.entries(prices).map(([coin, markPx]) => [coin, { markPx }]))))

const fastCoins: StoredDialect = {
  answer: (_request, prices) => [taken({ type: 'fastAssetCtxs' }), fastOf(prices)],
  live: (prices) => [fastOf(prices)],
  confirmation: () => fastOf({}),
}

const dydxFrame = (type: string, contents: object) =>
  JSON.stringify({ type, channel: 'v4_markets', version: '1.0.0', contents })

const blockOf = (prices: Prices, nowMs: number) => {
  const effectiveAt = new Date(nowMs).toISOString()
  const priceOf = ([symbol, oraclePrice]: [string, string]) => [symbol, { oraclePrice, effectiveAt }]
  return dydxFrame('channel_data', { oraclePrices: Object.fromEntries(Object.entries(prices).map(priceOf)) })
}

const dydx: StoredDialect = {
  answer(_request, prices) {
    const markets = Object.entries(prices).map(([symbol, oraclePrice]) => [symbol, { oraclePrice }])
    return [dydxFrame('subscribed', { markets: Object.fromEntries(markets) })]
  },
  live: (prices, nowMs) => [blockOf(prices, nowMs)],
  confirmation: (nowMs) => blockOf({ 'OTHER-USD': '1' }, nowMs),
}

/** By source, with two of its markets. */
export const STORED_DIALECTS = [
  { id: 'hyperliquid-public', dialect: oneCoin, symbols: ['BTC', 'ETH'] },
  { id: 'hyperliquid-fast', dialect: fastCoins, symbols: ['BTC', 'ETH'] },
  { id: 'dydx-indexer', dialect: dydx, symbols: ['BTC-USD', 'ETH-USD'] },
] as const

/** A venue that keeps prices, on the clock of the test: it takes every connection, and states what it has stored. */
export class StoredVenue {
  prices: Record<string, string> = {}
  connections = 0
  readonly clock: TestClock
  readonly #dialect: StoredDialect
  readonly #open = new Set<SocketEvents>()

  constructor(dialect: StoredDialect, clock: TestClock) {
    this.clock = clock
    this.#dialect = dialect
  }

  get open(): number {
    return this.#open.size
  }

  readonly connect: Connect = (_url, _limits, events) => {
    const { clock } = this
    const open = this.#open
    const end = () => {
      if (open.delete(events)) events.closed(1006)
    }
    const later = (action: () => void) => void clock.after(5, () => open.has(events) && action())
    open.add(events)
    this.connections++
    later(() => events.opened())
    return {
      get isClosed() {
        return !open.has(events)
      },
      unsentBytes: 0,
      send: (request) => later(() => this.#received(request, events)),
      ping: () => later(() => events.ponged()),
      close: end,
      terminate: end,
    }
  }

  /** The venue publishes these prices to all connections, or to the newest `only` ones. */
  publish(prices: Prices, only = this.#open.size): void {
    Object.assign(this.prices, prices)
    this.#send(this.#dialect.live(prices, this.clock.nowMs()), only)
  }

  /** The venue says that it goes on, and that no price has changed. */
  confirm(): void {
    const confirmation = this.#dialect.confirmation?.(this.clock.nowMs())
    this.#send(confirmation === undefined ? this.#dialect.live(this.prices, 0) : [confirmation])
  }

  /** The channel says what is no price, while the chain stands still. */
  stayHalted(): void {
    this.#send([dydxFrame('channel_data', { trading: { 'BTC-USD': { nextFundingRate: '0' } } })])
  }

  /** The venue answers the same request once more. */
  answerAgain(request = '{}'): void {
    this.#send(this.#dialect.answer(request, this.prices))
  }

  /** Ends the `oldest` connections, or all. */
  drop(oldest = this.#open.size): void {
    for (const events of [...this.#open].slice(0, oldest)) {
      this.#open.delete(events)
      events.closed(1006)
    }
  }

  #send(frames: readonly string[], only = this.#open.size): void {
    for (const events of [...this.#open].slice(this.#open.size - only))
      for (const frame of frames) events.frame(frame, false)
  }

  #received(request: string, events: SocketEvents): void {
    if (request.includes('"ping"')) events.frame('{"channel":"pong"}', false)
    else for (const frame of this.#dialect.answer(request, this.prices)) events.frame(frame, false)
  }
}

/** A feed of the source on a venue that has these prices stored. */
export function openStored(
  { id, dialect }: { readonly id: string; readonly dialect: StoredDialect },
  symbols: readonly string[],
  prices: Prices,
  changes: Partial<SocketSource> = {},
) {
  const clock = new TestClock(1_760_325_052_000)
  const venue = new StoredVenue(dialect, clock)
  venue.prices = { ...prices }
  const sink = new RecordingSink()
  const { machine, limits: _short, ...options } = optionsOf({ url: 'ws://127.0.0.1:1' }, symbols)
  const source = { ...(sourceOf(id) as SocketSource), ...changes }
  const feedOptions: FeedOptions = {
    ...options,
    source,
    sink,
    clock,
    machine: { ...machine, connect: venue.connect },
  }
  const feed: Feed = openFeed(feedOptions)
  const pass = (seconds: number) => {
    const endMs = clock.nowMs() + seconds * 1_000
    while (clock.nowMs() < endMs) {
      clock.advance(50)
      clock.runTurns()
    }
  }
  return { venue, feed, sink, pass }
}
