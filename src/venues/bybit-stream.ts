import {
  type Decimal,
  type FrameKind,
  type FrameSink,
  isPrice,
  ownText,
  type SocketSource,
  SYMBOL_LENGTH_MAX,
} from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { INDEXES } from './bybit-contracts.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import {
  isEventTime,
  isObject,
  isSymbol,
  type JsonObject,
  type OwnFunding,
  priceOrUndefined,
  rateOrUndefined,
  timesStated,
} from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { IndexCarriers } from './index-names.ts'
import { timeOf } from './numbers.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const TOPIC_PREFIX = 'tickers.'

/** Topics of one request. The venue states no limit for derivatives; a refused request refuses all its topics. */
const TOPICS_PER_FRAME_MAX = 100
/** Characters of all arguments of one connection (v5 documentation, "Connect"). */
const ARGUMENT_CHARACTERS_MAX = 21_000
/** The longest symbol of our grammar with its prefix, quotes and comma. */
const TOPIC_CHARACTERS_MAX = TOPIC_PREFIX.length + SYMBOL_LENGTH_MAX + 3
const SYMBOLS_PER_CONNECTION_MAX = Math.floor(ARGUMENT_CHARACTERS_MAX / TOPIC_CHARACTERS_MAX)
const REQUESTS_PER_SECOND_MAX = 10
const CADENCE_MS = 100
const HEARTBEAT_EVERY_MS = 20_000
/**
 * Frames that overtake one another on one connection are at most this far apart, in cross sequence and in time. A frame
 * that is further behind belongs to a new numbering. The sequence counts all events of a matching engine: recordings show
 * 640 a second (BTCUSDT) to 3,700 a second (NKNUSDT), so that 100,000 are at least 27 seconds.
 */
const OVERTAKEN_SEQUENCE_MAX = 100_000
const OVERTAKEN_MS_MAX = 10_000
/** Symbols that one parser remembers; frames of further symbols are `ignored`. */
const SYMBOLS_PER_PARSER_MAX = 4_096

/** `tickers.{symbol}` of linear or inverse contracts (v5, "Ticker"). */
export function bybitStream(id: string, url: string, symbols: RegExp): SocketSource {
  const carriers = new IndexCarriers(INDEXES)
  const channelOf = (symbol: string) => carriers.contractOf(symbol) ?? symbol
  return {
    kind: 'socket',
    id,
    url,
    carries: (symbol) => symbols.test(channelOf(symbol)),
    channelOf,
    ...bothWays(['subscribe', 'unsubscribe'], (op, wanted) =>
      subscribeFrames(
        wanted,
        TOPICS_PER_FRAME_MAX,
        (batch, number) => ({
          req_id: `${op}-${number}`,
          op,
          args: batch.map((symbol) => `${TOPIC_PREFIX}${symbol}`),
        }),
        channelOf,
      ),
    ),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: '{"op":"ping"}' },
    cadenceMs: CADENCE_MS,
    createParser: () => new FormedParser(new BybitReader(carriers)),
  }
}

/** The state after the deltas so far. A field that a delta lacks has not changed (v5 documentation, "Ticker"). */
interface MarketState extends OwnFunding {
  /** Of the index price; undefined where the contract carries none. */
  readonly indexName: string | undefined
  indexPrice: Decimal | undefined
  crossSequence: number
  eventTimeMs: number
  markKnown: boolean
}

const NAMES: FrameNames = {
  names: [
    'topic',
    'type',
    'ts',
    'cs',
    'data',
    'symbol',
    'markPrice',
    'indexPrice',
    'fundingRate',
    'nextFundingTime',
    'op',
    'success',
  ],
  prices: ['markPrice', 'indexPrice'],
  kinds: ['type'],
}

class BybitReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = jsonOf
  readonly #markets = new Map<string, MarketState>()
  readonly #carriers: IndexCarriers

  constructor(carriers: IndexCarriers) {
    this.#carriers = carriers
  }

  take(message: unknown, frame: string, sink: FrameSink, isFormed: boolean): FrameKind {
    if (!isObject(message)) return 'malformed'
    const { topic } = message
    if (typeof topic === 'string') {
      return topic.startsWith(TOPIC_PREFIX) ? this.#ticker(frame, topic, message, sink, isFormed) : 'ignored'
    }
    return replyKind(frame, message, sink)
  }

  #ticker(frame: string, topic: string, message: JsonObject, sink: FrameSink, isFormed: boolean): FrameKind {
    const { type, ts, cs = 0, data } = message
    if (type !== 'snapshot' && type !== 'delta') return 'malformed'
    if (!isObject(data) || !isEventTime(ts) || !Number.isSafeInteger(cs)) return 'malformed'
    const { symbol, markPrice } = data
    // Spot tickers have no mark price, and their topic need not repeat the symbol.
    if (markPrice === undefined && type === 'snapshot') return 'ignored'
    if (!isSymbol(symbol) || !topicNames(topic, symbol)) return 'malformed'
    const isStatedOnce = isFormed || timesStated(frame, 'markPrice"') === (markPrice === undefined ? 0 : 1)
    if (!isStatedOnce || (markPrice !== undefined && !isPrice(markPrice))) return this.#unreadable(symbol)

    const market = this.#market(symbol)
    if (market === undefined) return 'ignored'
    if (type === 'delta' && wasOvertaken(cs as number, ts, market)) return 'ignored'
    if (type === 'snapshot' || isNewNumbering(cs as number, market)) forget(market)
    market.crossSequence = cs as number
    market.eventTimeMs = ts
    update(market, data)
    // Which of two index prices the venue means is not known.
    if (!isFormed && data.indexPrice !== undefined && timesStated(frame, 'indexPrice"') !== 1)
      market.indexPrice = undefined
    if (markPrice !== undefined) {
      market.markKnown = true
      sink.price('mark', symbol, markPrice, ts, market)
    } else if (market.markKnown) {
      sink.unchanged(symbol, ts, market)
    }
    const { indexName, indexPrice } = market
    if (indexName !== undefined && indexPrice !== undefined)
      sink.price('index', indexName, indexPrice, ts, undefined)
    return 'ticks'
  }

  /** The new mark cannot be read, so later frames without a mark confirm nothing. */
  #unreadable(symbol: string): FrameKind {
    const market = this.#markets.get(symbol)
    if (market !== undefined) market.markKnown = false
    return 'malformed'
  }

  #market(symbol: string): MarketState | undefined {
    const known = this.#markets.get(symbol)
    if (known !== undefined || this.#markets.size >= SYMBOLS_PER_PARSER_MAX) return known
    const market = {
      indexName: this.#carriers.nameOf(symbol),
      indexPrice: undefined,
      fundingRate: undefined,
      nextFundingTimeMs: undefined,
      crossSequence: 0,
      eventTimeMs: 0,
      markKnown: false,
    }
    this.#markets.set(ownText(symbol), market)
    return market
  }
}

/**
 * `cs` grows but is not consecutive: it shows repeated and overtaken frames, never gaps. Options have no `cs`. A lower
 * sequence at a later time means that the venue restarted; so does one far behind, at any time.
 */
function wasOvertaken(crossSequence: number, eventTimeMs: number, market: MarketState): boolean {
  if (crossSequence === 0 || crossSequence > market.crossSequence) return false
  if (isNewNumbering(crossSequence, market) || eventTimeMs > market.eventTimeMs) return false
  return market.eventTimeMs - eventTimeMs <= OVERTAKEN_MS_MAX
}

function isNewNumbering(crossSequence: number, market: MarketState): boolean {
  return crossSequence !== 0 && market.crossSequence - crossSequence > OVERTAKEN_SEQUENCE_MAX
}

/** After a snapshot or a new numbering no frame confirms the state before it. */
function forget(market: MarketState): void {
  market.indexPrice = undefined
  market.fundingRate = undefined
  market.nextFundingTimeMs = undefined
  market.markKnown = false
}

function update(market: MarketState, data: JsonObject): void {
  const { indexPrice, fundingRate, nextFundingTime } = data
  if (indexPrice !== undefined) market.indexPrice = priceOrUndefined(indexPrice)
  if (fundingRate !== undefined) market.fundingRate = rateOrUndefined(fundingRate)
  // `""` and `"0"` mean that the contract has no funding.
  if (nextFundingTime !== undefined) market.nextFundingTimeMs = timeOf(nextFundingTime)
}

function topicNames(topic: string, symbol: string): boolean {
  return topic.length === TOPIC_PREFIX.length + symbol.length && topic.endsWith(symbol)
}

/** The venue answers each request once, in order. Its error text is the whole reply. */
function replyKind(frame: string, { op, success }: JsonObject, sink: FrameSink): FrameKind {
  if (success === false) {
    sink.rejected('request', frame)
    return 'rejected'
  }
  if (op === 'ping' || op === 'pong') return 'heartbeat'
  if ((op !== 'subscribe' && op !== 'unsubscribe') || success !== true) return 'ignored'
  sink.acknowledged('request')
  return 'acknowledged'
}
