import { type Decimal, type FrameKind, type FrameSink, ownText, type SocketSource } from '../domain/index.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import { isObject, type JsonObject, type OwnFunding } from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { IndexCarriers } from './index-names.ts'
import { frameKeepingDigits, isNameOfFrame, priceOfFrame, rateOfFrame, timeOfIso } from './numbers.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const TABLE = 'instrument'
const TOPIC_PREFIX = `${TABLE}:`

const SYMBOLS_PER_FRAME_MAX = 20
const SYMBOLS_PER_CONNECTION_MAX = 200
const REQUESTS_PER_SECOND_MAX = 5
/** Marks are on a grid of half a second in 2026, of five seconds in 2021. */
const CADENCE_MS = 5_000
const HEARTBEAT_EVERY_MS = 5_000
/** Symbols that one parser remembers; rows of further ones are `ignored`. */
const SYMBOLS_PER_PARSER_MAX = 4_096

/**
 * Perpetuals state the index price of their coin. Dated contracts state it too, but near expiry it is an average, at which they
 * settle.
 */
const CARRIERS = new IndexCarriers([
  { currency: 'USD', contractOf: (asset) => `${asset}USD`, contract: /^([A-Z\d]+)USD$/ },
  { currency: 'USDT', contractOf: (asset) => `${asset}USDT`, contract: /^([A-Z\d]+)USDT$/ },
])
const channelOf = (symbol: string) => CARRIERS.contractOf(symbol) ?? symbol

/** The table `instrument` ("WebSocket API"). Index symbols such as .BXBT are instruments of their own and carry no margin. */
export function bitmexStream(symbols: RegExp): SocketSource {
  return {
    kind: 'socket',
    id: 'bitmex-public',
    url: 'wss://ws.bitmex.com/realtime',
    carries: (symbol) => symbols.test(channelOf(symbol)),
    channelOf,
    ...bothWays(['subscribe', 'unsubscribe'], (op, wanted) =>
      subscribeFrames(
        wanted,
        SYMBOLS_PER_FRAME_MAX,
        (batch) => ({ op, args: batch.map((symbol) => `${TOPIC_PREFIX}${symbol}`) }),
        channelOf,
      ),
    ),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: 'ping' },
    cadenceMs: CADENCE_MS,
    createParser: () => new FormedParser(new BitmexReader()),
  }
}

/** The row of a symbol since its partial. A column that an update lacks has not changed. */
interface Row extends OwnFunding {
  markPrice: Decimal | undefined
  indexPrice: Decimal | undefined
}

const NAMES: FrameNames = {
  names: [
    'table',
    'action',
    'filter',
    'data',
    'symbol',
    'timestamp',
    'markPrice',
    'indicativeSettlePrice',
    'fundingRate',
    'fundingTimestamp',
    'success',
    'subscribe',
    'error',
    'request',
    'args',
  ],
  kinds: ['table', 'action'],
  keepsDigits: true,
}

class BitmexReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = (frame: string) => frameKeepingDigits(frame, NAMES.names)
  readonly #rows = new Map<string, Row>()
  /** Symbols whose partial has come, with a row or without. */
  readonly #imaged = new Set<string>()

  take(message: unknown, frame: string, sink: FrameSink): FrameKind {
    // The answer to a ping is a bare word, not JSON.
    if (frame === 'pong') return 'heartbeat'
    if (!isObject(message)) {
      // It may have had any price, so later updates without one confirm nothing.
      for (const row of this.#rows.values()) {
        row.markPrice = undefined
        row.indexPrice = undefined
      }
      return 'malformed'
    }
    const { table, action, data } = message
    if (table === undefined) return replyKind(frame, message, sink)
    if (table !== TABLE) return 'ignored'
    if (!Array.isArray(data)) return 'malformed'
    switch (action) {
      case 'partial':
        this.#begin(message.filter, data)
        break
      case 'insert':
        for (const { symbol } of data.filter(isRow))
          if (this.#imaged.has(symbol)) this.#renew(ownText(symbol))
        break
      case 'update':
        break
      case 'delete':
        for (const { symbol } of data.filter(isRow)) this.#rows.delete(symbol)
        return 'ignored'
      default:
        return 'malformed'
    }
    return this.#changed(data, sink)
  }

  /** The partial of a topic names its symbol as a filter, because it has no row where the venue does not list the symbol yet. */
  #begin(filter: unknown, data: readonly unknown[]): void {
    for (const named of [filter, ...data]) {
      if (!isRow(named) || this.#imaged.size >= SYMBOLS_PER_PARSER_MAX) continue
      const symbol = ownText(named.symbol)
      this.#imaged.add(symbol)
      if (named !== filter) this.#renew(symbol)
    }
  }

  #renew(symbol: string): void {
    this.#rows.set(symbol, {
      markPrice: undefined,
      indexPrice: undefined,
      fundingRate: undefined,
      nextFundingTimeMs: undefined,
    })
  }

  /** What comes before the partial of its symbol belongs to an image that this connection does not have. */
  #changed(data: readonly unknown[], sink: FrameSink): FrameKind {
    let read = 0
    let unreadable = 0
    for (const stated of data) {
      const row = isRow(stated) ? this.#rows.get(stated.symbol) : undefined
      if (!isRow(stated)) {
        unreadable++
        sink.noMark(undefined, undefined)
      } else if (row !== undefined) {
        if (this.#take(stated, row, sink)) read++
        else unreadable++
      }
    }
    if (read > 0) return 'ticks'
    return unreadable > 0 ? 'malformed' : 'ignored'
  }

  /** False for a row that cannot be read. */
  #take(stated: StatedRow, row: Row, sink: FrameSink): boolean {
    const { symbol, markPrice, indicativeSettlePrice } = stated
    const timeMs = timeOfIso(stated.timestamp)
    const mark = priceOfFrame(markPrice)
    if (stated.fundingRate !== undefined) row.fundingRate = rateOfFrame(stated.fundingRate)
    if (stated.fundingTimestamp !== undefined) row.nextFundingTimeMs = timeOfIso(stated.fundingTimestamp)
    // `indexPrice` of other venues has this name here.
    if (indicativeSettlePrice !== undefined) row.indexPrice = priceOfFrame(indicativeSettlePrice)
    // A new mark that cannot be read makes later rows without one confirm nothing.
    if (markPrice !== undefined) row.markPrice = timeMs === undefined ? undefined : mark
    const isMarkReadable = mark !== undefined || markPrice === undefined || markPrice === null
    if (timeMs === undefined || !isMarkReadable) {
      sink.noMark(symbol, undefined)
      return false
    }
    if (mark !== undefined) sink.price('mark', symbol, mark, timeMs, row)
    else if (markPrice === null) sink.noMark(symbol, timeMs)
    else if (row.markPrice !== undefined) sink.unchanged(symbol, timeMs, row)
    const name = row.indexPrice === undefined ? undefined : CARRIERS.nameOf(symbol)
    if (name !== undefined) sink.price('index', name, row.indexPrice!, timeMs, undefined)
    return true
  }
}

interface StatedRow extends JsonObject {
  readonly symbol: string
}

function isRow(value: unknown): value is StatedRow {
  return isObject(value) && isNameOfFrame(value.symbol)
}

/** One acknowledgement a topic. A refusal repeats the request; with several topics it does not say which one is wrong. */
function replyKind(
  frame: string,
  { success, subscribe, error, request }: JsonObject,
  sink: FrameSink,
): FrameKind {
  if (error !== undefined) {
    const args = isObject(request) && Array.isArray(request.args) ? request.args : []
    const symbol = args.length === 1 ? symbolOf(args[0]) : undefined
    sink.rejected(symbol ?? 'request', frame)
    return 'rejected'
  }
  const symbol = symbolOf(subscribe)
  if (success !== true || symbol === undefined) return 'ignored'
  sink.acknowledged([symbol])
  return 'acknowledged'
}

function symbolOf(topic: unknown): string | undefined {
  if (typeof topic !== 'string' || !topic.startsWith(TOPIC_PREFIX)) return undefined
  const symbol = topic.slice(TOPIC_PREFIX.length)
  return isNameOfFrame(symbol) ? symbol : undefined
}
