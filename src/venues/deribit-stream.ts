import type { FrameKind, FrameSink, SocketSource } from '../domain/index.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import { isObject, type JsonObject } from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { IndexCarriers } from './index-names.ts'
import { frameKeepingDigits, isNameOfFrame, priceOfFrame, timeOf } from './numbers.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const CHANNEL = /^ticker\.(.+)\.(?:raw|100ms|agg2)$/
/** Finds pair and expiry in the name of an option. */
const OPTION = /^([^-]+-\d{1,2}[A-Z]{3}\d{2})-.+-[CP]$/
const SYNTHETIC = 'SYN.'
const channelOf = (symbol: string) => `ticker.${symbol}.100ms`
/** Perpetuals state the index price of their coin, in dollars or in USDC. */
const CARRIERS = new IndexCarriers([
  { currency: 'USD', contractOf: (asset) => `${asset}-PERPETUAL`, contract: /^([A-Z\d]+)-PERPETUAL$/ },
  {
    currency: 'USDC',
    contractOf: (asset) => `${asset}_USDC-PERPETUAL`,
    contract: /^([A-Z\d]+)_USDC-PERPETUAL$/,
  },
])
const instrumentOf = (symbol: string) => CARRIERS.contractOf(symbol) ?? symbol

const SYMBOLS_PER_FRAME_MAX = 100
/** The venue takes 500 channels on a connection. */
const SYMBOLS_PER_CONNECTION_MAX = 500
/** The venue allows about 3.3 subscriptions a second. */
const REQUESTS_PER_SECOND_MAX = 3
/** At most one ticker in 100 ms, only after a change. A quiet option changes with its index, which moves every second. */
const CADENCE_MS = 5_000
const HEARTBEAT_EVERY_MS = 20_000
/** Number of the heartbeat's request; those of subscriptions count from 1. */
const HEARTBEAT_ID = 0

/** `ticker.{instrument}.100ms` of futures, perpetuals and options (JSON-RPC over WebSocket, v2). */
export function deribitStream(symbols: RegExp): SocketSource {
  return {
    kind: 'socket',
    id: 'deribit-public',
    url: 'wss://www.deribit.com/ws/api/v2',
    carries: (symbol) => symbols.test(instrumentOf(symbol)),
    channelOf: instrumentOf,
    ...bothWays(['public/subscribe', 'public/unsubscribe'], (method, wanted) =>
      subscribeFrames(
        wanted,
        SYMBOLS_PER_FRAME_MAX,
        (batch, id) => ({
          jsonrpc: '2.0',
          id,
          method,
          params: { channels: batch.map(channelOf) },
        }),
        instrumentOf,
      ),
    ),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: {
      everyMs: HEARTBEAT_EVERY_MS,
      frame: JSON.stringify({ jsonrpc: '2.0', id: HEARTBEAT_ID, method: 'public/test', params: {} }),
    },
    cadenceMs: CADENCE_MS,
    createParser: () => new FormedParser(READER),
  }
}

const NAMES: FrameNames = {
  names: [
    'id',
    'result',
    'error',
    'method',
    'params',
    'type',
    'channel',
    'data',
    'instrument_name',
    'mark_price',
    'index_price',
    'timestamp',
    'underlying_index',
    'underlying_price',
  ],
  kinds: ['method'],
  keepsDigits: true,
}

const READER: MessageReader = {
  names: NAMES,
  valueOf: (frame) => frameKeepingDigits(frame, NAMES.names),
  take(message, frame, sink) {
    if (!isObject(message)) return 'malformed'
    const { method, params } = message
    if (method === undefined) return replyKind(frame, message, sink)
    if (method === 'heartbeat') return heartbeat(params, sink)
    if (method !== 'subscription') return 'ignored'
    if (!isObject(params) || typeof params.channel !== 'string') return 'malformed'
    const [, symbol] = CHANNEL.exec(params.channel) ?? []
    return symbol === undefined ? 'ignored' : ticker(symbol, params.data, sink)
  },
}

/** Each ticker is the whole state. An inverse option has its mark in coin. */
function ticker(symbol: string, data: unknown, sink: FrameSink): FrameKind {
  if (!isObject(data) || !isNameOfFrame(symbol) || data.instrument_name !== symbol) return 'malformed'
  const price = priceOfFrame(data.mark_price)
  const timeMs = timeOf(data.timestamp)
  if (price === undefined || timeMs === undefined) return 'malformed'
  // Funding is paid continuously: there is no next rate.
  sink.price('mark', symbol, price, timeMs, undefined)
  const underlying = unlistedUnderlyingOf(symbol, data)
  if (underlying !== undefined) sink.price('mark', underlying.symbol, underlying.price, timeMs, undefined)
  const indexPrice = priceOfFrame(data.index_price)
  const name = indexPrice === undefined ? undefined : CARRIERS.nameOf(symbol)
  if (name !== undefined) sink.price('index', name, indexPrice!, timeMs, undefined)
  return 'ticks'
}

/**
 * What an option of an expiry without a future is priced from: its ticker alone states it, since no instrument of the venue has
 * the name under which the rules ask for it. `underlying_index` is `SYN.` and that name, or `index_price`; of a listed future it
 * is the future, whose own ticker states its mark.
 */
function unlistedUnderlyingOf(option: string, { underlying_index: stated, underlying_price }: JsonObject) {
  const [, symbol] = OPTION.exec(option) ?? []
  const price = priceOfFrame(underlying_price)
  if (symbol === undefined || price === undefined) return undefined
  return stated === `${SYNTHETIC}${symbol}` || stated === 'index_price' ? { symbol, price } : undefined
}

/** The venue asks for a sign of life where a client has set a heartbeat. */
function heartbeat(params: unknown, sink: FrameSink): FrameKind {
  if (isObject(params) && params.type === 'test_request') {
    sink.reply(JSON.stringify({ jsonrpc: '2.0', id: HEARTBEAT_ID, method: 'public/test', params: {} }))
  }
  return 'heartbeat'
}

/** The answer to a subscription lists the channels that the venue takes; it leaves the others out without a word. */
function replyKind(frame: string, { id, result, error }: JsonObject, sink: FrameSink): FrameKind {
  if (error !== undefined) {
    sink.rejected('request', frame)
    return 'rejected'
  }
  if (id === String(HEARTBEAT_ID)) return 'heartbeat'
  if (!Array.isArray(result)) return 'ignored'
  const symbols = result.flatMap((channel) =>
    typeof channel === 'string' ? (CHANNEL.exec(channel)?.slice(1) ?? []) : [],
  )
  sink.acknowledged(symbols.filter(isNameOfFrame))
  return 'acknowledged'
}
