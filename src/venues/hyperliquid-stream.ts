import type { FrameKind, FrameSink, SocketSource } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import { isObject, isSymbol, type OwnFunding, priceOfForm, rateOrUndefined, timesStated } from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { IndexCarriers } from './index-names.ts'
import { subscribeFrames } from './subscribe.ts'

const CHANNEL = 'activeAssetCtx'
/** The coin in the text of an error, which repeats the request. */
const COIN_OF_ERROR = /"coin":"([^"]+)"/
/** The text of an error that refuses nothing. */
const ALREADY = 'Already subscribed'
/** The oracle price of a coin is the index of its contract. Contracts of builders may settle in another asset than USDC. */
export const CARRIERS = new IndexCarriers([
  { currency: 'USDC', contractOf: (asset) => asset, contract: /^(k?[A-Z\d][A-Za-z\d]*)$/ },
])
const coinOf = (symbol: string) => CARRIERS.contractOf(symbol) ?? symbol

/** The venue takes 1,000 subscriptions of an address, over all of its connections; one price needs one. */
const SYMBOLS_PER_CONNECTION_MAX = 1_000
/** The venue takes 2,000 messages a minute of an address. */
const REQUESTS_PER_SECOND_MAX = 20
/** Validators publish mark and oracle about every three seconds; a context is sent when one of its fields has changed. */
const CADENCE_MS = 5_000
/** The venue closes a connection to which it has sent nothing for 60 s. */
const HEARTBEAT_EVERY_MS = 25_000

/**
 * `activeAssetCtx` of one coin: its whole context, without a time. The first one is what the venue has stored, also while the chain
 * is halted. `allMids` has no mark prices.
 */
export function hyperliquidStream(symbols: RegExp): SocketSource {
  return {
    kind: 'socket',
    id: 'hyperliquid-public',
    url: 'wss://api.hyperliquid.xyz/ws',
    carries: (symbol) => symbols.test(coinOf(symbol)),
    channelOf: coinOf,
    subscribe: (wanted) =>
      subscribeFrames(
        wanted,
        1,
        ([coin]) => ({ method: 'subscribe', subscription: { type: CHANNEL, coin } }),
        coinOf,
      ),
    symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
    requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
    heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: '{"method":"ping"}' },
    cadenceMs: CADENCE_MS,
    statesStoredFirst: true,
    createParser: () => new FormedParser(new HyperliquidReader()),
  }
}

const NAMES: FrameNames = {
  names: [
    'channel',
    'data',
    'ctx',
    'coin',
    'markPx',
    'oraclePx',
    'funding',
    'method',
    'subscription',
    'type',
  ],
  prices: ['markPx', 'oraclePx'],
  kinds: ['channel'],
}

class HyperliquidReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = jsonOf
  readonly #funding: OwnFunding = { fundingRate: undefined, nextFundingTimeMs: undefined }

  take(message: unknown, frame: string, sink: FrameSink, isFormed: boolean): FrameKind {
    if (!isObject(message)) return 'malformed'
    const { channel, data } = message
    if (channel === CHANNEL) return this.#context(frame, data, sink, isFormed)
    if (channel === 'pong') return 'heartbeat'
    if (channel === 'subscriptionResponse') return taken(data, sink)
    if (channel === 'error') return refused(frame, data, sink)
    return typeof channel === 'string' ? 'ignored' : 'malformed'
  }

  #context(frame: string, data: unknown, sink: FrameSink, isFormed: boolean): FrameKind {
    if (!isObject(data) || !isObject(data.ctx)) return 'malformed'
    const { coin, ctx } = data
    const price = priceOfForm(ctx.markPx, isFormed)
    const isOnce = isFormed || timesStated(frame, 'markPx"') === 1
    if (!isSymbol(coin) || price === undefined || !isOnce) return 'malformed'
    // The running estimate of the hour, which is paid at its end.
    this.#funding.fundingRate = rateOrUndefined(ctx.funding)
    sink.price('mark', coin, price, undefined, this.#funding)
    const oraclePrice = priceOfForm(ctx.oraclePx, isFormed)
    const name = oraclePrice === undefined ? undefined : CARRIERS.nameOf(coin)
    if (name !== undefined && (isFormed || timesStated(frame, 'oraclePx"') === 1))
      sink.price('index', name, oraclePrice!, undefined, undefined)
    return 'ticks'
  }
}

/** The venue answers each request by repeating it. */
function taken(data: unknown, sink: FrameSink): FrameKind {
  const subscription = isObject(data) && data.method === 'subscribe' ? data.subscription : undefined
  if (!isObject(subscription)) return 'ignored'
  const { type, coin } = subscription
  if (type !== CHANNEL || !isSymbol(coin)) return 'ignored'
  sink.acknowledged([coin])
  return 'acknowledged'
}

/** The text of an error repeats the request that it answers. */
function refused(frame: string, data: unknown, sink: FrameSink): FrameKind {
  if (typeof data !== 'string') return 'malformed'
  const [, coin] = COIN_OF_ERROR.exec(data) ?? []
  if (data.startsWith(ALREADY)) return 'ignored'
  sink.rejected(coin !== undefined && isSymbol(coin) ? coin : 'request', frame)
  return 'rejected'
}
