import type { FrameKind, FrameSink, SocketSource } from '../domain/index.ts'
import { middleOf } from './book-middle.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import { isObject, type JsonObject } from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { frameKeepingDigits, isNameOfFrame, timeOfIso } from './numbers.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const CHANNEL = 'ticker'
const HEARTBEATS = 'heartbeats'
const SYMBOLS_PER_FRAME_MAX = 100
/** The venue states no limit. */
const SYMBOLS_PER_CONNECTION_MAX = 500
/** The venue takes 8 messages a second from an address. */
const REQUESTS_PER_SECOND_MAX = 4
/** A ticker comes with each match. The book of a contract in which nobody trades for 25 s is an old one. */
const CADENCE_MS = 5_000
/** The venue closes a channel without updates after 60 to 90 s; its own sign of life, each second, counts as one. */
const HEARTBEAT_EVERY_MS = 10_000

/** BIP-20DEC30-CDE, BIT-24APR26-CDE. */
export const CFM_CONTRACT = /^[A-Z\d]+-\d{1,2}[A-Z]{3}\d{2}-CDE$/

/**
 * `ticker` of the US futures (Advanced Trade WebSocket). The exchange publishes no mark: halfway between the best bid and the best
 * ask, which each ticker states, stands for it. The settlement price, by which margin moves once a day, is in no channel.
 */
export const coinbaseCfmStream: SocketSource = {
  kind: 'socket',
  id: 'coinbase-cfm',
  url: 'wss://advanced-trade-ws.coinbase.com',
  carries: (symbol) => CFM_CONTRACT.test(symbol),
  ...bothWays(['subscribe', 'unsubscribe'], (type, wanted) =>
    subscribeFrames(wanted, SYMBOLS_PER_FRAME_MAX, (product_ids) => ({
      type,
      product_ids,
      channel: CHANNEL,
    })),
  ),
  symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
  requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
  // Asked for again and again: what the venue sends then, once a second, answers every time.
  heartbeat: {
    everyMs: HEARTBEAT_EVERY_MS,
    frame: JSON.stringify({ type: 'subscribe', channel: HEARTBEATS }),
  },
  cadenceMs: CADENCE_MS,
  createParser: () => new FormedParser(READER),
}

const NAMES: FrameNames = {
  names: [
    'channel',
    'type',
    'timestamp',
    'events',
    'tickers',
    'product_id',
    'best_bid',
    'best_ask',
    'subscriptions',
    'ticker',
  ],
  prices: ['best_bid', 'best_ask'],
  kinds: ['channel', 'type'],
}

const READER: MessageReader = {
  names: NAMES,
  valueOf: (frame) => frameKeepingDigits(frame, NAMES.names),
  take(message, frame, sink) {
    if (!isObject(message)) return 'malformed'
    const { channel, type, events, timestamp } = message
    if (type === 'error') {
      sink.rejected('request', frame)
      return 'rejected'
    }
    if (channel === HEARTBEATS) return 'heartbeat'
    if (channel === 'subscriptions') return subscriptions(events, sink)
    if (channel !== CHANNEL) return typeof channel === 'string' ? 'ignored' : 'malformed'
    const timeMs = timeOfIso(timestamp)
    return Array.isArray(events) && timeMs !== undefined ? tickers(events, timeMs, sink) : 'malformed'
  },
}

function tickers(events: readonly unknown[], timeMs: number, sink: FrameSink): FrameKind {
  let read = 0
  for (const event of events) {
    if (!isObject(event) || !Array.isArray(event.tickers)) return read > 0 ? 'ticks' : 'malformed'
    for (const entry of event.tickers) if (ticker(entry, timeMs, sink)) read++
  }
  return read > 0 ? 'ticks' : 'malformed'
}

/** Whether the entry says what the book of a contract is. A side without an order is an empty text. */
function ticker(entry: unknown, timeMs: number, sink: FrameSink): boolean {
  const { product_id, best_bid, best_ask } = isObject(entry) ? entry : ({} as JsonObject)
  if (!isNameOfFrame(product_id)) {
    sink.noMark(undefined, undefined)
    return false
  }
  const middle = middleOf(best_bid, best_ask)
  const isEmpty = best_bid === '' || best_ask === ''
  if (middle !== undefined) sink.price('mark', product_id, middle, timeMs, undefined, 'book-middle')
  else sink.noMark(product_id, isEmpty ? timeMs : undefined)
  return middle !== undefined || isEmpty
}

/** Each answer lists all contracts that the connection has subscribed to; the venue leaves out what it does not know. */
function subscriptions(events: unknown, sink: FrameSink): FrameKind {
  const listed = (Array.isArray(events) ? events : []).flatMap((event) => {
    const { [CHANNEL]: ids } = isObject(event) && isObject(event.subscriptions) ? event.subscriptions : {}
    return Array.isArray(ids) ? ids.filter(isNameOfFrame) : []
  })
  if (listed.length === 0) return 'ignored'
  sink.acknowledged(listed)
  return 'acknowledged'
}
