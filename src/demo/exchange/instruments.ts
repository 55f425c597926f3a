import {
  type InstrumentRules,
  marginalTiers,
  type RulesByVenue,
  type VenueId,
  venueId,
} from '../../domain/index.ts'
import type { DemoInstrument, MaintenanceClass } from './instrument.ts'
import { tiersOf } from './tiers.ts'

/** coin, start price, tick decimals, size decimals, beta, popularity, class. Rounded prices of no particular day. */
const COINS = `
BTC 64210.4 1 3 0.85 30 major
ETH 3148.25 2 2 1.0 22 major
SOL 152.48 2 1 1.2 14 large
XRP 0.5934 4 0 1.0 8 large
BNB 588.7 1 2 0.85 6 large
DOGE 0.12473 5 0 1.25 7 large
ADA 0.4521 4 0 1.1 4 large
AVAX 28.415 3 1 1.2 4 large
LINK 14.382 3 1 1.1 4 large
DOT 6.147 3 1 1.1 3 large
LTC 84.65 2 1 0.95 3 large
BCH 381.2 1 2 1.0 2 large
NEAR 5.218 3 1 1.25 3 small
APT 9.1245 4 1 1.25 3 small
ARB 0.8127 4 0 1.3 3 small
OP 1.7384 4 0 1.3 3 small
SUI 1.6129 4 0 1.35 3 small
INJ 22.316 3 1 1.35 2 small
ATOM 7.043 3 1 1.1 2 small
FIL 4.567 3 1 1.2 2 small
TIA 6.392 3 1 1.4 2 small
WIF 2.1348 4 0 1.6 3 small
1000PEPE 0.0113472 7 0 1.6 4 small
1000BONK 0.024385 6 0 1.6 2 small
`

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
type VenueTerms = Pick<DemoInstrument, 'venue' | 'takerFeeRate' | 'countsClosingFee'>
const BYBIT: VenueTerms = { venue: venueId('bybit'), takerFeeRate: '0.00055', countsClosingFee: true }
const BINANCE: VenueTerms = { venue: venueId('binance'), takerFeeRate: '0.0005', countsClosingFee: false }

/** The 60 instruments: 24 Bybit linear, 6 Bybit inverse, 24 Binance USDⓈ-M, 6 Binance COIN-M, in this order. */
export const DEMO_INSTRUMENTS: readonly DemoInstrument[] = buildInstruments()

/** Markets on the screen, in this order: both venues, linear and inverse, each symbol once. */
export const SHOWN_MARKETS: readonly (readonly [venue: string, symbol: string])[] = [
  ['bybit', 'BTCUSDT'],
  ['bybit', 'ETHUSDT'],
  ['binance', 'SOLUSDT'],
  ['binance', 'XRPUSDT'],
  ['bybit', 'BTCUSD'],
  ['binance', 'BTCUSD_261225'],
  ['bybit', 'DOGEUSDT'],
  ['binance', '1000PEPEUSDT'],
]

/**
 * The rules of all demo instruments in the form of a rules file: venue → symbol → rules. `asOf` is the ISO date on which
 * they were stated.
 */
export function demoRules(asOf?: string): RulesByVenue {
  const rules = new Map<VenueId, Record<string, InstrumentRules>>()
  for (const instrument of DEMO_INSTRUMENTS) {
    const own = rules.get(instrument.venue) ?? {}
    rules.set(instrument.venue, own)
    own[instrument.symbol] = {
      contribution: instrument.kind,
      multiplier: String(instrument.multiplier),
      settlementAsset: instrument.settlementAsset,
      takerFeeRate: instrument.takerFeeRate,
      maintenance: marginalTiers(instrument.kind, tiersOf(instrument)),
      ...(asOf === undefined ? {} : { asOf }),
    }
  }
  return rules
}

function buildInstruments(): DemoInstrument[] {
  const coins = COINS.trim()
    .split('\n')
    .map((line) => {
      const [coin, price, tickDecimals, sizeDecimals, beta, popularity, maintenanceClass] = line.split(' ')
      return {
        coin: coin!,
        startPrice: Number(price),
        entryDecimals: Number(tickDecimals),
        markDecimals: Number(tickDecimals),
        sizeDecimals: Number(sizeDecimals),
        beta: Number(beta),
        popularity: Number(popularity),
        maintenanceClass: maintenanceClass as MaintenanceClass,
        dated: false,
      }
    })
  const coinOf = (name: string) => coins.find((entry) => entry.coin === name)!
  const linear = (terms: VenueTerms, streamId: string, markDecimals?: number): DemoInstrument[] =>
    coins.map((coin) => ({
      ...coin,
      markDecimals: markDecimals ?? coin.markDecimals,
      symbol: `${coin.coin}USDT`,
      ...terms,
      streamId,
      kind: 'linear',
      settlementAsset: 'USDT',
      multiplier: 1,
    }))
  const inverse = (terms: VenueTerms, symbol: string, coinName: string): DemoInstrument => {
    const coin = coinOf(coinName)
    const dated = BINANCE_DATED.includes(symbol)
    const isBybit = terms === BYBIT
    return {
      ...coin,
      symbol,
      ...terms,
      streamId: isBybit ? 'bybit-inverse' : 'binance-coinm',
      kind: 'inverse',
      settlementAsset: coinName,
      dated,
      startPrice: dated ? coin.startPrice * DATED_PREMIUM : coin.startPrice,
      markDecimals: isBybit ? coin.markDecimals : BINANCE_MARK_DECIMALS,
      sizeDecimals: 0,
      multiplier: isBybit ? 1 : coinName === 'BTC' ? 100 : 10,
      popularity: coin.popularity * INVERSE_POPULARITY,
    }
  }
  return [
    ...linear(BYBIT, 'bybit-linear'),
    ...BYBIT_INVERSE.map((coin) => inverse(BYBIT, `${coin}USD`, coin)),
    ...linear(BINANCE, 'binance-usdm', BINANCE_MARK_DECIMALS),
    ...[...BINANCE_INVERSE, ...BINANCE_DATED].map((symbol) =>
      inverse(BINANCE, symbol, symbol.slice(0, symbol.indexOf('USD'))),
    ),
  ]
}
