import type { Decimal, FrameKind, FrameParser, FrameSink, SocketSource } from '../domain/index.ts'
import { isObject, isSymbol, type JsonObject, type OwnFunding } from './frame.ts'
import { IndexCarriers } from './index-names.ts'
import { frameKeepingDigits, priceOfFrame, rateOfFrame } from './numbers.ts'
import { subscribeFrames } from './subscribe.ts'

const TABLE = 'instrument'
const TOPIC_PREFIX = `${TABLE}:`

const SYMBOLS_PER_FRAME_MAX = 20
const SYMBOLS_PER_CONNECTION_MAX = 200
const REQUESTS_PER_SECOND_MAX = 5
/** Marks are on a grid of half a second in 2026, of five seconds in 2021. */
const CADENCE_MS = 5_000
const HEARTBEAT_EVERY_MS = 5_000

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
    subscribe: (wanted) =>
      subscribeFrames(
        wanted,
        SYMBOLS_PER_FRAME_MAX,
        (batch) => ({ op: 'subscribe', args: batch.map((symbol) => `${TOPIC_PREFIX}${symbol}`) }),
        channelOf,
      ),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: 'ping' },
    cadenceMs: CADENCE_MS,
    createParser: () => new BitmexParser(),
  }
}

/** The row of a symbol since its partial. A column that an update lacks has not changed. */
interface Row extends OwnFunding {
  markPrice: Decimal | undefined
  indexPrice: Decimal | undefined
}

class BitmexParser implements FrameParser {
  readonly #rows = new Map<string, Row>()

  parse(frame: string, sink: FrameSink): FrameKind {
    // The answer to a ping is a bare word, not JSON.
    if (frame === 'pong') return 'heartbeat'
    const message = frameKeepingDigits(frame)
    if (!isObject(message)) return 'malformed'
    const { table, action, data } = message
    if (table === undefined) return replyKind(frame, message, sink)
    if (table !== TABLE) return 'ignored'
    if (!Array.isArray(data) || !data.every(isRow)) return 'malformed'
    switch (action) {
      case 'partial':
      case 'insert':
        return this.#whole(data, sink)
      case 'update':
        return this.#changed(data, sink)
      case 'delete':
        for (const { symbol } of data) this.#rows.delete(symbol)
        return 'ignored'
      default:
        return 'malformed'
    }
  }

  #whole(data: readonly StatedRow[], sink: FrameSink): FrameKind {
    if (data.length === 0) return 'ignored'
    for (const { symbol } of data) {
      this.#rows.set(symbol, {
        markPrice: undefined,
        indexPrice: undefined,
        fundingRate: undefined,
        nextFundingTimeMs: undefined,
      })
    }
    return this.#changed(data, sink)
  }

  /** What comes before the partial of its symbol belongs to an image that this connection does not have. */
  #changed(data: readonly StatedRow[], sink: FrameSink): FrameKind {
    const known = data.filter(({ symbol }) => this.#rows.has(symbol))
    if (known.length === 0) return 'ignored'
    const times = known.map(({ timestamp }) => timeOfIso(timestamp))
    const marks = known.map(({ markPrice }) => priceOfFrame(markPrice))
    const isBad = known.some(
      ({ markPrice }, index) =>
        times[index] === undefined || (markPrice !== undefined && marks[index] === undefined),
    )
    if (isBad) {
      // The new mark cannot be read, so later frames without a mark confirm nothing.
      for (const { symbol } of known) this.#rows.get(symbol)!.markPrice = undefined
      return 'malformed'
    }
    known.forEach((stated, index) => {
      this.#tick(stated, marks[index], times[index]!, sink)
    })
    return 'ticks'
  }

  #tick(stated: StatedRow, mark: Decimal | undefined, timeMs: number, sink: FrameSink): void {
    const row = this.#rows.get(stated.symbol)!
    if (stated.fundingRate !== undefined) row.fundingRate = rateOfFrame(stated.fundingRate)
    if (stated.fundingTimestamp !== undefined) row.nextFundingTimeMs = timeOfIso(stated.fundingTimestamp)
    if (mark !== undefined) {
      row.markPrice = mark
      sink.price('mark', stated.symbol, mark, timeMs, row)
    } else if (row.markPrice !== undefined) sink.unchanged(stated.symbol, timeMs, row)
    // `indexPrice` of other venues has this name here.
    const { indicativeSettlePrice } = stated
    if (indicativeSettlePrice !== undefined) row.indexPrice = priceOfFrame(indicativeSettlePrice)
    const name = row.indexPrice === undefined ? undefined : CARRIERS.nameOf(stated.symbol)
    if (name !== undefined) sink.price('index', name, row.indexPrice!, timeMs, undefined)
  }
}

interface StatedRow extends JsonObject {
  readonly symbol: string
}

function isRow(value: unknown): value is StatedRow {
  return isObject(value) && isSymbol(value.symbol)
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z$/

function timeOfIso(value: unknown): number | undefined {
  if (typeof value !== 'string' || !ISO.test(value)) return undefined
  const timeMs = Date.parse(value)
  return timeMs > 0 ? timeMs : undefined
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
  return isSymbol(symbol) ? symbol : undefined
}
