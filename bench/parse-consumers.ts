/** The least that a program does that wants marks and index prices of a stream: `JSON.parse`, then the fields. */

export type Take = (symbol: string, price: string, timeMs: number) => void
/** Gives the marks of a frame to `mark` and its index prices, under the names of their contracts, to `index`. */
export type Consumer = (frame: string, mark: Take, index: Take) => void

/** A number whose digits JSON has kept is printed in them again. */
type Digits = string | number

interface BybitTicker {
  readonly topic?: string
  readonly ts: number
  readonly data: { readonly symbol: string; readonly markPrice?: string; readonly indexPrice?: string }
}
const bybit: Consumer = (frame, mark, index) => {
  const { topic, ts, data } = JSON.parse(frame) as BybitTicker
  if (topic === undefined) return
  if (data.markPrice !== undefined) mark(data.symbol, data.markPrice, ts)
  if (data.indexPrice !== undefined) index(data.symbol, data.indexPrice, ts)
}

interface BinanceMark {
  readonly stream?: string
  readonly data: { readonly s: string; readonly p: string; readonly i: string; readonly E: number }
}
const binance: Consumer = (frame, mark, index) => {
  const { data } = JSON.parse(frame) as BinanceMark
  mark(data.s, data.p, data.E)
  if (data.s.endsWith('USDT')) index(data.s, data.i, data.E)
}

interface OkxPush {
  readonly arg: { readonly channel: string }
  readonly data: readonly {
    readonly instId: string
    readonly markPx: string
    readonly idxPx: string
    readonly ts: string
  }[]
}
const okx: Consumer = (frame, mark, index) => {
  const { arg, data } = JSON.parse(frame) as OkxPush
  if (arg.channel === 'mark-price')
    for (const { instId, markPx, ts } of data) mark(instId, markPx, Number(ts))
  if (arg.channel === 'index-tickers')
    for (const { instId, idxPx, ts } of data) index(instId, idxPx, Number(ts))
}

interface BitmexTable {
  readonly table?: string
  readonly data: readonly {
    readonly symbol: string
    readonly markPrice?: Digits
    readonly indicativeSettlePrice?: Digits
    readonly timestamp: string
  }[]
}
const bitmex: Consumer = (frame, mark, index) => {
  const { table, data } = JSON.parse(frame) as BitmexTable
  if (table !== 'instrument') return
  for (const { symbol, markPrice, indicativeSettlePrice, timestamp } of data) {
    const timeMs = Date.parse(timestamp)
    if (markPrice !== undefined) mark(symbol, String(markPrice), timeMs)
    if (indicativeSettlePrice !== undefined) index(symbol, String(indicativeSettlePrice), timeMs)
  }
}

interface DeribitTicker {
  readonly method?: string
  readonly params: {
    readonly data: {
      readonly instrument_name: string
      readonly mark_price: Digits
      readonly index_price: Digits
      readonly timestamp: number
    }
  }
}
const deribit: Consumer = (frame, mark, index) => {
  const { method, params } = JSON.parse(frame) as DeribitTicker
  if (method !== 'subscription') return
  const { instrument_name, mark_price, index_price, timestamp } = params.data
  mark(instrument_name, String(mark_price), timestamp)
  if (instrument_name.endsWith('-PERPETUAL')) index(instrument_name, String(index_price), timestamp)
}

interface KrakenTicker {
  readonly feed: string
  readonly product_id: string
  readonly markPrice: Digits
  readonly index: Digits
  readonly time: number
}
const kraken: Consumer = (frame, mark, index) => {
  const ticker = JSON.parse(frame) as KrakenTicker
  if (ticker.feed !== 'ticker') return
  mark(ticker.product_id, String(ticker.markPrice), ticker.time)
  if (ticker.product_id.startsWith('P')) index(ticker.product_id, String(ticker.index), ticker.time)
}

interface HyperliquidContext {
  readonly channel: string
  readonly data: {
    readonly coin: string
    readonly ctx: { readonly markPx: string; readonly oraclePx: string }
  }
}
const hyperliquid: Consumer = (frame, mark, index) => {
  const { channel, data } = JSON.parse(frame) as HyperliquidContext
  if (channel !== 'activeAssetCtx') return
  mark(data.coin, data.ctx.markPx, 0)
  index(data.coin, data.ctx.oraclePx, 0)
}

interface DydxMarkets {
  readonly contents: {
    readonly markets?: Readonly<Record<string, { readonly oraclePrice: string }>>
    readonly oraclePrices?: Readonly<
      Record<string, { readonly oraclePrice: string; readonly effectiveAt: string }>
    >
  }
}
const dydx: Consumer = (frame, mark) => {
  const { markets = {}, oraclePrices = {} } = (JSON.parse(frame) as DydxMarkets).contents
  for (const symbol in markets) mark(symbol, markets[symbol]!.oraclePrice, 0)
  for (const symbol in oraclePrices)
    mark(symbol, oraclePrices[symbol]!.oraclePrice, Date.parse(oraclePrices[symbol]!.effectiveAt))
}

interface CoinbaseTickers {
  readonly channel: string
  readonly timestamp: string
  readonly events: readonly {
    readonly tickers: readonly {
      readonly product_id: string
      readonly best_bid: string
      readonly best_ask: string
    }[]
  }[]
}
/** The middle by f64, which is exact for the prices of these frames. */
const coinbaseCfm: Consumer = (frame, mark) => {
  const { channel, timestamp, events } = JSON.parse(frame) as CoinbaseTickers
  if (channel !== 'ticker') return
  for (const { tickers } of events)
    for (const { product_id, best_bid, best_ask } of tickers)
      mark(product_id, String((Number(best_bid) + Number(best_ask)) / 2), Date.parse(timestamp))
}

/** By source. */
export const CONSUMERS: Readonly<Record<string, Consumer>> = {
  'bybit-linear': bybit,
  'binance-usdm': binance,
  'binance-coinm': binance,
  'okx-public': okx,
  'bitmex-public': bitmex,
  'deribit-public': deribit,
  'kraken-futures-public': kraken,
  'hyperliquid-public': hyperliquid,
  'dydx-indexer': dydx,
  'coinbase-cfm': coinbaseCfm,
}
