import type { FrameKind, FrameParser, FrameSink, SocketSource } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { isObject } from './frame.ts'
import { DexContexts } from './hyperliquid-dexs.ts'
import { FastContexts } from './hyperliquid-fast.ts'
import { CARRIERS, hyperliquidStream } from './hyperliquid-stream.ts'
import { subscribeFrames } from './subscribe.ts'

const ALL_DEXS = 'allDexsAssetCtxs'
const FAST = 'fastAssetCtxs'
/** How nearly every frame of the channel of one coin begins. It is read without a look at the rest. */
const ONE_COIN = '{"channel":"activeAssetCtx"'
/** The type in the text of an error, which repeats the request. */
const TYPE_OF_ERROR = /"type":"(allDexsAssetCtxs|fastAssetCtxs)"/
const ALREADY = 'Already subscribed'
const COINS_PER_CONNECTION_MAX = 4_096

/**
 * A channel for each coin; or, where the settings ask for it, one channel that brings all coins: with oracle price and funding
 * (`hyperliquid-all-dexs`), or marks alone, which come first (`hyperliquid-fast`).
 */
export function hyperliquidSources(symbols: RegExp): readonly SocketSource[] {
  const byCoin = hyperliquidStream(symbols)
  const createParser = () => new HyperliquidParser(byCoin.createParser())
  const everyCoin = (id: string, type: string): SocketSource => ({
    ...byCoin,
    id,
    isOptIn: true,
    statesEveryMarket: true,
    channelOf: () => type,
    subscribe: (wanted) =>
      subscribeFrames(
        wanted,
        1,
        ([channel]) => ({ method: 'subscribe', subscription: { type: channel } }),
        () => type,
      ),
    symbolsPerConnectionMax: COINS_PER_CONNECTION_MAX,
    createParser,
  })
  return [
    { ...byCoin, createParser },
    everyCoin('hyperliquid-all-dexs', ALL_DEXS),
    // It states no oracle price.
    { ...everyCoin('hyperliquid-fast', FAST), carries: (symbol) => symbols.test(symbol) },
  ]
}

/** Reads the channels of all coins, and gives what is of one coin to the parser of that channel. */
class HyperliquidParser implements FrameParser {
  readonly #ofOneCoin: FrameParser
  readonly #dexs = new DexContexts(CARRIERS)
  readonly #fast = new FastContexts()

  constructor(ofOneCoin: FrameParser) {
    this.#ofOneCoin = ofOneCoin
  }

  parse(frame: string, sink: FrameSink): FrameKind {
    if (frame.startsWith(ONE_COIN)) return this.#ofOneCoin.parse(frame, sink)
    const message = jsonOf(frame)
    if (!isObject(message)) return 'malformed'
    const { channel, data } = message
    if (channel === ALL_DEXS) return this.#dexs.parse(frame, data, sink)
    if (channel === FAST) return this.#fast.parse(data, sink)
    if (channel === 'post') return this.#dexs.takeAnswer(data)
    return answered(frame, channel, data, sink) ?? this.#ofOneCoin.parse(frame, sink)
  }

  restate(symbols: readonly string[], sink: FrameSink): void {
    this.#dexs.restate(symbols, sink)
    this.#fast.restate(symbols, sink)
  }
}

/** An answer that concerns a channel of all coins; undefined for any other frame. */
function answered(frame: string, channel: unknown, data: unknown, sink: FrameSink): FrameKind | undefined {
  if (channel === 'subscriptionResponse' && isObject(data) && isObject(data.subscription)) {
    const { type } = data.subscription
    if (data.method !== 'subscribe' || (type !== ALL_DEXS && type !== FAST)) return undefined
    sink.acknowledged([type])
    return 'acknowledged'
  }
  if (channel !== 'error' || typeof data !== 'string' || data.startsWith(ALREADY)) return undefined
  const [, type] = TYPE_OF_ERROR.exec(data) ?? []
  if (type === undefined) return undefined
  sink.rejected(type, frame)
  return 'rejected'
}
