import type { Random } from '../src/domain/index.ts'
import { below, seededRandom } from '../src/system/index.ts'

/** 2026-07-09; later frames of a market state later times. */
const START_MS = 1_783_587_648_112

interface Turn {
  readonly symbol: string
  /** The first frame of this symbol. */
  readonly isFirst: boolean
  /** Counts the frames from 0. */
  readonly number: number
  readonly timeMs: number
  /** A mark near that of the symbol, with so many decimals. */
  price(decimals: number): string
  /** Uniform in [0, 1). */
  readonly chance: number
}

interface Stream {
  readonly symbols: readonly string[]
  frame(turn: Turn): string
}

const quantity = (turn: Turn): string => (turn.chance * 40).toFixed(3)

function bybit(turn: Turn): string {
  const { symbol, isFirst, number, timeMs, price, chance } = turn
  const head = (type: string) => `{"topic":"tickers.${symbol}","type":"${type}","data":{"symbol":"${symbol}",`
  const tail = `},"cs":${9_532_239_429 + number * 37},"ts":${timeMs}}`
  if (isFirst)
    return `${head('snapshot')}"tickDirection":"MinusTick","price24hPcnt":"-0.158315","lastPrice":"${price(2)}","prevPrice24h":"79206.20","highPrice24h":"79266.30","lowPrice24h":"65076.90","prevPrice1h":"66666.60","markPrice":"${price(2)}","indexPrice":"${price(2)}","openInterest":"492373.72","openInterestValue":"32824881841.75","turnover24h":"4936790807.6521","volume24h":"73191.3870","fundingIntervalHour":"8","fundingCap":"0.005","nextFundingTime":"1783612800000","fundingRate":"0.0001","bid1Price":"${price(2)}","bid1Size":"23789.165","ask1Price":"${price(2)}","ask1Size":"23775.469","preOpenPrice":"","preQty":"","curPreListingPhase":""${tail}`
  const ask = `"ask1Price":"${price(2)}","ask1Size":"${quantity(turn)}"`
  const bid = `"bid1Price":"${price(2)}","bid1Size":"${quantity(turn)}"`
  if (chance < 0.2) return head('delta') + ask + tail
  if (chance < 0.4) return `${head('delta')}${bid},${ask}${tail}`
  if (chance < 0.55)
    return `${head('delta')}"tickDirection":"PlusTick","price24hPcnt":"-0.15831","lastPrice":"${price(2)}","turnover24h":"4936790${number}.6521","volume24h":"73191.3870",${bid}${tail}`
  const marks = `"markPrice":"${price(2)}","indexPrice":"${price(2)}","openInterestValue":"328248${number}.75"`
  return head('delta') + (chance < 0.9 ? marks : `${marks},"fundingRate":"0.0001",${ask}`) + tail
}

function binance({ symbol, timeMs, price }: Turn): string {
  const isDated = symbol.includes('_2')
  return `{"stream":"${symbol.toLowerCase()}@markPrice@1s","data":{"e":"markPriceUpdate","E":${timeMs},"s":"${symbol}","p":"${price(8)}","ap":"${price(8)}","P":"${price(8)}","i":"${price(8)}","r":"${isDated ? '' : '0.00010000'}","T":${isDated ? 0 : 1_783_612_800_000},"st":1}}`
}

function okx({ symbol, timeMs, price, chance }: Turn): string {
  const arg = (channel: string, instId: string) =>
    `{"arg":{"channel":"${channel}","instId":"${instId}"},"data":[`
  if (chance < 0.65)
    return `${arg('mark-price', symbol)}{"instType":"SWAP","instId":"${symbol}","markPx":"${price(1)}","ts":"${timeMs}"}]}`
  const index = symbol.replace(/-SWAP$/, '')
  if (chance < 0.95)
    return `${arg('index-tickers', index)}{"instId":"${index}","idxPx":"${price(1)}","high24h":"${price(1)}","sodUtc0":"${price(1)}","open24h":"${price(1)}","low24h":"${price(1)}","sodUtc8":"${price(1)}","ts":"${timeMs}"}]}`
  return `${arg('funding-rate', symbol)}{"formulaType":"noRate","fundingRate":"0.0001875391284828","fundingTime":"1783612800000","impactValue":"","instId":"${symbol}","instType":"SWAP","interestRate":"","method":"current_period","maxFundingRate":"0.00375","minFundingRate":"-0.00375","nextFundingRate":"","nextFundingTime":"1783641600000","premium":"0.0001233824646391","settFundingRate":"0.0001699799259033","settState":"settled","ts":"${timeMs}"}]}`
}

function bitmex({ symbol, isFirst, number, timeMs, price, chance }: Turn): string {
  const table = (action: string, columns: string, head = '') =>
    `{"table":"instrument","action":"${action}",${head}"data":[{"symbol":"${symbol}",${columns},"timestamp":"${new Date(timeMs).toISOString()}"}]}`
  if (isFirst)
    return table(
      'partial',
      `"state":"Open","typ":"FFWCSX","quoteCurrency":"USD","lotSize":100,"tickSize":0.5,"multiplier":-100000000,"settlCurrency":"XBt","isQuanto":false,"isInverse":true,"initMargin":0.01,"maintMargin":0.005,"riskLimit":20000000000,"makerFee":-0.00025,"takerFee":0.0005,"fundingTimestamp":"2026-07-09T12:00:00.000Z","fundingRate":0.0001,"indicativeFundingRate":0.0001,"lastPrice":${price(1)},"openInterest":967826984,"openValue":10432207060536,"fairMethod":"FundingRate","fairBasisRate":0.1095,"fairBasis":0.33,"fairPrice":${price(2)},"markMethod":"FairPrice","markPrice":${price(2)},"indicativeSettlePrice":${price(2)}`,
      `"keys":["symbol"],"types":{"symbol":"symbol"},"filter":{"symbol":"${symbol}"},`,
    )
  if (chance < 0.35) {
    const mark = price(2)
    return table(
      'update',
      `"openValue":${10_124_237_242_380 + number},"fairPrice":${mark},"markPrice":${mark}`,
    )
  }
  if (chance < 0.6) return table('update', `"indicativeSettlePrice":${price(2)}`)
  if (chance < 0.8)
    return table(
      'update',
      `"lastPrice":${price(1)},"lastTickDirection":"MinusTick","lastChangePcnt":0.0062,"bidPrice":${price(1)},"midPrice":${price(2)},"askPrice":${price(1)}`,
    )
  return table(
    'update',
    `"totalVolume":${9_000_000_000 + number},"volume":${1_000_000 + number},"totalTurnover":${7_000_000_000_000 + number},"turnover":${80_000_000_000 + number},"openInterest":${967_826_984 + number}`,
  )
}

function deribit({ symbol, number, timeMs, price, chance }: Turn): string {
  const head = `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.${symbol}.100ms","data":{`
  if (/-[CP]$/.test(symbol)) {
    const mark = (0.05 + chance / 10).toFixed(8)
    return `${head}"underlying_price":${price(2)},"underlying_index":"BTC-25DEC26","timestamp":${timeMs},"stats":{"volume":${(chance * 90).toFixed(1)},"price_change":-2.5011,"low":0.1011,"high":0.1925},"state":"open","settlement_price":0.24,"open_interest":${number}.6,"min_price":0.165,"max_price":0.329,"mark_price":${mark},"mark_iv":80.02,"last_price":0.229,"interest_rate":0.0,"instrument_name":"${symbol}","index_price":${price(2)},"greeks":{"vega":85.22269,"theta":-21.12703,"rho":-94.98694,"gamma":0.00002,"delta":-0.42256},"estimated_delivery_price":${price(2)},"bid_iv":79.63,"best_bid_price":0.2325,"best_bid_amount":0.8,"best_ask_price":0.236,"best_ask_amount":4.8,"ask_iv":80.98}}}`
  }
  return `${head}"timestamp":${timeMs},"state":"open","stats":{"high":93612.0,"low":89277.5,"price_change":2.3275,"volume":11897.27640428,"volume_usd":1092371540.0,"volume_notional":1092371540.0},"index_price":${price(2)},"instrument_name":"${symbol}","last_price":${price(1)},"settlement_price":92464.66,"min_price":90897.5,"max_price":93666.5,"open_interest":${1_132_329_370 + number}.0,"mark_price":${price(2)},"interest_value":0.0028213400122472977,"best_ask_price":${price(1)},"best_bid_price":${price(1)},"estimated_delivery_price":${price(2)},"best_ask_amount":186520.0,"best_bid_amount":117660.0,"current_funding":0.0,"funding_8h":0.00001742}}}`
}

function kraken({ symbol, timeMs, price, chance }: Turn): string {
  const head = `{"time":${timeMs},"product_id":"${symbol}",`
  const body = `"leverage":"100x","premium":-0.0,"feed":"ticker","bid":${price(1)},"ask":${price(1)},"bid_size":1.459,"ask_size":2.886,"volume":57204.177,"dtm":0,"index":${price(2)},"last":${price(1)},"change":0.97,"suspended":false,"tag":"perpetual","pair":"ETH:USD","openInterest":24085.822,"markPrice":${price(9)},"maturityTime":0,"post_only":false,"volumeQuote":99424431.8132,"open":1734.8,"high":1765.4,"low":1708.8}`
  if (!/^P/.test(symbol)) return head + body
  return `${head}"funding_rate":${(0.03 + chance / 1_000).toFixed(15)},"funding_rate_prediction":0.031251669645,"relative_funding_rate":${(0.0001 + chance / 10_000).toFixed(13)},"relative_funding_rate_prediction":0.00001783425,"next_funding_rate_time":1783591200000,${body}`
}

function hyperliquid({ symbol, number, price }: Turn): string {
  return `{"channel":"activeAssetCtx","data":{"coin":"${symbol}","ctx":{"funding":"-0.0000015186","openInterest":"273${number}.17682","prevDayPx":"76317.0","dayNtlVlm":"15166${number}2.1953897476","premium":"-0.0005927453","oraclePx":"${price(1)}","markPx":"${price(1)}","midPx":"${price(2)}","impactPxs":["${price(1)}","${price(1)}"],"dayBaseVlm":"19707.77457"}}}`
}

const DYDX_MARKETS = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'AVAX', 'LINK', 'ADA'].map((coin) => `${coin}-USD`)

function dydx({ number, timeMs, price, chance }: Turn): string {
  const message = (type: string, contents: string) =>
    `{"type":"${type}","connection_id":"6e0af39b-5937-459a-b7ac-cc8abe1049db","message_id":${number + 1},"channel":"v4_markets","version":"1.0.0","contents":${contents}}`
  if (number === 0) {
    const markets = DYDX_MARKETS.map(
      (symbol, id) =>
        `"${symbol}":{"clobPairId":"${id}","ticker":"${symbol}","status":"ACTIVE","oraclePrice":"${price(5)}","priceChange24H":"1.5","volume24H":"63894023.044245577","trades24H":143820,"nextFundingRate":"0.0000125","initialMarginFraction":"0.02","maintenanceMarginFraction":"0.012","openInterest":"1891.473716288","atomicResolution":-10,"quantumConversionExponent":-9,"tickSize":"1","stepSize":"0.0001","stepBaseQuantums":1000000,"subticksPerTick":100000,"marketType":"CROSS"}`,
    )
    return message('subscribed', `{"markets":{${markets.join(',')}}}`)
  }
  const moved = DYDX_MARKETS.slice(number % 4, (number % 4) + 1 + (number % 5))
  if (chance < 0.2)
    return message(
      'channel_data',
      `{"trading":{${moved.map((symbol) => `"${symbol}":{"volume24H":"1462890${number}.6541","nextFundingRate":"0.0000${number}"}`).join(',')}}}`,
    )
  const prices = moved.map(
    (symbol, id) =>
      `"${symbol}":{"oraclePrice":"${price(5)}","effectiveAt":"${new Date(timeMs).toISOString()}","effectiveAtHeight":"${12_345_679 + number}","marketId":${id}}`,
  )
  return message('channel_data', `{"oraclePrices":{${prices.join(',')}}}`)
}

function coinbaseCfm({ symbol, number, timeMs, price, chance }: Turn): string {
  const [last, tick] = [Number(price(0)), chance < 0.5 ? 5 : 10]
  return `{"channel":"ticker","client_id":"","timestamp":"${new Date(timeMs).toISOString()}","sequence_num":${number},"events":[{"type":"update","tickers":[{"type":"ticker","product_id":"${symbol}","price":"${last}","volume_24_h":"183283","low_24_h":"67500","high_24_h":"69200","low_52_w":"25000","high_52_w":"73800","price_percent_chg_24_h":"1.85775","best_bid":"${last}","best_bid_quantity":"15","best_ask":"${last + tick}","best_ask_quantity":"5"}]}]}`
}

const STREAMS: Readonly<Record<string, Stream>> = {
  'bybit-linear': { symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', '1000PEPEUSDT'], frame: bybit },
  'binance-usdm': { symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'BTCUSDT_260925'], frame: binance },
  'binance-coinm': { symbols: ['BTCUSD_PERP', 'ETHUSD_PERP', 'BTCUSD_260925'], frame: binance },
  'okx-public': { symbols: ['BTC-USDT-SWAP', 'ETH-USDT-SWAP', 'SOL-USDT-SWAP'], frame: okx },
  'bitmex-public': { symbols: ['XBTUSD', 'ETHUSD', 'XBTUSDT'], frame: bitmex },
  'deribit-public': {
    symbols: ['BTC-PERPETUAL', 'ETH-PERPETUAL', 'BTC-25DEC26', 'BTC-25DEC26-90000-P', 'BTC-25DEC26-110000-C'],
    frame: deribit,
  },
  'kraken-futures-public': {
    symbols: ['PF_XBTUSD', 'PF_ETHUSD', 'PI_XBTUSD', 'FF_XBTUSD_260925'],
    frame: kraken,
  },
  'hyperliquid-public': { symbols: ['BTC', 'ETH', 'SOL', 'DOGE'], frame: hyperliquid },
  'dydx-indexer': { symbols: ['BTC-USD'], frame: dydx },
  'coinbase-cfm': { symbols: ['BIP-20DEC30-CDE', 'BIT-24APR26-CDE'], frame: coinbaseCfm },
}

export const PARSE_SOURCES: readonly string[] = Object.keys(STREAMS)

/**
 * What one connection of the source sends, in its order: the shapes and the mixture of the venue's documents, on a market that
 * moves by chance.
 */
export function framesOf(sourceId: string, count: number, seed: number): readonly string[] {
  const random = seededRandom(seed, PARSE_SOURCES.indexOf(sourceId))
  const { symbols, frame } = STREAMS[sourceId]!
  return Array.from({ length: count }, (_, number) => {
    const isFirst = number < symbols.length
    const symbol = symbols[isFirst ? number : below(random, symbols.length)]!
    const text = frame({
      symbol,
      isFirst,
      number,
      timeMs: START_MS + number,
      price: (decimals) => priceOf(random, symbol, decimals),
      chance: random(),
    })
    // As it comes from a socket: one piece of text, not the parts of which it was made.
    return Buffer.from(text).toString()
  })
}

function priceOf(random: Random, symbol: string, decimals: number): string {
  const base = 90_000 / (1 + symbol.length)
  return (base * (1 + random() / 100)).toFixed(decimals)
}
