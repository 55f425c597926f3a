import { afterEach, beforeEach, expect } from 'vitest'
import type { PriceKind, SocketSource } from '../../src/domain/index.ts'
import {
  type Feed,
  type FeedLimits,
  type FeedOptions,
  type FeedSink,
  openFeed,
} from '../../src/feed/index.ts'
import { connectSocket, httpGet, openFollowed, systemClock } from '../../src/system/index.ts'
import { bybit } from '../../src/venues/index.ts'
import { ScriptedVenue } from '../support/scripted-venue.ts'
import { bybitDialect } from '../venues/fixtures/bybit.ts'

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

/** The server of `testSource`. All its clients hear the same counter as the mark price of every market. */
export async function startExchange(): Promise<ScriptedVenue> {
  return await ScriptedVenue.start({ dialect: bybitDialect, cadenceMs: CADENCE_MS, prices: 'counted' })
}

/** A frame of that server with a mark. */
export function snapshot(symbol: string, price: string, eventTimeMs: number): string {
  return bybitDialect.mark({ symbol, price, change: 'first', eventTimeMs })
}

/** A frame of that server which says that the mark has not changed. */
export function confirmation(symbol: string, eventTimeMs: number): string {
  return bybitDialect.mark({ symbol, price: '', change: 'same', eventTimeMs })
}

/** Short enough for a test, long enough for a busy machine. */
export const SHORT_LIMITS: FeedLimits = {
  connectTimeoutMs: 1_000,
  acknowledgementTimeoutMs: 400,
  firstTickTimeoutMs: 300,
  firstMarkMs: 60_000,
  refusalFirstMs: 50,
  refusalFactor: 2,
  refusalCapMs: 400,
  pongTimeoutMs: 400,
  lifePingAfterMs: 200,
  lifePongTimeoutMs: 250,
  silenceMinMs: 400,
  livingSilenceMinMs: 400,
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
  outageLineEveryMs: 60_000,
  closeTimeoutMs: 200,
  pollTimeoutMs: 400,
  pollBackoffCapMs: 40,
  pollPauseMaxMs: 259_200_000,
  followEveryMs: 5,
  checkEveryMs: 20,
  checkLateMs: 200,
}

export type Heard =
  | { readonly what: 'frameStart' | 'frameEnd' }
  | { readonly what: 'tick'; readonly symbol: string; readonly markPrice: string }
  | { readonly what: 'index' | 'settlement'; readonly symbol: string; readonly price: string }
  | { readonly what: 'unchanged'; readonly symbol: string }
  | { readonly what: 'market'; readonly symbol: string; readonly state: string }
  | { readonly what: 'refused' | 'taken'; readonly symbol: string; readonly says: string | number }
  | { readonly what: 'connection'; readonly state: string; readonly reason: string }
  | { readonly what: 'fault'; readonly error: Error }

export class RecordingSink implements FeedSink {
  readonly interruptions: (readonly string[])[] = []
  readonly heard: Heard[] = []
  frameStart() {
    this.heard.push({ what: 'frameStart' })
  }
  frameEnd() {
    this.heard.push({ what: 'frameEnd' })
  }
  price(kind: PriceKind, symbol: string, price: string) {
    if (kind === 'mark') this.heard.push({ what: 'tick', symbol, markPrice: price })
    else this.heard.push({ what: kind, symbol, price })
  }
  indexPrice() {}
  unchanged(symbol: string) {
    this.heard.push({ what: 'unchanged', symbol })
  }
  marketState(symbol: string, state: string) {
    this.heard.push({ what: 'market', symbol, state })
  }
  marketUnreadable() {}
  marketRefused(symbol: string, says: string) {
    this.heard.push({ what: 'refused', symbol, says })
  }
  marketTaken(symbol: string, says: number) {
    this.heard.push({ what: 'taken', symbol, says })
  }
  interrupted(symbols: readonly string[]): void {
    this.interruptions.push(symbols)
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

  /** What was said of refusals, in order. */
  refusals(what: 'refused' | 'taken'): { symbol: string; says: string | number }[] {
    return this.heard.flatMap((one) =>
      one.what === what && 'says' in one ? [{ symbol: one.symbol, says: one.says }] : [],
    )
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

export const UNLIMITED = { reserve: () => 0, tryReserve: () => true, failed: () => {} }
export const SILENT_LOG = { info: () => {}, warn: () => {} }

export function optionsOf(
  exchange: { readonly url: string },
  symbols: readonly string[],
): Omit<FeedOptions, 'sink'> {
  return {
    source: testSource,
    machine: { connect: connectSocket, httpGet, openFollowed },
    url: exchange.url,
    symbols,
    clock: systemClock,
    random: () => 0.5,
    log: SILENT_LOG,
    budget: UNLIMITED,
    limits: SHORT_LIMITS,
  }
}

function feedOf(exchange: ScriptedVenue, symbols: readonly string[], changes: Partial<FeedOptions> = {}) {
  const sink = new RecordingSink()
  return { feed: openFeed({ ...optionsOf(exchange, symbols), sink, ...changes }), sink }
}

/** An exchange a test, and feeds that are closed after it. */
export function useExchange() {
  let exchange: ScriptedVenue
  let feeds: Feed[]
  beforeEach(async () => {
    exchange = await startExchange()
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

/** A log that keeps its lines. */
export class RecordingLog {
  readonly lines: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  info(fields: object, message: string) {
    this.lines.push({ message, fields: { ...fields } })
  }
  warn(fields: object, message: string) {
    this.info(fields, message)
  }
  error(fields: object, message: string) {
    this.info(fields, message)
  }
  child() {
    return this
  }

  get messages(): string[] {
    return this.lines.map(({ message }) => message)
  }
}

/** The exchange's counter is the mark price: a missing number is a missed tick. Repeats come from two sockets. */
export function expectGapless(marks: readonly number[]): void {
  for (let index = 1; index < marks.length; index++) {
    expect(marks[index]! - marks[index - 1]!).toBeOneOf([0, 1])
  }
}

export const stateOf = (feed: Feed, symbol: string) => feed.markets.get(symbol)?.state
