import { marginalTiers, venueId } from '../../domain/index.ts'
import { coinOf, DEMO_COINS } from './coins.ts'
import type { DemoCoin, DemoInstrument } from './instrument.ts'
import { tiersOf } from './tiers.ts'

const BYBIT_INVERSE = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA', 'DOT']
const BINANCE_INVERSE = ['BTCUSD_PERP', 'ETHUSD_PERP', 'SOLUSD_PERP', 'XRPUSD_PERP', 'BNBUSD_PERP']
const BINANCE_DATED = ['BTCUSD_261225']

/** Decimals of every Binance mark price. */
const BINANCE_MARK_DECIMALS = 8
/** Price of a dated future as a multiple of the perpetual's. */
const DATED_PREMIUM = 1.006
/** Popularity of a coin-margined contract relative to a linear one. */
const INVERSE_POPULARITY = 0.5

/** What the instruments of one venue share. */
interface VenueTerms extends Pick<DemoInstrument, 'venue' | 'countsClosingFee'> {
  readonly takerFeeRate: string
}
const BYBIT: VenueTerms = { venue: venueId('bybit'), takerFeeRate: '0.00055', countsClosingFee: true }
const BINANCE: VenueTerms = { venue: venueId('binance'), takerFeeRate: '0.0005', countsClosingFee: false }

/** Marginal tiers: 24 Bybit linear, 6 Bybit inverse, 24 Binance USDⓈ-M, 6 Binance COIN-M, in this order. */
export function marginalInstruments(): DemoInstrument[] {
  return [
    ...DEMO_COINS.map((coin) => linear(BYBIT, 'bybit-linear', coin, coin.markDecimals)),
    ...BYBIT_INVERSE.map((coin) => inverse(BYBIT, `${coin}USD`, coinOf(coin))),
    ...DEMO_COINS.map((coin) => linear(BINANCE, 'binance-usdm', coin, BINANCE_MARK_DECIMALS)),
    ...[...BINANCE_INVERSE, ...BINANCE_DATED].map((symbol) =>
      inverse(BINANCE, symbol, coinOf(symbol.slice(0, symbol.indexOf('USD')))),
    ),
  ]
}

type Contract = Pick<
  DemoInstrument,
  | 'symbol'
  | 'streamId'
  | 'kind'
  | 'settlementAsset'
  | 'multiplier'
  | 'markDecimals'
  | 'sizeDecimals'
  | 'dated'
> & { readonly startPrice: number; readonly popularity: number }

function linear(terms: VenueTerms, streamId: string, coin: DemoCoin, markDecimals: number): DemoInstrument {
  return instrumentOf(terms, coin, {
    symbol: `${coin.coin}USDT`,
    streamId,
    kind: 'linear',
    settlementAsset: 'USDT',
    multiplier: 1,
    markDecimals,
    sizeDecimals: coin.sizeDecimals,
    startPrice: coin.startPrice,
    popularity: coin.popularity,
    dated: false,
  })
}

function inverse(terms: VenueTerms, symbol: string, coin: DemoCoin): DemoInstrument {
  const dated = BINANCE_DATED.includes(symbol)
  const isBybit = terms === BYBIT
  return instrumentOf(terms, coin, {
    symbol,
    streamId: isBybit ? 'bybit-inverse' : 'binance-coinm',
    kind: 'inverse',
    settlementAsset: coin.coin,
    multiplier: isBybit ? 1 : coin.coin === 'BTC' ? 100 : 10,
    markDecimals: isBybit ? coin.markDecimals : BINANCE_MARK_DECIMALS,
    sizeDecimals: 0,
    startPrice: dated ? coin.startPrice * DATED_PREMIUM : coin.startPrice,
    popularity: coin.popularity * INVERSE_POPULARITY,
    dated,
  })
}

function instrumentOf(
  { takerFeeRate, ...terms }: VenueTerms,
  { maintenanceClass, ...coin }: DemoCoin,
  contract: Contract,
): DemoInstrument {
  const { kind, settlementAsset, multiplier, startPrice } = contract
  return {
    ...coin,
    ...terms,
    ...contract,
    hasIsolatedMargin: true,
    rules: {
      contribution: kind,
      multiplier: String(multiplier),
      settlementAsset,
      takerFeeRate,
      maintenance: marginalTiers(kind, tiersOf({ kind, startPrice, maintenanceClass })),
    },
  }
}
