import type { FrameKind, FrameSink, SocketSource } from '../domain/index.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import { isObject, isSymbol, type JsonObject } from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { frameKeepingDigits, priceOfFrame, timeOfIso } from './numbers.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const CHANNEL = 'ticker'
const SYMBOLS_PER_FRAME_MAX = 100
/** The venue states no limit. */
const SYMBOLS_PER_CONNECTION_MAX = 500
const REQUESTS_PER_SECOND_MAX = 10
/** A ticker comes with each change of the best bid or offer. Thin pairs may be quiet for seconds. */
const CADENCE_MS = 5_000
/** The venue closes a connection that is silent on both sides for 60 s. */
const HEARTBEAT_EVERY_MS = 30_000

/** XBTUSD, ETHXBT: as `OpenPositions` names a pair, base and quote as its two groups. */
export const KRAKEN_PAIR = /^([A-Z\d]{2,20}?)(USDT|USDC|USD|EUR|GBP|CAD|AUD|CHF|JPY|XBT|ETH)$/
/** Assets that the spot stream calls otherwise. */
const STREAM_NAMES: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' }
const OWN_NAMES = new Map(Object.entries(STREAM_NAMES).map(([own, streamed]) => [streamed, own]))
/** Pairs of which one parser keeps the name; that of a further one is made anew each time. */
const NAMES_MAX = 4_096

/** XBTUSD of BTC/USD, xbt/usd and BTCUSD; undefined of what names no pair. */
export function krakenPairOf(text: string): string | undefined {
  const stated = text.toUpperCase()
  const [base = '', quote = '', ...rest] = stated.includes('/')
    ? stated.split('/')
    : (KRAKEN_PAIR.exec(stated)?.slice(1) ?? [])
  const pair = `${OWN_NAMES.get(base) ?? base}${OWN_NAMES.get(quote) ?? quote}`
  return rest.length === 0 && KRAKEN_PAIR.test(pair) ? pair : undefined
}

/**
 * `ticker` of Kraken spot ("WebSocket API v2"). The spot exchange publishes no mark: it values positions on spot margin at the last
 * trade, which each ticker states again, whatever has changed.
 */
export function krakenSpotStream(): SocketSource {
  return {
    kind: 'socket',
    id: 'kraken-spot',
    url: 'wss://ws.kraken.com/v2',
    carries: (symbol) => KRAKEN_PAIR.test(symbol),
    ...bothWays(['subscribe', 'unsubscribe'], (method, wanted) =>
      subscribeFrames(wanted, SYMBOLS_PER_FRAME_MAX, (symbols, number) => ({
        method,
        params: { channel: CHANNEL, symbol: symbols.map(streamedOf), event_trigger: 'bbo' },
        req_id: number,
      })),
    ),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: '{"method":"ping"}' },
    cadenceMs: CADENCE_MS,
    // The snapshot of a ticker without `timestamp`, as older ones are.
    statesStoredFirst: true,
    createParser: () => new FormedParser(new KrakenSpotReader()),
  }
}

const NAMES: FrameNames = {
  names: ['channel', 'method', 'data', 'symbol', 'last', 'timestamp', 'success', 'result'],
  kinds: ['channel'],
  keepsDigits: true,
}

class KrakenSpotReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = (frame: string) => frameKeepingDigits(frame, NAMES.names)
  readonly #pairs = new Map<string, string>()

  take(message: unknown, frame: string, sink: FrameSink): FrameKind {
    if (!isObject(message)) return 'malformed'
    if (message.method !== undefined) return this.#answer(frame, message, sink)
    const { channel, data } = message
    if (channel === 'heartbeat') return 'heartbeat'
    if (channel !== CHANNEL) return typeof channel === 'string' ? 'ignored' : 'malformed'
    return Array.isArray(data) ? this.#tickers(data, sink) : 'malformed'
  }

  #tickers(entries: readonly unknown[], sink: FrameSink): FrameKind {
    let ticks = 0
    for (const entry of entries) {
      const { symbol, last, timestamp } = isObject(entry) ? entry : ({} as JsonObject)
      const pair = this.#pairOf(symbol)
      const price = priceOfFrame(last)
      const timeMs = timestamp === undefined ? undefined : timeOfIso(timestamp)
      if (pair === undefined || price === undefined || (timestamp !== undefined && timeMs === undefined)) {
        sink.noMark(pair, undefined)
        continue
      }
      sink.price('mark', pair, price, timeMs, undefined, 'last-trade')
      ticks++
    }
    return ticks > 0 ? 'ticks' : 'malformed'
  }

  /** The venue answers each pair by itself. */
  #answer(frame: string, { method, success, result, symbol }: JsonObject, sink: FrameSink): FrameKind {
    if (method === 'pong') return 'heartbeat'
    if (success === false) {
      sink.rejected(this.#pairOf(symbol) ?? 'request', frame)
      return 'rejected'
    }
    const pair = isObject(result) && result.channel === CHANNEL ? this.#pairOf(result.symbol) : undefined
    if (method !== 'subscribe' || success !== true || pair === undefined) return 'ignored'
    sink.acknowledged([pair])
    return 'acknowledged'
  }

  /** XBTUSD of BTC/USD. Each name is made once, so that a tick makes no text. */
  #pairOf(streamed: unknown): string | undefined {
    if (!isSymbol(streamed)) return undefined
    const known = this.#pairs.get(streamed)
    if (known !== undefined) return known
    const [base = '', quote = '', ...rest] = streamed.split('/')
    const pair = `${OWN_NAMES.get(base) ?? base}${OWN_NAMES.get(quote) ?? quote}`
    if (rest.length > 0 || !KRAKEN_PAIR.test(pair) || streamedOf(pair) !== streamed) return undefined
    if (this.#pairs.size < NAMES_MAX) this.#pairs.set(streamed, pair)
    return pair
  }
}

/** BTC/USD of XBTUSD. */
function streamedOf(pair: string): string {
  const [, base = '', quote = ''] = KRAKEN_PAIR.exec(pair) ?? []
  return `${STREAM_NAMES[base] ?? base}/${STREAM_NAMES[quote] ?? quote}`
}
