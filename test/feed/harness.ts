import { afterEach, beforeEach } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import {
  type Feed,
  type FeedLimits,
  type FeedOptions,
  type FeedSink,
  openFeed,
} from '../../src/feed/index.ts'
import { TestExchange, testStream } from './exchange.ts'

/** Short enough for a test, long enough for a busy machine. */
export const SHORT_LIMITS: FeedLimits = {
  connectTimeoutMs: 1_000,
  acknowledgementTimeoutMs: 400,
  firstTickTimeoutMs: 300,
  pongTimeoutMs: 400,
  silenceMinMs: 400,
  stalenessMinMs: 400,
  renewalAfterMs: 600,
  renewalEveryMs: 600,
  overlapMs: 60_000,
  backoffBaseMs: 10,
  backoffCapMs: 40,
  stableAfterMs: 200,
  malformedWindowMs: 200,
  malformedShareMax: 0.01,
  malformedFramesMin: 3,
  closeTimeoutMs: 200,
  checkEveryMs: 20,
}

export type Heard =
  | { readonly what: 'frameStart' | 'frameEnd' }
  | { readonly what: 'tick'; readonly symbol: string; readonly markPrice: string }
  | { readonly what: 'unchanged'; readonly symbol: string }
  | { readonly what: 'market'; readonly symbol: string; readonly state: string }
  | { readonly what: 'connection'; readonly state: string; readonly reason: string }
  | { readonly what: 'fault'; readonly error: Error }

export class RecordingSink implements FeedSink {
  readonly heard: Heard[] = []
  frameStart() {
    this.heard.push({ what: 'frameStart' })
  }
  frameEnd() {
    this.heard.push({ what: 'frameEnd' })
  }
  tick(symbol: string, markPrice: string) {
    this.heard.push({ what: 'tick', symbol, markPrice })
  }
  unchanged(symbol: string) {
    this.heard.push({ what: 'unchanged', symbol })
  }
  marketState(symbol: string, state: string) {
    this.heard.push({ what: 'market', symbol, state })
  }
  connection(state: string, reason: string) {
    this.heard.push({ what: 'connection', state, reason })
  }
  fault(error: Error) {
    this.heard.push({ what: 'fault', error })
  }

  get lost(): string[] {
    return this.heard.flatMap((one) =>
      one.what === 'connection' && one.state === 'lost' ? [one.reason] : [],
    )
  }

  get faults(): Error[] {
    return this.heard.flatMap((one) => (one.what === 'fault' ? [one.error] : []))
  }

  marks(symbol: string): number[] {
    return this.heard.flatMap((one) =>
      one.what === 'tick' && one.symbol === symbol ? [Number(one.markPrice)] : [],
    )
  }

  states(symbol: string): string[] {
    return this.heard.flatMap((one) => (one.what === 'market' && one.symbol === symbol ? [one.state] : []))
  }
}

export const UNLIMITED = { reserve: () => 0, tryReserve: () => true }
export const SILENT_LOG = { info: () => {}, warn: () => {} }

export function optionsOf(exchange: TestExchange, symbols: readonly string[]): Omit<FeedOptions, 'sink'> {
  return {
    stream: testStream,
    url: exchange.url,
    symbols,
    clock: systemClock,
    random: () => 0.5,
    log: SILENT_LOG,
    budget: UNLIMITED,
    limits: SHORT_LIMITS,
  }
}

function feedOf(exchange: TestExchange, symbols: readonly string[], changes: Partial<FeedOptions> = {}) {
  const sink = new RecordingSink()
  return { feed: openFeed({ ...optionsOf(exchange, symbols), sink, ...changes }), sink }
}

/** An exchange a test, and feeds that are closed after it. */
export function useExchange() {
  let exchange: TestExchange
  let feeds: Feed[]
  beforeEach(async () => {
    exchange = await TestExchange.start()
    feeds = []
  })
  afterEach(async () => {
    await Promise.all(feeds.map((feed) => feed.close()))
    await exchange.stop()
  })
  return {
    exchange: () => exchange,
    feeds: () => feeds,
    open(symbols: readonly string[], changes: Partial<FeedOptions> = {}) {
      const opened = feedOf(exchange, symbols, changes)
      feeds.push(opened.feed)
      return opened
    },
  }
}

export const stateOf = (feed: Feed, symbol: string) => feed.markets.get(symbol)?.state

const UNTIL_MAX_MS = 20_000

/** Waits until `condition` holds; fails with its text when it does not in good time. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + UNTIL_MAX_MS
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`never became true: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
