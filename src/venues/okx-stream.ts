import {
  type FrameKind,
  type FrameParser,
  type FrameSink,
  isPrice,
  type SocketSource,
} from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import {
  isObject,
  isSymbol,
  type JsonObject,
  type OwnFunding,
  rateOrUndefined,
  timesStated,
} from './frame.ts'
import { timeOf } from './numbers.ts'
import { subscribeFrames } from './subscribe.ts'

const MARK_CHANNEL = 'mark-price'
const FUNDING_CHANNEL = 'funding-rate'
/** Only perpetuals pay funding. */
const PERPETUAL = /-SWAP$/

const SYMBOLS_PER_FRAME_MAX = 60
/** The venue takes 480 subscriptions an hour on a connection, and a perpetual has two. */
const SYMBOLS_PER_CONNECTION_MAX = 240
/** The venue allows 3 connections a second and states no rate of requests. */
const REQUESTS_PER_SECOND_MAX = 3
/** A mark that does not change is repeated every 10 s, one that does at most every 200 ms. */
const CADENCE_MS = 10_000
/** The venue closes a connection on which nothing was sent for 30 s. */
const HEARTBEAT_EVERY_MS = 20_000
/** Symbols whose funding one parser remembers. */
const SYMBOLS_PER_PARSER_MAX = 4_096

/** `mark-price` of swaps and dated futures, and `funding-rate` of swaps ("WebSocket", "Public data"). */
export function okxStream(symbols: RegExp): SocketSource {
  return {
    kind: 'socket',
    id: 'okx-public',
    url: 'wss://ws.okx.com:8443/ws/v5/public',
    carries: (symbol) => symbols.test(symbol),
    subscribe: (wanted) =>
      subscribeFrames(wanted, SYMBOLS_PER_FRAME_MAX, (batch, number) => ({
        id: String(number),
        op: 'subscribe',
        args: batch.flatMap((instId) => [
          { channel: MARK_CHANNEL, instId },
          ...(PERPETUAL.test(instId) ? [{ channel: FUNDING_CHANNEL, instId }] : []),
        ]),
      })),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: 'ping' },
    cadenceMs: CADENCE_MS,
    createParser: () => new OkxParser(),
  }
}

class OkxParser implements FrameParser {
  readonly #funding = new Map<string, OwnFunding>()

  parse(frame: string, sink: FrameSink): FrameKind {
    // The answer to a ping is a bare word, not JSON.
    if (frame === 'pong') return 'heartbeat'
    const message = jsonOf(frame)
    if (!isObject(message)) return 'malformed'
    const { event, arg, data } = message
    if (event !== undefined) return replyKind(frame, message, sink)
    if (!isObject(arg) || !Array.isArray(data)) return 'malformed'
    if (arg.channel === MARK_CHANNEL) return this.#marks(frame, data, sink)
    return arg.channel === FUNDING_CHANNEL ? this.#rates(data) : 'ignored'
  }

  /** Each push is the whole state; there is no sequence, and only `ts` orders it. */
  #marks(frame: string, data: readonly unknown[], sink: FrameSink): FrameKind {
    if (data.length === 0 || timesStated(frame, 'markPx"') !== data.length) return 'malformed'
    if (!data.every(isMark)) return 'malformed'
    for (const { instId, markPx, ts } of data) {
      sink.price('mark', instId, markPx, Number(ts), this.#funding.get(instId))
    }
    return 'ticks'
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

interface Mark {
  readonly instId: string
  readonly markPx: string
  readonly ts: string
}

function isMark(entry: unknown): entry is Mark {
  if (!isObject(entry)) return false
  return isSymbol(entry.instId) && isPrice(entry.markPx) && timeOf(entry.ts) !== undefined
}

/** The venue answers each argument by itself. An error names the instrument in its text, unless it is about the request. */
function replyKind(frame: string, { event, arg }: JsonObject, sink: FrameSink): FrameKind {
  if (event === 'error') {
    const symbol = /instId:([^\s,"]+)/.exec(frame)?.[1]
    sink.rejected(isSymbol(symbol) ? symbol : 'request', frame)
    return 'rejected'
  }
  if (event !== 'subscribe' || !isObject(arg)) return 'ignored'
  if (arg.channel !== MARK_CHANNEL || !isSymbol(arg.instId)) return 'ignored'
  sink.acknowledged([arg.instId])
  return 'acknowledged'
}
