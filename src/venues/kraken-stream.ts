import type { FrameKind, FrameSink, SocketSource } from '../domain/index.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import { isObject, type JsonObject, type OwnFunding } from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { IndexCarriers, type IndexedContracts } from './index-names.ts'
import { frameKeepingDigits, isNameOfFrame, priceOfFrame, rateOfFrame, timeOf } from './numbers.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const FEED = 'ticker'
const SYMBOLS_PER_FRAME_MAX = 100
/** The venue states no limit; its whole list had fewer than 400 futures in 2026. */
const SYMBOLS_PER_CONNECTION_MAX = 400
const REQUESTS_PER_SECOND_MAX = 10
/** The venue sends the ticker of a future about once a second, the whole state each time. */
const CADENCE_MS = 1_000
/** The venue drops a client that sends no ping for 60 s. */
const HEARTBEAT_EVERY_MS = 30_000

/** Perpetuals state the index price of their asset in dollars; it is asked for with the linear one. */
export const KRAKEN_INDEXES: readonly IndexedContracts[] = [
  { currency: 'USD', contractOf: (asset) => `PF_${asset}USD`, contract: /^P[FI]_([A-Z\d]+)USD$/ },
]

/** `ticker` of Kraken Futures ("WebSocket API v1"). `ticker_lite` has no mark price. */
export function krakenStream(symbols: RegExp): SocketSource {
  const carriers = new IndexCarriers(KRAKEN_INDEXES)
  const channelOf = (symbol: string) => carriers.contractOf(symbol) ?? symbol
  return {
    kind: 'socket',
    id: 'kraken-futures-public',
    url: 'wss://futures.kraken.com/ws/v1',
    carries: (symbol) => symbols.test(channelOf(symbol)),
    channelOf,
    ...bothWays(['subscribe', 'unsubscribe'], (event, wanted) =>
      subscribeFrames(
        wanted,
        SYMBOLS_PER_FRAME_MAX,
        (product_ids) => ({ event, feed: FEED, product_ids }),
        channelOf,
      ),
    ),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: 'protocol' },
    cadenceMs: CADENCE_MS,
    createParser: () => new FormedParser(new KrakenReader(symbols, carriers)),
  }
}

const NAMES: FrameNames = {
  names: [
    'event',
    'feed',
    'product_id',
    'product_ids',
    'markPrice',
    'index',
    'time',
    'relative_funding_rate',
    'next_funding_rate_time',
  ],
  kinds: ['feed'],
  keepsDigits: true,
}

class KrakenReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = (frame: string) => frameKeepingDigits(frame, NAMES.names)
  readonly #symbols: RegExp
  readonly #carriers: IndexCarriers
  readonly #funding: OwnFunding = { fundingRate: undefined, nextFundingTimeMs: undefined }

  constructor(symbols: RegExp, carriers: IndexCarriers) {
    this.#symbols = symbols
    this.#carriers = carriers
  }

  take(message: unknown, frame: string, sink: FrameSink): FrameKind {
    if (!isObject(message)) return 'malformed'
    if (message.event !== undefined) return this.#reply(frame, message, sink)
    if (message.feed !== FEED) return message.feed === 'heartbeat' ? 'heartbeat' : 'ignored'
    return this.#ticker(message, sink)
  }

  #ticker(ticker: JsonObject, sink: FrameSink): FrameKind {
    const symbol = ticker.product_id
    const price = priceOfFrame(ticker.markPrice)
    const timeMs = timeOf(ticker.time)
    if (!isNameOfFrame(symbol) || price === undefined || timeMs === undefined) return 'malformed'
    // The absolute rate, `funding_rate`, is money for a contract.
    this.#funding.fundingRate = rateOfFrame(ticker.relative_funding_rate)
    this.#funding.nextFundingTimeMs = timeOf(ticker.next_funding_rate_time)
    sink.price('mark', symbol, price, timeMs, this.#funding)
    const indexPrice = priceOfFrame(ticker.index)
    const name = indexPrice === undefined ? undefined : this.#carriers.nameOf(symbol)
    if (name !== undefined) sink.price('index', name, indexPrice!, timeMs, undefined)
    return 'ticks'
  }

  /** The venue acknowledges each product by itself, in capitals. Its errors are texts. */
  #reply(frame: string, { event, feed, product_ids }: JsonObject, sink: FrameSink): FrameKind {
    if (event === 'error' || event === 'alert') {
      const named = frame.split(/[\s"',:\\]+/).find((word) => this.#symbols.test(word))
      sink.rejected(named ?? 'request', frame)
      return 'rejected'
    }
    if (event !== 'subscribed' || feed !== FEED || !Array.isArray(product_ids)) return 'ignored'
    sink.acknowledged(product_ids.filter(isNameOfFrame))
    return 'acknowledged'
  }
}
