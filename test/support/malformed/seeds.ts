import { deflateRawSync } from 'node:zlib'
import type { FrameKind } from '../../../src/domain/index.ts'

/** A frame as the venue sends it, from which malformed ones are made. Shapes: the venues' documents; figures are changed. */
export interface Seed {
  /** What the same connection sends before. */
  readonly opening: readonly string[]
  readonly frame: string
  /** The member that states the mark, or the index price: `"markPrice":"66667.00"`, once in the frame. */
  readonly priceMember: string
  /** The same body under a channel that brings no such price; where there are no channels, another message without one. */
  readonly otherChannel: string
  /** As what that counts; absent for `ignored`. */
  readonly otherKind?: FrameKind
  /** The frame holds a packed text: the others of this seed are texts, and this makes a frame of one. */
  readonly pack?: (text: string) => string
  /** The same of a market that nobody watches. */
  readonly foreign: string
  /** Absent where that depends on what the connection has heard of that market. */
  readonly foreignKind?: FrameKind
  /** As what it counts when its price cannot be read. Absent where that depends on what stands there: an empty text may say "none". */
  readonly unpricedKind?: FrameKind
}

export interface SourceSeeds {
  /** Markets that the connection has asked for. */
  readonly watched: readonly string[]
  readonly seeds: readonly Seed[]
}

interface Parts {
  readonly symbol: string
  readonly channel: string
}

interface Drawn {
  readonly of: (parts: Parts) => string
  readonly own: Parts
  readonly foreignSymbol: string
  readonly otherChannel: string
  readonly priceMember: string
  readonly opening?: readonly string[]
  readonly unpricedKind?: FrameKind | 'any'
}

function seed(drawn: Drawn): Seed {
  const { of, own, foreignSymbol, otherChannel, priceMember } = drawn
  const { opening = [], unpricedKind = 'malformed' } = drawn
  return {
    opening,
    frame: of(own),
    priceMember,
    otherChannel: of({ ...own, channel: otherChannel }),
    foreign: of({ ...own, symbol: foreignSymbol }),
    ...(opening.length === 0 && { foreignKind: 'ticks' }),
    ...(unpricedKind !== 'any' && { unpricedKind }),
  }
}

const bybit =
  (type: string, cs: number, members: string) =>
  ({ symbol, channel }: Parts): string =>
    `{"topic":"${channel}.${symbol}","type":"${type}","data":{"symbol":"${symbol}",${members}},"cs":${cs},"ts":1760325052630}`

function bybitSeeds(symbol: string, foreignSymbol: string, index: string): SourceSeeds {
  const own = { symbol, channel: 'tickers' }
  const drawn = { own, foreignSymbol, otherChannel: 'liquidation' }
  const snapshot = bybit(
    'snapshot',
    9_532_239_429,
    '"tickDirection":"MinusTick","price24hPcnt":"-0.158315","lastPrice":"66666.60","prevPrice24h":"79206.20","highPrice24h":"79266.30","lowPrice24h":"65076.90","prevPrice1h":"66666.60","markPrice":"66667.00","indexPrice":"66668.19","openInterest":"492373.72","openInterestValue":"32824881841.75","turnover24h":"4936790807.6521","volume24h":"73191.3870","fundingIntervalHour":"8","fundingCap":"0.005","nextFundingTime":"1760342400000","fundingRate":"-0.005","bid1Price":"66666.60","bid1Size":"23789.165","ask1Price":"66666.70","ask1Size":"23775.469","preOpenPrice":"","preQty":"","curPreListingPhase":""',
  )
  const delta = bybit(
    'delta',
    9_532_239_430,
    '"markPrice":"66670.11","indexPrice":"66671.5","ask1Price":"66670.70","ask1Size":"23775.469"',
  )
  return {
    watched: [symbol, index],
    seeds: [
      seed({ ...drawn, of: snapshot, priceMember: '"markPrice":"66667.00"' }),
      seed({ ...drawn, of: delta, priceMember: '"markPrice":"66670.11"', opening: [snapshot(own)] }),
    ],
  }
}

const binanceEntry = (symbol: string, price: string) =>
  `{"e":"markPriceUpdate","E":1562305380000,"s":"${symbol}","p":"${price}","i":"11784.62659091","P":"11784.25641265","r":"0.00038167","ap":"11794.15000000","T":1562306400000,"st":1}`

function binanceSeeds(symbol: string, second: string, foreignSymbol: string, index: string): SourceSeeds {
  const drawn = { foreignSymbol, own: { symbol, channel: 'markPrice' }, otherChannel: 'aggTrade' }
  const single = ({ symbol, channel }: Parts) =>
    `{"stream":"${symbol.toLowerCase()}@${channel}@1s","data":${binanceEntry(symbol, '11794.15000000').replace('markPriceUpdate', `${channel}Update`)}}`
  const array = ({ symbol, channel }: Parts) =>
    `{"stream":"!${channel}@arr","data":[${binanceEntry(symbol, '11185.87786614')},${binanceEntry(second, '0.5')}]}`.replaceAll(
      '"e":"markPriceUpdate"',
      `"e":"${channel}Update"`,
    )
  return {
    watched: [symbol, second, index],
    seeds: [
      seed({ ...drawn, of: single, priceMember: '"p":"11794.15000000"' }),
      seed({ ...drawn, of: array, priceMember: '"p":"11185.87786614"', unpricedKind: 'ticks' }),
    ],
  }
}

const OKX_TIME = '1744590349506'
const okxMark = ({ symbol, channel }: Parts) =>
  `{"arg":{"channel":"${channel}","instId":"${symbol}"},"data":[{"instType":"SWAP","instId":"${symbol}","markPx":"84660.1","ts":"${OKX_TIME}"}]}`
const okxIndex = ({ symbol, channel }: Parts) =>
  `{"arg":{"channel":"${channel}","instId":"${symbol}"},"data":[{"instId":"${symbol}","idxPx":"84655.9","high24h":"85500","low24h":"83000.1","open24h":"84000","sodUtc0":"84000.2","sodUtc8":"84100","ts":"${OKX_TIME}"}]}`

const okx: SourceSeeds = {
  watched: ['BTC-USDT-SWAP', 'BTC/USDT index'],
  seeds: [
    seed({
      of: okxMark,
      own: { symbol: 'BTC-USDT-SWAP', channel: 'mark-price' },
      foreignSymbol: 'ETH-USDT-SWAP',
      otherChannel: 'price-limit',
      priceMember: '"markPx":"84660.1"',
    }),
    seed({
      of: okxIndex,
      own: { symbol: 'BTC-USDT', channel: 'index-tickers' },
      foreignSymbol: 'ETH-USDT',
      otherChannel: 'tickers',
      priceMember: '"idxPx":"84655.9"',
    }),
  ],
}

const BITMEX_ROW =
  '"state":"Open","typ":"FFWCSX","positionCurrency":"USD","quoteCurrency":"USD","lotSize":1,"tickSize":0.5,"multiplier":-100000000,"settlCurrency":"XBt","isQuanto":false,"isInverse":true,"initMargin":0.01,"maintMargin":0.005,"riskLimit":20000000000,"makerFee":-0.00025,"takerFee":0.00075,"fundingTimestamp":"2020-01-29T12:00:00.000Z","fundingInterval":"2000-01-01T08:00:00.000Z","fundingRate":0.000597,"indicativeFundingRate":0.000652,"lastPrice":9287,"impactBidPrice":9285.9133,"openInterest":967826984,"openValue":10432207060536,"fairMethod":"FundingRate","fairBasisRate":0.6537149999999999,"fairBasis":0.33,"fairPrice":9277.2,"markMethod":"FairPrice","markPrice":9277.2,"indicativeSettlePrice":9276.87,"timestamp":"2020-01-29T11:31:37.114Z"'
const bitmexPartial = ({ symbol, channel }: Parts) =>
  `{"table":"${channel}","action":"partial","keys":["symbol"],"types":{"symbol":"symbol","markPrice":"float","timestamp":"timestamp"},"filter":{"symbol":"${symbol}"},"data":[{"symbol":"${symbol}",${BITMEX_ROW}}]}`
const bitmexUpdate = ({ symbol, channel }: Parts) =>
  `{"table":"${channel}","action":"update","data":[{"symbol":"${symbol}","openValue":10124237242380,"fairPrice":9278.15,"markPrice":9278.15,"timestamp":"2020-01-29T11:31:42.114Z"}]}`
const BITMEX = { symbol: 'XBTUSD', channel: 'instrument' }

const bitmex: SourceSeeds = {
  watched: ['XBTUSD', 'XBT/USD index'],
  seeds: [
    seed({
      of: bitmexPartial,
      own: BITMEX,
      foreignSymbol: 'ETHUSD',
      otherChannel: 'quote',
      priceMember: '"markPrice":9277.2',
    }),
    seed({
      of: bitmexUpdate,
      own: BITMEX,
      foreignSymbol: 'ETHUSD',
      otherChannel: 'quote',
      priceMember: '"markPrice":9278.15',
      opening: [bitmexPartial(BITMEX)],
    }),
  ],
}

const deribitPerpetual = ({ symbol, channel }: Parts) =>
  `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"${channel}.${symbol}.100ms","data":{"timestamp":1765541474086,"state":"open","stats":{"high":93612.0,"low":89277.5,"price_change":2.3275,"volume":11897.27640428,"volume_usd":1092371540.0},"index_price":92263.55,"instrument_name":"${symbol}","last_price":92283.5,"settlement_price":92464.66,"min_price":90897.5,"max_price":93666.5,"open_interest":1132329370.0,"mark_price":92281.78,"interest_value":0.0028213400122472977,"best_ask_price":92284.0,"best_bid_price":92283.5,"estimated_delivery_price":92263.55,"current_funding":0.0,"funding_8h":0.00001742}}}`
const deribitOption = ({ symbol, channel }: Parts) =>
  `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"${channel}.${symbol}.100ms","data":{"underlying_price":32744.81,"underlying_index":"BTC-31DEC21","timestamp":1765541474086,"stats":{"volume":null,"price_change":null,"low":null,"high":null},"state":"open","open_interest":4.6,"mark_price":0.2335098,"mark_iv":80.02,"interest_rate":0.0,"instrument_name":"${symbol}","index_price":32201.67,"greeks":{"vega":85.22269,"theta":-21.12703,"rho":-94.98694,"gamma":0.00002,"delta":-0.42256},"best_bid_price":0.2325,"best_ask_price":0.236,"ask_iv":80.98}}}`
const deribitUnlisted = (parts: Parts) =>
  deribitOption(parts).replace('"underlying_index":"BTC-31DEC21"', '"underlying_index":"SYN.BTC-4DEC26"')
const deribit: SourceSeeds = {
  watched: ['BTC-PERPETUAL', 'BTC-31DEC26-34000-P', 'BTC-4DEC26-34000-C', 'BTC-4DEC26', 'BTC/USD index'],
  seeds: [
    seed({
      of: deribitPerpetual,
      own: { symbol: 'BTC-PERPETUAL', channel: 'ticker' },
      foreignSymbol: 'ETH-PERPETUAL',
      otherChannel: 'quote',
      priceMember: '"mark_price":92281.78',
    }),
    seed({
      of: deribitOption,
      own: { symbol: 'BTC-31DEC26-34000-P', channel: 'ticker' },
      foreignSymbol: 'BTC-31DEC26-36000-P',
      otherChannel: 'incremental_ticker',
      priceMember: '"mark_price":0.2335098',
    }),
    seed({
      of: deribitUnlisted,
      own: { symbol: 'BTC-4DEC26-34000-C', channel: 'ticker' },
      foreignSymbol: 'BTC-4DEC26-36000-C',
      otherChannel: 'quote',
      priceMember: '"mark_price":0.2335098',
    }),
  ],
}

const krakenPerpetual = ({ symbol, channel }: Parts) =>
  `{"time":1783587648112,"product_id":"${symbol}","funding_rate":0.032725177043125,"funding_rate_prediction":0.031251669645,"relative_funding_rate":0.0000186711875,"relative_funding_rate_prediction":0.00001783425,"next_funding_rate_time":1783591200000,"leverage":"100x","premium":-0.0,"feed":"${channel}","bid":1751.6,"ask":1751.7,"bid_size":1.459,"ask_size":2.886,"volume":57204.177,"dtm":0,"index":1751.75,"last":1751.7,"change":0.97,"suspended":false,"tag":"perpetual","pair":"ETH:USD","openInterest":24085.822,"markPrice":1751.97553924942,"maturityTime":0,"post_only":false,"volumeQuote":99424431.8132,"open":1734.8,"high":1765.4,"low":1708.8}`
const krakenDated = ({ symbol, channel }: Parts) =>
  `{"time":1783587648112,"product_id":"${symbol}","leverage":"50x","premium":1.0e-1,"feed":"${channel}","bid":21978.5,"ask":21987.0,"dtm":7,"index":21984.54,"tag":"month","pair":"XBT:USD","openInterest":30072580.0,"markPrice":2.197968641534714e4,"maturityTime":1783700000000}`
const kraken: SourceSeeds = {
  watched: ['PF_ETHUSD', 'FI_XBTUSD_260925', 'ETH/USD index'],
  seeds: [
    seed({
      of: krakenPerpetual,
      own: { symbol: 'PF_ETHUSD', channel: 'ticker' },
      foreignSymbol: 'PF_SOLUSD',
      otherChannel: 'ticker_lite',
      priceMember: '"markPrice":1751.97553924942',
    }),
    seed({
      of: krakenDated,
      own: { symbol: 'FI_XBTUSD_260925', channel: 'ticker' },
      foreignSymbol: 'FI_XBTUSD_261225',
      otherChannel: 'ticker_lite',
      priceMember: '"markPrice":2.197968641534714e4',
    }),
  ],
}

const krakenSpotTicker = ({ symbol, channel }: Parts) =>
  `{"channel":"${channel}","type":"update","data":[{"symbol":"${symbol}","bid":97999.9,"bid_qty":1.50000000,"ask":98000.1,"ask_qty":0.50000000,"last":98000.10,"volume":1200.5,"vwap":97000.1,"low":95000.0,"high":99000.0,"change":100.5,"change_pct":0.1,"timestamp":"2026-11-29T09:04:32.100000Z"}]}`
const krakenSpot: SourceSeeds = {
  watched: ['XBTUSD'],
  seeds: [
    seed({
      of: krakenSpotTicker,
      own: { symbol: 'BTC/USD', channel: 'ticker' },
      foreignSymbol: 'ETH/USD',
      otherChannel: 'trade',
      priceMember: '"last":98000.10',
    }),
  ],
}

const hyperliquidContext = ({ symbol, channel }: Parts) =>
  `{"channel":"${channel}","data":{"coin":"${symbol}","ctx":{"funding":"-0.0000015186","openInterest":"27353.17682","prevDayPx":"76317.0","dayNtlVlm":"1516669192.1953897476","premium":"-0.0005927453","oraclePx":"77605.0","markPx":"77562.0","midPx":"77558.5","impactPxs":["77558.0","77559.0"],"dayBaseVlm":"19707.77457"}}}`
const hyperliquid: SourceSeeds = {
  watched: ['BTC', 'BTC/USDC index', 'xyz:TSLA'],
  seeds: ['BTC', 'xyz:TSLA'].map((symbol) =>
    seed({
      of: hyperliquidContext,
      own: { symbol, channel: 'activeAssetCtx' },
      foreignSymbol: 'ETH',
      otherChannel: 'activeSpotAssetCtx',
      priceMember: '"markPx":"77562.0"',
    }),
  ),
}

/** The lists of coins of two exchanges, by which contexts have names. */
const HYPERLIQUID_LISTS =
  '{"channel":"post","data":{"id":1,"response":{"type":"info","payload":{"type":"allPerpMetas","data":[{"universe":[{"name":"xyz:TSLA","szDecimals":3}]},{"universe":[{"name":"flx:GOLD","szDecimals":3}]}]}}}}'
const hyperliquidContexts = ({ symbol, channel }: Parts) =>
  `{"channel":"${channel}","data":{"ctxs":[["${symbol}",[{"funding":"-0.0000015186","openInterest":"27353.17682","prevDayPx":"76317.0","dayNtlVlm":"1516669192.1953897476","premium":null,"oraclePx":"433.95","markPx":"433.64","midPx":null,"impactPxs":null,"dayBaseVlm":"19707.77457"}]]]}}`
const hyperliquidAllDexs: SourceSeeds = {
  watched: ['xyz:TSLA'],
  seeds: [
    seed({
      of: hyperliquidContexts,
      own: { symbol: 'xyz', channel: 'allDexsAssetCtxs' },
      foreignSymbol: 'flx',
      otherChannel: 'allDexsClearinghouseState',
      priceMember: '"markPx":"433.64"',
      opening: [HYPERLIQUID_LISTS],
    }),
  ],
}

const dydxMessage = (type: string, channel: string, contents: string) =>
  `{"type":"${type}","connection_id":"6e0af39b-5937-459a-b7ac-cc8abe1049db","message_id":5,"channel":"${channel}","version":"1.0.0","contents":${contents}}`
const dydxPrices = (symbol: string, price: string) =>
  `{"oraclePrices":{"${symbol}":{"oraclePrice":"${price}","effectiveAt":"2026-01-01T00:01:00.000Z","effectiveAtHeight":"12345679","marketId":0}}}`
const dydxUpdate = ({ symbol, channel }: Parts) =>
  dydxMessage('channel_data', channel, dydxPrices(symbol, '43300.00'))
const dydxBatch = ({ symbol, channel }: Parts) =>
  dydxMessage(
    'channel_batch_data',
    channel,
    `[${dydxPrices(symbol, '43301.25')},{"trading":{"ETH-USD":{"nextFundingRate":"0.00007478125"}}}]`,
  )
const dydxSnapshot = ({ symbol, channel }: Parts) =>
  dydxMessage(
    'subscribed',
    channel,
    `{"markets":{"${symbol}":{"clobPairId":"0","ticker":"${symbol}","status":"ACTIVE","baseAsset":"","oraclePrice":"27752.92","priceChange24H":"0","trades24H":143820,"nextFundingRate":"0.0000125","openInterest":"1891.473716288","atomicResolution":-10,"tickSize":"1"}}}`,
  )
const dydxDrawn = {
  own: { symbol: 'BTC-USD', channel: 'v4_markets' },
  foreignSymbol: 'SOL-USD',
  otherChannel: 'v4_trades',
}
const dydx: SourceSeeds = {
  watched: ['BTC-USD', 'ETH-USD'],
  seeds: [
    seed({
      ...dydxDrawn,
      of: dydxSnapshot,
      priceMember: '"oraclePrice":"27752.92"',
      unpricedKind: 'acknowledged',
    }),
    seed({
      ...dydxDrawn,
      of: dydxUpdate,
      priceMember: '"oraclePrice":"43300.00"',
      opening: [dydxSnapshot(dydxDrawn.own)],
    }),
    seed({ ...dydxDrawn, of: dydxBatch, priceMember: '"oraclePrice":"43301.25"' }),
  ],
}

const cfmTicker = ({ symbol, channel }: Parts) =>
  `{"channel":"${channel}","client_id":"","timestamp":"2026-04-07T14:30:03.123456Z","sequence_num":12,"events":[{"type":"update","tickers":[{"type":"ticker","product_id":"${symbol}","price":"68930","volume_24_h":"15328.12","low_24_h":"67500","high_24_h":"69200","low_52_w":"25000","high_52_w":"73800","price_percent_chg_24_h":"1.85","best_bid":"0.000000000000001","best_bid_quantity":"15","best_ask":"68930","best_ask_quantity":"5"}]}]}`
const coinbaseCfm: SourceSeeds = {
  watched: ['BIP-20DEC30-CDE'],
  seeds: [
    seed({
      of: cfmTicker,
      own: { symbol: 'BIP-20DEC30-CDE', channel: 'ticker' },
      foreignSymbol: 'BIT-24APR26-CDE',
      otherChannel: 'ticker_batch',
      priceMember: '"best_ask":"68930"',
      // A side without an order is an empty text, and no fault.
      unpricedKind: 'any',
    }),
  ],
}

const intxRisk = ({ symbol, channel }: Parts) =>
  `{"sequence":7,"product_id":"${symbol}","time":"2023-05-10T14:58:47.000Z","limit_up":"30226.3","limit_down":"27347.7","index_price":"28787","mark_price":"28787.1","settlement_price":"28786.9","indicative_open_price":"28787.8","open_interest":"32.5","channel":"${channel}","type":"SNAPSHOT"}`
const coinbaseIntx: SourceSeeds = {
  watched: ['BTC-PERP'],
  seeds: [
    seed({
      of: intxRisk,
      own: { symbol: 'BTC-PERP', channel: 'RISK' },
      foreignSymbol: 'ETH-PERP',
      otherChannel: 'MATCH',
      priceMember: '"mark_price":"28787.1"',
    }),
  ],
}

const fastPack = (text: string) =>
  `{"channel":"fastAssetCtxs","data":"${deflateRawSync(Buffer.from(text)).toString('base64')}"}`
const fastCoin = (coin: string) => `{"${coin}":{"markPx":"64706.0","midPx":"64706.5"}}`
const hyperliquidFast: SourceSeeds = {
  watched: ['BTC', 'xyz:TSLA'],
  seeds: ['BTC', 'xyz:TSLA'].map((coin) => ({
    opening: [],
    pack: fastPack,
    frame: fastCoin(coin),
    priceMember: '"markPx":"64706.0"',
    otherChannel: fastPack(fastCoin(coin)).replace('fastAssetCtxs', 'webData2'),
    foreign: fastCoin('ETH'),
    foreignKind: 'ticks',
    unpricedKind: 'malformed',
  })),
}

const marginIndex = (symbol: string) => `{"calcTime":1562046418000,"price":"0.00333930","symbol":"${symbol}"}`
const binanceMarginIndex: SourceSeeds = {
  watched: ['BNB/BTC index'],
  seeds: [
    {
      opening: [],
      frame: marginIndex('BNBBTC'),
      priceMember: '"price":"0.00333930"',
      otherChannel: '{"code":-1121,"msg":"Invalid symbol."}',
      otherKind: 'rejected',
      foreign: marginIndex('ETHBTC'),
      foreignKind: 'ticks',
      unpricedKind: 'malformed',
    },
  ],
}

const CME_TIME = '"time":"2026-11-30T15:00:00.250Z"'
const cmeSettled = (symbol: string) => `{"symbol":"${symbol}","settlement":"91250.00",${CME_TIME}}`
/** The bid is below every ask that is drawn. */
const cmeBook = (symbol: string) => `{"symbol":"${symbol}","bid":0.000000000000001,"ask":91255.0,${CME_TIME}}`
/** A contract with both would bring the settlement price of an earlier frame where the book has none. */
const cmeSeeds = (of: (entry: string) => string, other: (symbol: string) => string): SourceSeeds => ({
  watched: ['BTCZ26', 'MBTZ26'],
  seeds: [
    {
      opening: [],
      frame: of(cmeSettled('BTCZ26')),
      priceMember: '"settlement":"91250.00"',
      otherChannel: other('BTCZ26'),
      otherKind: 'rejected',
      foreign: of(cmeSettled('ETHZ26')),
      foreignKind: 'ticks',
      unpricedKind: 'malformed',
    },
    {
      opening: [],
      frame: of(cmeBook('MBTZ26')),
      priceMember: '"ask":91255.0',
      otherChannel: other('MBTZ26'),
      otherKind: 'rejected',
      foreign: of(cmeBook('METZ26')),
      foreignKind: 'ticks',
      // A side without an order is an empty text, and no fault.
    },
  ],
})

/** By source. */
export const SEEDS: Readonly<Record<string, SourceSeeds>> = {
  'bybit-linear': bybitSeeds('BTCUSDT', 'ETHUSDT', 'BTC/USDT index'),
  'bybit-inverse': bybitSeeds('BTCUSD', 'ETHUSD', 'BTC/USD index'),
  'binance-usdm': binanceSeeds('BTCUSDT', '币安人生USDT', 'ETHUSDT', 'BTC/USDT index'),
  'binance-coinm': binanceSeeds('BTCUSD_PERP', 'BTCUSD_261225', 'ETHUSD_PERP', 'BTC/USD index'),
  'okx-public': okx,
  'bitmex-public': bitmex,
  'deribit-public': deribit,
  'kraken-futures-public': kraken,
  'kraken-spot': krakenSpot,
  'hyperliquid-public': hyperliquid,
  'hyperliquid-all-dexs': hyperliquidAllDexs,
  'dydx-indexer': dydx,
  'coinbase-cfm': coinbaseCfm,
  'coinbase-intx': coinbaseIntx,
  'hyperliquid-fast': hyperliquidFast,
  'binance-margin-index': binanceMarginIndex,
  'cme-file': cmeSeeds(
    (entry) => entry,
    (symbol) => `{"symbol":"${symbol}","error":"no such contract"}`,
  ),
  'cme-poll': cmeSeeds(
    (entry) => `{${CME_TIME},"prices":[${entry}]}`,
    () => '{"error":"the licence has ended"}',
  ),
}
