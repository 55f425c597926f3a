import { type Decimal, type FrameKind, type FrameSink, ownText, type SocketSource } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { FULL_HOURS, nextDueMs } from '../margin/index.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import {
  isObject,
  isSymbol,
  type JsonObject,
  type OwnFunding,
  priceOfForm,
  rateOrUndefined,
  timesStated,
} from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { timeOfIso } from './numbers.ts'
import { subscribeFrames } from './subscribe.ts'

const CHANNEL = 'v4_markets'
/** The Indexer had fewer than 400 markets in 2026. */
const SYMBOLS_PER_CONNECTION_MAX = 4_096
/** Markets that one parser remembers; further ones are passed over. */
const SYMBOLS_PER_PARSER_MAX = 4_096
/** The Indexer closes a connection that subscribes to one channel more often. */
const REQUESTS_PER_SECOND_MAX = 2
/** A block takes about a second; in most of them the price of some market moves by the least change that the chain takes. */
const CADENCE_MS = 5_000
/** The Indexer answers only the ping of the protocol; a `ping` in JSON it passes over in silence. */
const HEARTBEAT_EVERY_MS = 20_000

/**
 * `v4_markets` of the Indexer: the oracle price, which is what dYdX v4 liquidates by, of all markets in one channel. The answer to
 * the subscription states what the Indexer has stored, also while the chain is halted.
 */
export function dydxStream(symbols: RegExp): SocketSource {
  const channelOf = () => CHANNEL
  return {
    kind: 'socket',
    id: 'dydx-indexer',
    url: 'wss://indexer.dydx.trade/v4/ws',
    carries: (symbol) => symbols.test(symbol),
    channelOf,
    statesEveryMarket: true,
    statesStoredFirst: true,
    subscribe: (wanted) =>
      subscribeFrames(wanted, 1, ([channel]) => ({ type: 'subscribe', channel, batched: false }), channelOf),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: 'protocol' },
    cadenceMs: CADENCE_MS,
    createParser: () => new FormedParser(new DydxReader()),
  }
}

interface MarketState extends OwnFunding {
  readonly symbol: string
  oraclePrice: Decimal
  /** Of the last block that set or confirmed it; undefined of one in a snapshot. */
  eventTimeMs: number | undefined
  /** The update that is read states it. */
  isStated: boolean
}

const NAMES: FrameNames = {
  names: [
    'type',
    'channel',
    'contents',
    'markets',
    'oraclePrices',
    'trading',
    'oraclePrice',
    'effectiveAt',
    'nextFundingRate',
  ],
  prices: ['oraclePrice'],
  kinds: ['type', 'channel'],
  maps: ['markets', 'oraclePrices', 'trading'],
}

/**
 * The oracle price of a market is stated when it moves by the least change that the chain takes. An update of any market confirms
 * the others as of its block. Updates of other fields say nothing of prices, and go on while the chain stands still.
 */
class DydxReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = jsonOf
  readonly #markets = new Map<string, MarketState>()

  take(message: unknown, frame: string, sink: FrameSink, isFormed: boolean): FrameKind {
    if (!isObject(message)) return 'malformed'
    const { type, channel, contents } = message
    if (type === 'error') {
      sink.rejected('request', frame)
      return 'rejected'
    }
    if (typeof type !== 'string') return 'malformed'
    if (channel !== CHANNEL) return 'ignored'
    if (type === 'subscribed') return this.#snapshot(frame, contents, sink, isFormed)
    if (type === 'channel_data') return this.#updates(frame, [contents], sink, isFormed)
    if (type !== 'channel_batch_data') return 'ignored'
    return Array.isArray(contents) ? this.#updates(frame, contents, sink, isFormed) : 'malformed'
  }

  /** The state of all markets, without a time. It is the answer to the subscription. */
  #snapshot(frame: string, contents: unknown, sink: FrameSink, isFormed: boolean): FrameKind {
    if (!isObject(contents) || !isObject(contents.markets)) return 'malformed'
    if (!isFormed && !areStatedOnce(frame, [contents.markets])) return 'malformed'
    sink.acknowledged([CHANNEL])
    this.#markets.clear()
    let ticks = 0
    for (const [symbol, market] of entriesOf(contents.markets)) {
      if (!isObject(market)) continue
      const state = this.#priced(symbol, market, sink, isFormed)
      if (state === undefined) continue
      state.fundingRate = rateOrUndefined(market.nextFundingRate)
      sink.price('mark', symbol, state.oraclePrice, undefined, state)
      ticks++
    }
    return ticks > 0 ? 'ticks' : 'acknowledged'
  }

  #updates(frame: string, batch: readonly unknown[], sink: FrameSink, isFormed: boolean): FrameKind {
    if (!batch.every(isObject)) return 'malformed'
    if (
      !isFormed &&
      !areStatedOnce(
        frame,
        batch.map(({ oraclePrices }) => oraclePrices),
      )
    )
      return 'malformed'
    let priced = 0
    let newestMs = 0
    for (const update of batch) {
      if (update.trading !== undefined) this.#takeRates(update.trading)
      for (const [symbol, stated] of entriesOf(update.oraclePrices)) {
        priced++
        newestMs = Math.max(newestMs, this.#take(symbol, stated, sink, isFormed) ?? 0)
      }
    }
    if (newestMs === 0) return priced > 0 ? 'malformed' : 'ignored'
    // Funding is charged at each full hour.
    const nextFundingTimeMs = nextDueMs(FULL_HOURS, newestMs)
    for (const state of this.#markets.values()) {
      state.nextFundingTimeMs = nextFundingTimeMs
      if (!state.isStated) {
        state.eventTimeMs = newestMs
        sink.unchanged(state.symbol, newestMs, state)
      }
      state.isStated = false
    }
    return 'ticks'
  }

  /** The time of the price; undefined where price or time cannot be read. */
  #take(symbol: string, stated: unknown, sink: FrameSink, isFormed: boolean): number | undefined {
    const timeMs = isObject(stated) ? timeOfIso(stated.effectiveAt) : undefined
    if (timeMs === undefined) {
      this.#lose(symbol, sink)
      return undefined
    }
    const state = this.#priced(symbol, stated as JsonObject, sink, isFormed)
    if (state === undefined) return undefined
    state.eventTimeMs = timeMs
    state.nextFundingTimeMs = nextDueMs(FULL_HOURS, timeMs)
    state.isStated = true
    sink.price('mark', symbol, state.oraclePrice, timeMs, state)
    return timeMs
  }

  restate(symbols: readonly string[], sink: FrameSink): void {
    for (const symbol of symbols) {
      const state = this.#markets.get(symbol)
      if (state !== undefined) sink.price('mark', symbol, state.oraclePrice, state.eventTimeMs, state)
    }
  }

  /** The market with its new price. One that is not yet priced states null. */
  #priced(
    symbol: string,
    { oraclePrice: stated }: JsonObject,
    sink: FrameSink,
    isFormed: boolean,
  ): MarketState | undefined {
    if (!isSymbol(symbol) || stated === null || stated === undefined) return undefined
    const oraclePrice = priceOfForm(stated, isFormed)
    if (oraclePrice === undefined) {
      this.#lose(symbol, sink)
      return undefined
    }
    let state = this.#markets.get(symbol)
    if (state === undefined) {
      if (this.#markets.size >= SYMBOLS_PER_PARSER_MAX) return undefined
      state = { symbol: ownText(symbol), oraclePrice, ...NOTHING_ELSE }
      this.#markets.set(state.symbol, state)
    }
    state.oraclePrice = oraclePrice
    return state
  }

  /** Its new price cannot be read, so updates of other markets confirm no price of it. */
  #lose(symbol: string, sink: FrameSink): void {
    this.#markets.delete(symbol)
    sink.noMark(isSymbol(symbol) ? symbol : undefined, undefined)
  }

  #takeRates(trading: unknown): void {
    for (const [symbol, fields] of entriesOf(trading)) {
      const market = this.#markets.get(symbol)
      if (market === undefined || !isObject(fields) || fields.nextFundingRate === undefined) continue
      market.fundingRate = rateOrUndefined(fields.nextFundingRate)
    }
  }
}

/** The markets of a map, whether it is that of a form or of JSON. */
function entriesOf(map: unknown): Iterable<readonly [string, unknown]> {
  if (map instanceof Map) return map
  return isObject(map) ? Object.entries(map) : []
}

/** Whether no market and no price is stated twice. */
function areStatedOnce(frame: string, maps: readonly unknown[]): boolean {
  let stated = 0
  for (const map of maps)
    for (const [, market] of entriesOf(map)) if (isObject(market) && 'oraclePrice' in market) stated++
  return timesStated(frame, 'oraclePrice"') === stated
}

/** What is known of a market beside its first price. */
const NOTHING_ELSE = {
  fundingRate: undefined,
  nextFundingTimeMs: undefined,
  eventTimeMs: undefined,
  isStated: false,
}
