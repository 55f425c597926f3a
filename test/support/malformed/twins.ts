import { inflateRawSync } from 'node:zlib'

/**
 * What a frame states, read slowly and apart from the product: `JSON.parse` and the fields that the venues document. It finds
 * every price that a parser may give, and more: whether a frame is sound is not its question.
 */

export interface Statement {
  readonly kind: 'mark' | 'index'
  /** The contract, or the index price as the product names it. */
  readonly symbol: string
  /** The digits as the frame has them. */
  readonly price: string
}

export interface Twin {
  read(frame: string): readonly Statement[]
  /** An index price that a frame leaves out is still the last one that the connection has stated. */
  readonly keepsIndex?: true
  /** Prices are JSON numbers, which the product writes without exponent and closing zeros. */
  readonly areNumbers?: true
  /** Frames that are a bare word. */
  readonly words?: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A text around a value; around one that is no text, a text that no frame has. */
const joined = (before: string, value: unknown, after = ''): string =>
  typeof value === 'string' ? before + value + after : '\u0000'

function messageOf(frame: string): unknown {
  try {
    return JSON.parse(frame)
  } catch {
    return undefined
  }
}

function statement(kind: Statement['kind'], symbol: unknown, price: unknown): readonly Statement[] {
  return typeof symbol === 'string' && typeof price === 'string' ? [{ kind, symbol, price }] : []
}

/** `forms`: a contract with its asset as group 1, and the currency. */
function index(
  contract: unknown,
  price: unknown,
  ...forms: readonly (readonly [contract: RegExp, currency: string])[]
): readonly Statement[] {
  return forms.flatMap(([form, currency]) => {
    const asset = typeof contract === 'string' ? form.exec(contract)?.[1] : undefined
    return asset === undefined ? [] : statement('index', `${asset}/${currency} index`, price)
  })
}

/** As much of the text as there is; an empty one for what is not packed. */
function inflated(base64: string): string {
  try {
    return inflateRawSync(Buffer.from(base64, 'base64')).toString()
  } catch {
    return ''
  }
}

const ESCAPED = /\\u00([2-7][0-9a-f])/gi
const escaped = (_: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))

/** The texts of a number in the frame under that name; a string is its own text. */
function textsOf(frame: string, name: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'number') return []
  const member = new RegExp(`"${name}"\\s*:\\s*(-?\\d[\\d.eE+-]*)`, 'g')
  const texts = [...frame.replace(ESCAPED, escaped).matchAll(member)].map(([, text = '']) => text)
  return texts.filter((text) => Number(text) === value)
}

const POWER_MAX = 1_000

/** A number as whole digits and the power of ten of the last one; undefined for what is none, and for a huge power. */
function scaled(text: string): { readonly digits: bigint; readonly power: number } | undefined {
  const [, whole, fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const power = Number(exponent) - fraction.length
  if (whole === undefined || Math.abs(power) > POWER_MAX) return undefined
  return { digits: BigInt(whole + fraction), power }
}

/** Exactly, of two numbers that are not negative; undefined for others. */
function middle(bid: string, ask: string): string | undefined {
  const [low, high] = [scaled(bid), scaled(ask)]
  if (low === undefined || high === undefined) return undefined
  const power = Math.min(low.power, high.power)
  const [first, second] = [low, high].map((side) => side.digits * 10n ** BigInt(side.power - power))
  return `${(first! + second!) * 5n}e${power - 1}`
}

const TWINS = {
  bybit: {
    keepsIndex: true,
    read(frame) {
      const { topic, data } = asObject(messageOf(frame))
      const { symbol, markPrice, indexPrice } = asObject(data)
      if (topic !== joined('tickers.', symbol)) return []
      return [
        ...statement('mark', symbol, markPrice),
        ...index(symbol, indexPrice, [/^(.+)USDT$/, 'USDT'], [/^(.+)PERP$/, 'USDC'], [/^(.+)USD$/, 'USD']),
      ]
    },
  },
  binance: {
    read(frame) {
      const message = messageOf(frame)
      const { stream, data } = asObject(message)
      const entries = typeof stream === 'string' ? data : message
      return (Array.isArray(entries) ? entries : [entries]).flatMap((entry) => {
        const { e, s, p, i } = asObject(entry)
        if (e === 'assetIndexUpdate') return index(s, i, [/^(.+)USD$/, 'USD'])
        const isNamed =
          typeof stream !== 'string' ||
          Array.isArray(data) ||
          stream.startsWith(joined('', s, '@').toLowerCase())
        if (e !== 'markPriceUpdate' || !isNamed) return []
        return [...statement('mark', s, p), ...index(s, i, [/^(.+)USDT$/, 'USDT'], [/^(.+)USDC$/, 'USDC'])]
      })
    },
  },
  okx: {
    words: ['pong'],
    read(frame) {
      const { arg, data } = asObject(messageOf(frame))
      const { channel } = asObject(arg)
      return asList(data).flatMap((entry) => {
        const { instId, markPx, idxPx } = asObject(entry)
        if (channel === 'mark-price') return statement('mark', instId, markPx)
        if (channel !== 'index-tickers') return []
        const currencies = ['USD', 'USDT', 'USDC', 'EUR', 'BTC']
        return currencies.flatMap((name) => index(instId, idxPx, [new RegExp(`^(.+)-${name}$`), name]))
      })
    },
  },
  bitmex: {
    words: ['pong'],
    keepsIndex: true,
    areNumbers: true,
    read(frame) {
      const { table, data } = asObject(messageOf(frame))
      if (table !== 'instrument') return []
      return asList(data).flatMap((row) => {
        const { symbol, markPrice, indicativeSettlePrice } = asObject(row)
        return [
          ...textsOf(frame, 'markPrice', markPrice).flatMap((text) => statement('mark', symbol, text)),
          ...textsOf(frame, 'indicativeSettlePrice', indicativeSettlePrice).flatMap((text) =>
            index(symbol, text, [/^(.+)USD$/, 'USD'], [/^(.+)USDT$/, 'USDT']),
          ),
        ]
      })
    },
  },
  deribit: {
    areNumbers: true,
    read(frame) {
      const { channel, data } = asObject(asObject(messageOf(frame)).params)
      const { instrument_name, mark_price, index_price, underlying_price } = asObject(data)
      if (!joined('', channel).startsWith(joined('ticker.', instrument_name, '.'))) return []
      return [
        ...textsOf(frame, 'mark_price', mark_price).flatMap((text) =>
          statement('mark', instrument_name, text),
        ),
        // The option's own pair and expiry, where no future of them is listed: whether one is, the twin does not ask.
        ...textsOf(frame, 'underlying_price', underlying_price).flatMap((text) =>
          statement('mark', joined('', instrument_name).split('-').slice(0, 2).join('-'), text),
        ),
        ...textsOf(frame, 'index_price', index_price).flatMap((text) =>
          index(instrument_name, text, [/^([^_]+)-PERPETUAL$/, 'USD'], [/^([^_]+)_USDC-PERPETUAL$/, 'USDC']),
        ),
      ]
    },
  },
  kraken: {
    areNumbers: true,
    read(frame) {
      const message = asObject(messageOf(frame))
      const { feed, product_id, markPrice } = message
      if (feed !== 'ticker') return []
      return [
        ...textsOf(frame, 'markPrice', markPrice).flatMap((text) => statement('mark', product_id, text)),
        ...textsOf(frame, 'index', message.index).flatMap((text) =>
          index(product_id, text, [/^P[FI]_(.+)USD$/, 'USD']),
        ),
      ]
    },
  },
  krakenSpot: {
    areNumbers: true,
    read(frame) {
      const { channel, data } = asObject(messageOf(frame))
      if (channel !== 'ticker') return []
      return asList(data).flatMap((entry) => {
        const { symbol, last } = asObject(entry)
        const [base, quote] = joined('', symbol).split('/')
        const pair = `${base === 'BTC' ? 'XBT' : base}${quote}`
        return textsOf(frame, 'last', last).flatMap((text) => statement('mark', pair, text))
      })
    },
  },
  hyperliquid: {
    read(frame) {
      const { channel, data } = asObject(messageOf(frame))
      const { coin, ctx } = asObject(data)
      const { markPx, oraclePx } = asObject(ctx)
      if (channel !== 'activeAssetCtx') return []
      return [...statement('mark', coin, markPx), ...index(coin, oraclePx, [/^([^:]+)$/, 'USDC'])]
    },
  },
  /** The first coins of two exchanges, as the seed's lists have them. */
  hyperliquidAllDexs: {
    read(frame) {
      const { channel, data } = asObject(messageOf(frame))
      if (channel !== 'allDexsAssetCtxs') return []
      return asList(asObject(data).ctxs).flatMap((exchange) => {
        const [name, contexts] = asList(exchange)
        const [first] = asList(contexts)
        const coin = name === 'xyz' ? 'xyz:TSLA' : name === 'flx' ? 'flx:GOLD' : undefined
        return statement('mark', coin, asObject(first).markPx)
      })
    },
  },
  dydx: {
    read(frame) {
      const { channel, contents } = asObject(messageOf(frame))
      if (channel !== 'v4_markets') return []
      const parts = Array.isArray(contents) ? contents : [contents]
      return parts.flatMap((part) => {
        const { markets, oraclePrices } = asObject(part)
        const all = [...Object.entries(asObject(markets)), ...Object.entries(asObject(oraclePrices))]
        return all.flatMap(([symbol, market]) => statement('mark', symbol, asObject(market).oraclePrice))
      })
    },
  },
  /** The price is the middle, which the frame does not print. */
  coinbaseCfm: {
    areNumbers: true,
    read(frame) {
      const { channel, events } = asObject(messageOf(frame))
      if (channel !== 'ticker') return []
      return asList(events)
        .flatMap((event) => asList(asObject(event).tickers))
        .flatMap((entry) => {
          const { product_id, best_bid, best_ask } = asObject(entry)
          const bids = textsOf(frame, 'best_bid', best_bid)
          const asks = textsOf(frame, 'best_ask', best_ask)
          return bids.flatMap((bid) => asks.flatMap((ask) => statement('mark', product_id, middle(bid, ask))))
        })
    },
  },
  coinbaseIntx: {
    areNumbers: true,
    read(frame) {
      const { channel, product_id, mark_price } = asObject(messageOf(frame))
      if (channel !== 'RISK') return []
      return textsOf(frame, 'mark_price', mark_price).flatMap((text) => [
        ...statement('mark', product_id, text),
        ...statement('mark', joined('', product_id, '-INTX'), text),
      ])
    },
  },
  /** Marks by coin, in a text that is packed. */
  hyperliquidFast: {
    read(frame) {
      const { channel, data } = asObject(messageOf(frame))
      if (channel !== 'fastAssetCtxs' || typeof data !== 'string') return []
      const coins = asObject(messageOf(inflated(data)))
      return Object.entries(coins).flatMap(([coin, entry]) => statement('mark', coin, asObject(entry).markPx))
    },
  },
  binanceMarginIndex: {
    read(body) {
      const { symbol, price } = asObject(messageOf(body))
      const currencies = ['USDT', 'USDC', 'FDUSD', 'BTC', 'ETH', 'BNB', 'EUR', 'TRY', 'BRL']
      return currencies.flatMap((name) => index(symbol, price, [new RegExp(`^(.+)${name}$`), name]))
    },
  },
  /** A settlement price, or the middle of a book, which the text does not print. */
  cme: {
    areNumbers: true,
    read(text) {
      const message = asObject(messageOf(text))
      return [message, ...asList(message.prices)].flatMap((entry) => {
        const { symbol, bid, ask, settlement } = asObject(entry)
        const bids = textsOf(text, 'bid', bid)
        const asks = textsOf(text, 'ask', ask)
        return [
          ...textsOf(text, 'settlement', settlement).flatMap((price) => statement('mark', symbol, price)),
          ...bids.flatMap((low) => asks.flatMap((high) => statement('mark', symbol, middle(low, high)))),
        ]
      })
    },
  },
} satisfies Readonly<Record<string, Twin>>

/** By source. */
export const TWIN_OF: Readonly<Record<string, Twin>> = {
  'bybit-linear': TWINS.bybit,
  'bybit-inverse': TWINS.bybit,
  'binance-usdm': TWINS.binance,
  'binance-coinm': TWINS.binance,
  'okx-public': TWINS.okx,
  'bitmex-public': TWINS.bitmex,
  'deribit-public': TWINS.deribit,
  'kraken-futures-public': TWINS.kraken,
  'kraken-spot': TWINS.krakenSpot,
  'hyperliquid-public': TWINS.hyperliquid,
  'hyperliquid-all-dexs': TWINS.hyperliquidAllDexs,
  'dydx-indexer': TWINS.dydx,
  'coinbase-cfm': TWINS.coinbaseCfm,
  'coinbase-intx': TWINS.coinbaseIntx,
  'hyperliquid-fast': TWINS.hyperliquidFast,
  'binance-margin-index': TWINS.binanceMarginIndex,
  'cme-file': TWINS.cme,
  'cme-poll': TWINS.cme,
}

/** Whether a price that was handed on is the one of the statement: every digit, or, of a number, the same number exactly. */
export function isStatedAs(twin: Twin, handed: string, { price }: Statement): boolean {
  if (!/^\d+(?:\.\d+)?$/.test(handed) || !/[1-9]/.test(handed)) return false
  return twin.areNumbers === true ? exactly(handed) === exactly(price) : handed === price
}

/** A number as its digits without zeros at the ends, and the exponent of the last one: the same text for equal numbers. */
export function exactly(text: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)
  return sign === undefined ? 'no number' : `${sign}${significant}e${power}`
}
