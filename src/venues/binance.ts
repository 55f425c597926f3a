import {
  type FrameKind,
  type FrameSink,
  isPrice,
  ownText,
  type SocketSource,
  type Venue,
  venueId,
} from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { ruleBookOfEntries } from '../rules/index.ts'
import { coinmEntriesOf, coinmSymbols } from './binance-coinm.ts'
import { multiAssets } from './binance-collateral.ts'
import { binanceKlines } from './binance-klines.ts'
import { binanceMarginIndex } from './binance-margin-index.ts'
import { binanceMarkHistory } from './binance-mark-history.ts'
import { USDM_AS_OF, usdmCoinOf, usdmEntriesOf, usdmSymbols } from './binance-usdm.ts'
import { endOfNumberedDayMs } from './expiry.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import {
  isEventTime,
  isObject,
  isSymbol,
  type JsonObject,
  type OwnFunding,
  priceOfForm,
  rateOrUndefined,
  timesStated,
} from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { binanceImport } from './imports/binance.ts'
import { IndexCarriers, type IndexedContracts } from './index-names.ts'
import { binanceInstruments } from './instruments/binance.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const BINANCE = venueId('binance')

const STREAM_SUFFIX = '@markPrice'
/** The key of the mark price, as `timesStated` looks for it. */
const MARK_KEY = 'p"'
const INDEX_KEY = 'i"'
const ASSET_INDEX_EVENT = 'assetIndexUpdate'

const STREAMS_PER_FRAME_MAX = 200
/** The venue allows 10 client messages a second, pongs included, and bans clients that exceed this repeatedly. */
const REQUESTS_PER_SECOND_MAX = 5
/** Streams whose symbols one parser remembers. */
const STREAMS_PER_PARSER_MAX = 4_096
const CADENCE_MS = 1_000
const CONNECTION_LIFE_MS = 24 * 60 * 60 * 1_000

/** Capitals, or letters of a script without capitals: the venue lists 币安人生USDT. */
const COINM_SYMBOL = /^[\p{Lu}\p{Lo}\d]+USD_(PERP|\d{6})$/u
/** BTCUSDT, BTCUSDC, BTCUSDT_240628. A name that ends in USD is a COIN-M pair, not a symbol. */
const USDM_SYMBOL = /^(?!.*USD_)(?!.*(?<!B)USD$)[\p{Lu}\p{Lo}\d]{4,}(_\d{6})?$/u

/** The index prices in dollars of all assets that multi-assets mode takes, in one message a second. */
const ASSET_INDEX_STREAM = '!assetIndex@arr'
const DOLLAR = 'USD'

/** The mark streams of perpetuals state the index price of their coin in the currency of their quotes. */
const QUOTED_INDEXES: readonly IndexedContracts[] = ['USDT', 'USDC'].map((currency) => ({
  currency,
  contractOf: (asset) => `${asset}${currency}`,
  contract: new RegExp(`^([\\p{Lu}\\p{Lo}\\d]+)${currency}$`, 'u'),
}))
const carriers = new IndexCarriers(QUOTED_INDEXES)
/** BTCUSD is the name of the index price of BTC in dollars. */
const assetIndexes = new IndexCarriers([
  { currency: DOLLAR, contractOf: (asset) => `${asset}${DOLLAR}`, contract: /^([\p{Lu}\p{Lo}\d]+)USD$/u },
])

/** Index prices come with the marks of USDⓈ-M contracts; COIN-M contracts back no pool. */
function usdmChannelOf(symbol: string): string {
  if (assetIndexes.contractOf(symbol) !== undefined) return ASSET_INDEX_STREAM
  return carriers.contractOf(symbol) ?? symbol
}

/** Since 2026-04-23 marks come only under `/market/`. The old paths connect and acknowledge, but send no data. */
const usdm: SocketSource = {
  ...source('binance-usdm', 'wss://fstream.binance.com/market/stream', 1_024, usdmChannelOf),
  carries: (symbol) => {
    const channel = usdmChannelOf(symbol)
    return channel === ASSET_INDEX_STREAM || USDM_SYMBOL.test(channel)
  },
}
const coinm: SocketSource = {
  ...source('binance-coinm', 'wss://dstream.binance.com/stream', 200, (symbol) => symbol),
  carries: (symbol) => COINM_SYMBOL.test(symbol),
}

/** Of index prices in dollars, which multi-assets mode needs, the venue keeps no bars. */
const usdmHistory = binanceMarkHistory({
  id: 'binance-usdm-klines',
  url: 'https://fapi.binance.com',
  path: '/fapi/v1',
  isContract: (symbol) => USDM_SYMBOL.test(symbol),
  pairOf: (symbol) => carriers.contractOf(symbol),
})
const coinmHistory = binanceMarkHistory({
  id: 'binance-coinm-klines',
  url: 'https://dapi.binance.com',
  path: '/dapi/v1',
  isContract: (symbol) => COINM_SYMBOL.test(symbol),
  pairOf: () => undefined,
})

function source(
  id: string,
  url: string,
  symbolsPerConnectionMax: number,
  channelOf: (symbol: string) => string,
): Omit<SocketSource, 'carries'> {
  return {
    kind: 'socket',
    id,
    url,
    channelOf,
    ...bothWays(['SUBSCRIBE', 'UNSUBSCRIBE'], (method, wanted) =>
      subscribeFrames(
        wanted,
        STREAMS_PER_FRAME_MAX,
        (batch, number) => ({ method, params: batch.map(streamOf), id: number }),
        channelOf,
      ),
    ),
    symbolsPerConnectionMax,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    cadenceMs: CADENCE_MS,
    connectionLifeMs: CONNECTION_LIFE_MS,
    createParser: () => new FormedParser(new BinanceReader()),
  }
}

const NAMES: FrameNames = {
  names: ['stream', 'data', 'e', 'E', 's', 'p', 'i', 'r', 'T', 'error', 'code', 'msg', 'result', 'id'],
  prices: ['p', 'i'],
  kinds: ['e'],
}

/** Every message has every field, so the parser keeps no state of markets, only the object that it gives to the sink. */
class BinanceReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = jsonOf
  readonly #funding: OwnFunding = {
    fundingRate: undefined,
    nextFundingTimeMs: undefined,
  }
  /** The symbols of streams. */
  readonly #streams = new Map<string, string>()
  /** A frame that states an index price twice does not say which one it means. */
  #isIndexClear = true

  take(message: unknown, frame: string, sink: FrameSink, isFormed: boolean): FrameKind {
    if (Array.isArray(message)) return this.#entries(frame, message, sink, isFormed)
    if (!isObject(message)) return 'malformed'
    const { stream, data } = message
    if (typeof stream !== 'string') {
      return 'e' in message ? this.#single(frame, message, sink, isFormed) : replyKind(frame, message, sink)
    }
    if (Array.isArray(data)) return this.#entries(frame, data, sink, isFormed)
    if (!isObject(data)) return 'malformed'
    if (data.e === 'markPriceUpdate' && !this.#isStreamOf(stream, data.s)) return 'malformed'
    return this.#single(frame, data, sink, isFormed)
  }

  /** Whether a stream such as `btcusdt@markPrice@1s` is the one of `symbol`. Once it is, that builds no string any more. */
  #isStreamOf(stream: string, symbol: unknown): boolean {
    if (typeof symbol !== 'string') return false
    if (this.#streams.get(stream) === symbol) return true
    const name = streamName(symbol)
    if (!stream.startsWith(name) || !stream.startsWith(STREAM_SUFFIX, name.length)) return false
    if (this.#streams.size < STREAMS_PER_PARSER_MAX) this.#streams.set(ownText(stream), ownText(symbol))
    return true
  }

  #single(frame: string, entry: JsonObject, sink: FrameSink, isFormed: boolean): FrameKind {
    if (!isFormed && entry.e === 'markPriceUpdate' && timesStated(frame, MARK_KEY) !== 1) return 'malformed'
    this.#isIndexClear = isFormed || timesStated(frame, INDEX_KEY) <= 1
    return this.#entry(entry, sink, isFormed)
  }

  /**
   * An array may have a part of the markets and may mix USDⓈ-M and COIN-M. An entry without a price is not a tick. If one
   * entry states its mark twice, the whole array is malformed: finding the entry is costly, and the venue sends all of
   * them again a second later.
   */
  #entries(frame: string, entries: readonly unknown[], sink: FrameSink, isFormed: boolean): FrameKind {
    let priced = 0
    let indexed = 0
    for (const entry of entries) {
      if (!isObject(entry)) continue
      if ('p' in entry) priced++
      if ('i' in entry) indexed++
    }
    if (!isFormed && timesStated(frame, MARK_KEY) !== priced) return 'malformed'
    this.#isIndexClear = isFormed || timesStated(frame, INDEX_KEY) === indexed
    let ticks = 0
    let malformed = 0
    for (const entry of entries) {
      const kind = isObject(entry) ? this.#entry(entry, sink, isFormed) : 'malformed'
      if (kind === 'ticks') ticks++
      else if (kind === 'malformed') {
        malformed++
        sink.noMark(isObject(entry) && isSymbol(entry.s) ? entry.s : undefined, undefined)
      }
    }
    if (ticks > 0) return 'ticks'
    return malformed > 0 ? 'malformed' : 'ignored'
  }

  #entry(entry: JsonObject, sink: FrameSink, isFormed: boolean): FrameKind {
    const { e, E: eventTimeMs, s: symbol } = entry
    if (e === ASSET_INDEX_EVENT) return this.#assetIndex(entry, sink)
    // In other events `p` has other meanings: a price change in 24hrTicker, an order's price in forceOrder.
    if (e !== 'markPriceUpdate') return typeof e === 'string' ? 'ignored' : 'malformed'
    const markPrice = priceOfForm(entry.p, isFormed)
    if (!isSymbol(symbol) || markPrice === undefined || !isEventTime(eventTimeMs)) return 'malformed'
    const funding = this.#funding
    funding.fundingRate = rateOrUndefined(entry.r)
    funding.nextFundingTimeMs = isEventTime(entry.T) ? entry.T : undefined
    sink.price('mark', symbol, markPrice, eventTimeMs, funding)
    const indexPrice = this.#isIndexClear ? priceOfForm(entry.i, isFormed) : undefined
    const name = indexPrice === undefined ? undefined : carriers.nameOf(symbol)
    if (name !== undefined) sink.price('index', name, indexPrice!, eventTimeMs, undefined)
    return 'ticks'
  }

  /** `B` and `A` are the index price with the buffers, which the collateral rules of the asset state as ratios. */
  #assetIndex({ E: eventTimeMs, s: symbol, i: indexPrice }: JsonObject, sink: FrameSink): FrameKind {
    if (!this.#isIndexClear || !isSymbol(symbol) || !isPrice(indexPrice) || !isEventTime(eventTimeMs))
      return 'malformed'
    const name = assetIndexes.nameOf(symbol)
    if (name === undefined) return 'ignored'
    sink.price('index', name, indexPrice, eventTimeMs, undefined)
    return 'ticks'
  }
}

function streamOf(channel: string): string {
  return channel === ASSET_INDEX_STREAM ? channel : `${streamName(channel)}${STREAM_SUFFIX}@1s`
}

/** Stream names are in lower case. */
function streamName(symbol: string): string {
  return symbol.toLowerCase()
}

/** `{"result":null,"id":1}` accepts the oldest request; `{"error":{…}}` and `{"code":…,"msg":…}` refuse it. */
function replyKind(frame: string, reply: JsonObject, sink: FrameSink): FrameKind {
  if ('error' in reply || ('code' in reply && 'msg' in reply)) {
    sink.rejected('request', frame)
    return 'rejected'
  }
  if (reply.result !== null || !('id' in reply)) return 'ignored'
  sink.acknowledged('request')
  return 'acknowledged'
}

/**
 * Binance futures, single-asset mode. Fees are not part of margin. A margin ratio of 100 % liquidates (the venue's FAQ
 * also says "below"; the earlier of the two holds here).
 */
export const binance: Venue = {
  id: BINANCE,
  names: [BINANCE, 'binance-usdm', 'binance-coinm', 'binance-margin-index'],
  symbol: new RegExp(`${USDM_SYMBOL.source}|${COINM_SYMBOL.source}`, 'u'),
  expiryMsOf: (symbol) => endOfNumberedDayMs(symbol.split('_')[1] ?? ''),
  sources: [usdm, coinm, binanceMarginIndex],
  markHistory: [usdmHistory, coinmHistory],
  instruments: binanceInstruments(USDM_SYMBOL, COINM_SYMBOL),
  rulesImport: binanceImport,
  klines: binanceKlines,
  ruleBook: ruleBookOfEntries({
    venue: BINANCE,
    version: `binance-usdm-${USDM_AS_OF}-coinm-undated-collateral-2022`,
    defaults: {
      closingFee: 'none',
      liquidation: 'reached',
      venueRatio: { cross: 'maintenance-over-balance', isolated: 'maintenance-over-balance' },
      tiersPerLiquidationStep: 1,
      pools: {
        // Multi-assets mode is one of USDⓈ-M, and of cross margin.
        'multi-asset': { holds: (symbol) => !COINM_SYMBOL.test(symbol), hasIsolatedMargin: false },
        'spot-margin': { holds: () => false, hasIsolatedMargin: true },
      },
      coinOf: (symbol) => (COINM_SYMBOL.test(symbol) ? symbol.replace(/USD_.*$/, '') : usdmCoinOf(symbol)),
      // Changes `isolatedWallet` of an isolated position.
      funding: { perpetual: /^(?!.*_\d{6}$)/, payment: 'at-mark', isolated: 'own-margin' },
    },
    symbols: () => [...usdmSymbols(), ...coinmSymbols()],
    entriesOf: (symbol) => (COINM_SYMBOL.test(symbol) ? coinmEntriesOf(symbol) : usdmEntriesOf(symbol)),
    collateralOf: (asset, kind) => (kind === 'multi-asset' ? multiAssets.get(asset) : undefined),
    collateralAssets: () => multiAssets.keys(),
  }),
}
