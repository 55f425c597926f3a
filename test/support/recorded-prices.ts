/**
 * Every price that a recorded frame holds, read with `JSON.parse` and the fields that the venues document, apart from the product:
 * what this finds the product must give, and nothing else.
 */
import { inflateRawSync } from 'node:zlib'

export interface RecordedPrice {
  readonly kind: 'mark' | 'index'
  readonly symbol: string
  /** As the frame has it. The middle of a book as its sum and half: `"(3 + 4) / 2"` is `7 / 2`. */
  readonly price: string
}

type Json = Readonly<Record<string, unknown>>

/** What one connection has said of index prices, for venues that leave out what has not changed. */
export type Heard = Map<string, string>

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** With every number as the text of its digits, which `JSON.parse` would round. */
function messageOf(frame: string): Json {
  try {
    return objectOf(JSON.parse(frame.replaceAll(/(?<=[:[,]\s*)-?\d[\d.eE+-]*(?=\s*[,}\]])/g, '"$&"')))
  } catch {
    return {}
  }
}

function mark(symbol: unknown, price: unknown): readonly RecordedPrice[] {
  const [name, digits] = [textOf(symbol), textOf(price)]
  return name === '' || digits === '' ? [] : [{ kind: 'mark', symbol: name, price: digits }]
}

/** `endings`: what stands behind the asset in the names of contracts, and the currency of their index. */
function index(
  contract: unknown,
  price: unknown,
  endings: Readonly<Record<string, string>>,
  before = '',
): readonly RecordedPrice[] {
  const [name, digits] = [textOf(contract), textOf(price)]
  for (const [ending, currency] of Object.entries(endings)) {
    if (digits === '' || !name.startsWith(before) || !name.endsWith(ending)) continue
    const asset = name.slice(before.length, name.length - ending.length)
    if (/^[A-Z\d]+$/.test(asset))
      return [{ kind: 'index', symbol: `${asset}/${currency} index`, price: digits }]
  }
  return []
}

function bybit(message: Json, _frame: string, heard: Heard): readonly RecordedPrice[] {
  const { symbol, markPrice, indexPrice } = objectOf(message.data)
  if (message.topic !== `tickers.${textOf(symbol)}`) return []
  const contract = textOf(symbol)
  if (textOf(indexPrice) !== '') heard.set(contract, textOf(indexPrice))
  return [
    ...mark(symbol, markPrice),
    ...index(contract, heard.get(contract), { USDT: 'USDT', PERP: 'USDC', USD: 'USD' }),
  ]
}

function binance(message: Json): readonly RecordedPrice[] {
  const { e, s, p, i } = message.stream === undefined ? message : objectOf(message.data)
  if (e !== 'markPriceUpdate') return []
  return [...mark(s, p), ...index(s, i, { USDT: 'USDT', USDC: 'USDC' })]
}

function okx(message: Json): readonly RecordedPrice[] {
  const { channel } = objectOf(message.arg)
  return listOf(message.data).flatMap((entry) => {
    const { instId, markPx, idxPx } = objectOf(entry)
    if (channel === 'mark-price') return mark(instId, markPx)
    if (channel !== 'index-tickers') return []
    return index(instId, idxPx, {
      '-USDT': 'USDT',
      '-USDC': 'USDC',
      '-USD': 'USD',
      '-EUR': 'EUR',
      '-BTC': 'BTC',
    })
  })
}

function bitmex(message: Json): readonly RecordedPrice[] {
  if (message.table !== 'instrument') return []
  return listOf(message.data).flatMap((row) => {
    const { symbol, markPrice, indicativeSettlePrice } = objectOf(row)
    return [...mark(symbol, markPrice), ...index(symbol, indicativeSettlePrice, { USDT: 'USDT', USD: 'USD' })]
  })
}

function deribit(message: Json): readonly RecordedPrice[] {
  const { channel, data } = objectOf(message.params)
  const {
    instrument_name: name,
    mark_price,
    index_price,
    underlying_index,
    underlying_price,
  } = objectOf(data)
  if (!textOf(channel).startsWith('ticker.')) return []
  // Of a pair and an expiry for which no future is listed, the option states the forward price.
  const forward = textOf(name).split('-').slice(0, 2).join('-')
  const isUnlisted = underlying_index === `SYN.${forward}` || underlying_index === 'index_price'
  return [
    ...mark(name, mark_price),
    ...(isUnlisted ? mark(forward, underlying_price) : []),
    ...index(name, index_price, { '_USDC-PERPETUAL': 'USDC', '-PERPETUAL': 'USD' }),
  ]
}

function kraken(message: Json): readonly RecordedPrice[] {
  const { feed, product_id, markPrice, index: indexPrice } = message
  if (feed !== 'ticker') return []
  return [
    ...mark(product_id, markPrice),
    ...index(product_id, indexPrice, { USD: 'USD' }, 'PF_'),
    ...index(product_id, indexPrice, { USD: 'USD' }, 'PI_'),
  ]
}

function coinbase(message: Json): readonly RecordedPrice[] {
  if (message.channel === 'RISK') return mark(message.product_id, message.mark_price)
  if (message.channel !== 'ticker') return []
  const tickers = listOf(message.events).flatMap((event) => listOf(objectOf(event).tickers))
  return tickers.flatMap((ticker) => {
    const { product_id, best_bid, best_ask } = objectOf(ticker)
    return mark(product_id, middle(textOf(best_bid), textOf(best_ask)))
  })
}

/** Exactly, of two plain numbers; empty where a side has none. */
function middle(bid: string, ask: string): string {
  const [low, high] = [bid, ask].map((side) => /^(\d+)(?:\.(\d+))?$/.exec(side))
  if (!low || !high) return ''
  const places = Math.max((low[2] ?? '').length, (high[2] ?? '').length)
  const [first, second] = [low, high].map(([, whole = '', part = '']) =>
    BigInt(whole + part.padEnd(places, '0')),
  )
  return `${(first! + second!) * 5n}e-${places + 1}`
}

/** `names`: the coins of an exchange in the order in which contexts are sent; without them contexts have no names. */
const hyperliquid =
  (names: readonly string[] = []) =>
  ({ channel, data }: Json): readonly RecordedPrice[] => {
    if (channel === 'activeAssetCtx') return ofCoin(objectOf(data).coin, objectOf(data).ctx)
    if (channel === 'fastAssetCtxs') {
      const text = inflateRawSync(Buffer.from(textOf(data), 'base64')).toString()
      return Object.entries(objectOf(JSON.parse(text))).flatMap(([coin, entry]) =>
        mark(coin, objectOf(entry).markPx),
      )
    }
    if (channel !== 'allDexsAssetCtxs') return []
    return listOf(objectOf(data).ctxs).flatMap((exchange) => {
      const [prefix, contexts] = listOf(exchange)
      return listOf(contexts).flatMap((context, place) => {
        const name = names[place]
        return name === undefined ? [] : ofCoin(prefix === '' ? name : `${textOf(prefix)}:${name}`, context)
      })
    })
  }

function ofCoin(coin: unknown, context: unknown): readonly RecordedPrice[] {
  const { markPx, oraclePx } = objectOf(context)
  return [...mark(coin, markPx), ...index(coin, oraclePx, { '': 'USDC' })]
}

function dydx(message: Json): readonly RecordedPrice[] {
  if (message.channel !== 'v4_markets') return []
  const parts = Array.isArray(message.contents) ? message.contents : [message.contents]
  return parts.flatMap((part) => {
    const { markets, oraclePrices } = objectOf(part)
    const entries = [...Object.entries(objectOf(markets)), ...Object.entries(objectOf(oraclePrices))]
    return entries.flatMap(([symbol, market]) => mark(symbol, objectOf(market).oraclePrice))
  })
}

const READERS = { bybit, binance, okx, bitmex, deribit, kraken, coinbase, dydx, hyperliquid: hyperliquid() }

/** `coins`: names for the contexts of Hyperliquid's one channel, by their places. */
export function pricesIn(
  venue: string,
  frame: string,
  heard: Heard,
  coins?: readonly string[],
): readonly RecordedPrice[] {
  const reader = coins === undefined ? READERS[venue as keyof typeof READERS] : hyperliquid(coins)
  return reader(messageOf(frame), frame, heard)
}
