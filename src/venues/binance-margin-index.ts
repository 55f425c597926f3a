import type { FrameKind, FrameParser, FrameSink, PollSource } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { isEventTime, isObject, priceOrUndefined, timesStated } from './frame.ts'
import { IndexCarriers } from './index-names.ts'

const PATH = '/sapi/v1/margin/priceIndex'
/** A request weighs 10 of the 12,000 that an address has in a minute: 100 assets need a tenth of it. */
const CADENCE_MS = 5_000
const BODY_BYTES_MAX = 4_096

/** The pairs of margin: BTCUSDT, BNBBTC. */
const carriers = new IndexCarriers(
  ['USDT', 'USDC', 'FDUSD', 'BTC', 'ETH', 'BNB', 'EUR', 'TRY', 'BRL'].map((currency) => ({
    currency,
    contractOf: (asset) => `${asset}${currency}`,
    contract: new RegExp(`^([\\p{Lu}\\p{Lo}\\d]+)${currency}$`, 'u'),
  })),
)

/**
 * The price index by which Binance values spot margin, one pair a request. The venue wants an API key in a header, which a gateway
 * of the user's adds: there is no public address.
 */
export const binanceMarginIndex: PollSource = {
  kind: 'poll',
  id: 'binance-margin-index',
  url: '',
  isOptIn: true,
  carries: (symbol) => carriers.contractOf(symbol) !== undefined,
  cadenceMs: CADENCE_MS,
  symbolsPerRequestMax: 1,
  bodyBytesMax: BODY_BYTES_MAX,
  requestUrl: (url, [name = '']) =>
    `${url}${PATH}?symbol=${encodeURIComponent(carriers.contractOf(name) ?? name)}`,
  createParser: () => new MarginIndexParser(),
}

class MarginIndexParser implements FrameParser {
  parse(body: string, sink: FrameSink): FrameKind {
    const answer = jsonOf(body)
    if (!isObject(answer)) return 'malformed'
    const { calcTime, price: stated, symbol, code, msg } = answer
    if (code !== undefined && msg !== undefined) {
      sink.rejected('request', body)
      return 'rejected'
    }
    const price = priceOrUndefined(stated)
    const name = typeof symbol === 'string' ? carriers.nameOf(symbol) : undefined
    if (price === undefined || name === undefined || !isEventTime(calcTime)) return 'malformed'
    if (timesStated(body, 'price"') !== 1) return 'malformed'
    sink.price('index', name, price, calcTime, undefined)
    return 'ticks'
  }
}
