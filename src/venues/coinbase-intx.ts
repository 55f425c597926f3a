import { type FrameKind, type FrameSink, ownText, type SocketSource } from '../domain/index.ts'
import { FormedParser, type MessageReader } from './formed-parser.ts'
import { isObject, type JsonObject } from './frame.ts'
import type { FrameNames } from './frame-shape.ts'
import { frameKeepingDigits, isNameOfFrame, priceOfFrame, timeOfIso } from './numbers.ts'
import { bothWays, subscribeFrames } from './subscribe.ts'

const CHANNEL = 'RISK'
const SYMBOLS_PER_FRAME_MAX = 100
/** The venue states no limit. */
const SYMBOLS_PER_CONNECTION_MAX = 500
const REQUESTS_PER_SECOND_MAX = 4
/** The venue states none; the mark moves with an index of once a second. */
const CADENCE_MS = 5_000
const HEARTBEAT_EVERY_MS = 20_000
/** Perpetuals of which one parser keeps the second name; that of a further one is made anew each time. */
const NAMES_MAX = 4_096

/** BTC-PERP, which Advanced Trade calls BTC-PERP-INTX. */
const PERPETUAL = /^[A-Z\d]+-PERP(?:-INTX)?$/
const productOf = (symbol: string) => symbol.replace(/-INTX$/, '')

/**
 * `RISK` of the International exchange, which states marks. The venue wants a signed subscription even for prices, which a gateway
 * of the user's signs: there is no public address.
 */
export const coinbaseIntxStream: SocketSource = {
  kind: 'socket',
  id: 'coinbase-intx',
  url: '',
  isOptIn: true,
  carries: (symbol) => PERPETUAL.test(symbol),
  channelOf: productOf,
  ...bothWays(['SUBSCRIBE', 'UNSUBSCRIBE'], (type, wanted) =>
    subscribeFrames(
      wanted,
      SYMBOLS_PER_FRAME_MAX,
      (product_ids) => ({ type, product_ids, channels: [CHANNEL] }),
      productOf,
    ),
  ),
  symbolsPerConnectionMax: SYMBOLS_PER_CONNECTION_MAX,
  requestsPerSecondMax: REQUESTS_PER_SECOND_MAX,
  heartbeat: { everyMs: HEARTBEAT_EVERY_MS, frame: 'protocol' },
  cadenceMs: CADENCE_MS,
  createParser: () => new FormedParser(new IntxReader()),
}

const NAMES: FrameNames = {
  names: ['channel', 'type', 'product_id', 'mark_price', 'time', 'channels', 'name', 'product_ids'],
  prices: ['mark_price'],
  kinds: ['channel', 'type'],
}

class IntxReader implements MessageReader {
  readonly names = NAMES
  readonly valueOf = (frame: string) => frameKeepingDigits(frame, NAMES.names)
  readonly #secondNames = new Map<string, string>()

  take(message: unknown, frame: string, sink: FrameSink): FrameKind {
    if (!isObject(message)) return 'malformed'
    const { channel, type } = message
    if (type === 'REJECT') {
      sink.rejected('request', frame)
      return 'rejected'
    }
    if (channel === 'SUBSCRIPTIONS') return subscriptions(message, sink)
    if (channel !== CHANNEL) return typeof channel === 'string' ? 'ignored' : 'malformed'
    return this.#risk(message, sink)
  }

  /** Each message is the whole state. The mark is stated under both names, of which the book may hold either. */
  #risk({ product_id, mark_price, time }: JsonObject, sink: FrameSink): FrameKind {
    const price = priceOfFrame(mark_price)
    const timeMs = timeOfIso(time)
    if (!isNameOfFrame(product_id) || price === undefined || timeMs === undefined) return 'malformed'
    sink.price('mark', product_id, price, timeMs, undefined)
    sink.price('mark', this.#secondNameOf(product_id), price, timeMs, undefined)
    return 'ticks'
  }

  #secondNameOf(product: string): string {
    const known = this.#secondNames.get(product)
    if (known !== undefined) return known
    const name = `${product}-INTX`
    if (this.#secondNames.size < NAMES_MAX) this.#secondNames.set(ownText(product), ownText(name))
    return name
  }
}

/** Each answer lists all products that the connection has subscribed to. */
function subscriptions({ channels }: JsonObject, sink: FrameSink): FrameKind {
  const listed = (Array.isArray(channels) ? channels : []).flatMap((channel) => {
    const { name, product_ids } = isObject(channel) ? channel : ({} as JsonObject)
    return name === CHANNEL && Array.isArray(product_ids) ? product_ids.filter(isNameOfFrame) : []
  })
  if (listed.length === 0) return 'ignored'
  sink.acknowledged(listed)
  return 'acknowledged'
}
