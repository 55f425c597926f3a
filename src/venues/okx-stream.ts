import { type FrameKind, type FrameSink, isPrice, type SocketSource } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import {
  isObject,
  isSymbol,
  type JsonObject,
  type OwnFunding,
  rateOrUndefined,
  timesStated,
} from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { IndexCarriers, type IndexedContracts } from './index-names.ts'
import { timeOf } from './numbers.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const MARK_CHANNEL = 'mark-price'
const FUNDING_CHANNEL = 'funding-rate'
const INDEX_CHANNEL = 'index-tickers'
/** An index is named by its coin and the currency of its price: BTC-USD. */
export const OKX_INDEXES: readonly IndexedContracts[] = ['USD', 'USDT', 'USDC', 'EUR', 'BTC'].map(
  (currency) => ({
    currency,
    contractOf: (asset) => `${asset}-${currency}`,
    contract: new RegExp(`^([A-Z\\d]+)-${currency}$`),
  }),
)
/** Only perpetuals pay funding. */
const PERPETUAL = /-SWAP$/

const SYMBOLS_PER_FRAME_MAX = 60
/** The venue takes 480 subscriptions an hour on a connection, and a perpetual has two. */
const SYMBOLS_PER_CONNECTION_MAX = 240
/** The venue allows 3 connections a second and states no rate of requests. */
const REQUESTS_PER_SECOND_MAX = 3
/** A mark that does not change is repeated every 10 s, one that does at most every 200 ms. */
const CADENCE_MS = 10_000
/** An index price that does not change is repeated once a minute, one that does at most every 100 ms. */
const INDEX_CADENCE_MS = 60_000
/** The venue closes a connection on which nothing was sent for 30 s. */
const HEARTBEAT_EVERY_MS = 20_000
/** Symbols whose funding one parser remembers. */
const SYMBOLS_PER_PARSER_MAX = 4_096

/** `mark-price` of swaps and dated futures, `funding-rate` of swaps, and `index-tickers` ("WebSocket", "Public data"). */
export function okxStream(symbols: RegExp): SocketSource {
  const indexes = new IndexCarriers(OKX_INDEXES)
  return {
    kind: 'socket',
    id: 'okx-public',
    url: 'wss://ws.okx.com:8443/ws/v5/public',
    carries: (symbol) => symbols.test(symbol) || indexes.contractOf(symbol) !== undefined,
    ...bothWays(['subscribe', 'unsubscribe'], (op, wanted) =>
      subscribeFrames(wanted, SYMBOLS_PER_FRAME_MAX, (batch, number) => ({
        id: String(number),
        op,
        args: batch.flatMap((symbol) => argumentsOf(symbol, indexes.contractOf(symbol))),
      })),
    ),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: 'ping' },
    cadenceMs: CADENCE_MS,
    indexCadenceMs: INDEX_CADENCE_MS,
    createParser: () => new FormedParser(new OkxReader(indexes)),
  }
}

/** `index`: the name that the venue gives to it, of an index price. */
function argumentsOf(symbol: string, index: string | undefined): readonly object[] {
  if (index !== undefined) return [{ channel: INDEX_CHANNEL, instId: index }]
  const mark = { channel: MARK_CHANNEL, instId: symbol }
  return PERPETUAL.test(symbol) ? [mark, { channel: FUNDING_CHANNEL, instId: symbol }] : [mark]
}

const NAMES: FrameNames = {
  names: ['event', 'arg', 'channel', 'data', 'instId', 'markPx', 'idxPx', 'ts', 'fundingRate', 'fundingTime'],
  prices: ['markPx', 'idxPx'],
  kinds: ['channel'],
}

class OkxReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = jsonOf
  readonly #funding = new Map<string, OwnFunding>()
  readonly #indexes: IndexCarriers

  constructor(indexes: IndexCarriers) {
    this.#indexes = indexes
  }

  take(message: unknown, frame: string, sink: FrameSink, isFormed: boolean): FrameKind {
    // The answer to a ping is a bare word, not JSON.
    if (frame === 'pong') return 'heartbeat'
    if (!isObject(message)) return 'malformed'
    const { event, arg, data } = message
    const once = isFormed ? undefined : frame
    if (event !== undefined) return this.#reply(frame, message, sink)
    if (!isObject(arg) || !Array.isArray(data)) return 'malformed'
    if (arg.channel === MARK_CHANNEL) return this.#marks(once, data, sink)
    if (arg.channel === INDEX_CHANNEL) return this.#indexPrices(once, data, sink)
    return arg.channel === FUNDING_CHANNEL ? this.#rates(data) : 'ignored'
  }

  /** Each push is the whole state; there is no sequence, and only `ts` orders it. */
  #marks(frame: string | undefined, data: readonly unknown[], sink: FrameSink): FrameKind {
    return eachStated(frame, data, 'markPx', {
      take: ({ instId, markPx, ts }) =>
        sink.price('mark', instId, markPx, Number(ts), this.#funding.get(instId)),
      miss: (instId) => sink.noMark(instId, undefined),
    })
  }

  /** The venue answers each argument by itself. An error names the instrument in its text, unless it is about the request. */
  #reply(frame: string, { event, arg }: JsonObject, sink: FrameSink): FrameKind {
    if (event === 'error') {
      const named = /instId:([^\s,"]+)/.exec(frame)?.[1]
      const symbol = named === undefined ? undefined : (this.#indexes.nameOf(named) ?? named)
      const isOurs = symbol !== undefined && (symbol !== named || isSymbol(symbol))
      sink.rejected(isOurs ? symbol : 'request', frame)
      return 'rejected'
    }
    if (event !== 'subscribe' || !isObject(arg) || !isSymbol(arg.instId)) return 'ignored'
    const name = arg.channel === INDEX_CHANNEL ? this.#indexes.nameOf(arg.instId) : undefined
    if (name === undefined && arg.channel !== MARK_CHANNEL) return 'ignored'
    sink.acknowledged([name ?? arg.instId])
    return 'acknowledged'
  }

  /** Indexes that we do not know are passed over. */
  #indexPrices(frame: string | undefined, data: readonly unknown[], sink: FrameSink): FrameKind {
    return eachStated(frame, data, 'idxPx', {
      take: ({ instId, idxPx, ts }) => {
        const name = this.#indexes.nameOf(instId)
        if (name !== undefined) sink.price('index', name, idxPx, Number(ts), undefined)
      },
      miss: (instId) => sink.noMark(instId && this.#indexes.nameOf(instId), undefined),
    })
  }

  #rates(data: readonly unknown[]): FrameKind {
    for (const entry of data) {
      if (!isObject(entry) || !isSymbol(entry.instId)) return 'malformed'
      if (!this.#funding.has(entry.instId) && this.#funding.size >= SYMBOLS_PER_PARSER_MAX) continue
      const funding = this.#funding.get(entry.instId) ?? {
        fundingRate: undefined,
        nextFundingTimeMs: undefined,
      }
      this.#funding.set(entry.instId, funding)
      funding.fundingRate = rateOrUndefined(entry.fundingRate)
      // `nextFundingTime` is the settlement after the next one.
      funding.nextFundingTimeMs = timeOf(entry.fundingTime)
    }
    return 'ignored'
  }
}

type Stated<Price extends string> = { readonly instId: string; readonly ts: string } & Readonly<
  Record<Price, string>
>

/** Whether an entry states a price in that field, with its instrument and time. */
function states<Price extends 'markPx' | 'idxPx'>(entry: unknown, price: Price): entry is Stated<Price> {
  if (!isObject(entry)) return false
  return isSymbol(entry.instId) && isPrice(entry[price]) && timeOf(entry.ts) !== undefined
}

/**
 * Takes the entries of a push that state a price, and misses each of the others by its instrument, if it names one. If one entry
 * states its price twice, the whole push is malformed, since finding the entry is costly. `frame`: undefined where none does.
 */
function eachStated<Price extends 'markPx' | 'idxPx'>(
  frame: string | undefined,
  data: readonly unknown[],
  price: Price,
  { take, miss }: { take(entry: Stated<Price>): void; miss(instId: string | undefined): void },
): FrameKind {
  let stated = 0
  for (const entry of data) if (isObject(entry) && price in entry) stated++
  if (frame !== undefined && timesStated(frame, `${price}"`) !== stated) return 'malformed'
  let ticks = 0
  for (const entry of data) {
    if (states(entry, price)) {
      ticks++
      take(entry)
    } else miss(isObject(entry) && isSymbol(entry.instId) ? entry.instId : undefined)
  }
  return ticks > 0 ? 'ticks' : 'malformed'
}
