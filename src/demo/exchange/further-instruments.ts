import { venueId, type WholeTier } from '../../domain/index.ts'
import { coinOf } from './coins.ts'
import type { DemoCoin, DemoInstrument } from './instrument.ts'
import { listedInstrument } from './listed-instrument.ts'

const DERIBIT = venueId('deribit')
const KRAKEN = venueId('kraken')

/** Contracts of venues whose margin is not marginal tiers of the value at the mark. */
export function furtherInstruments(): DemoInstrument[] {
  return [...okx(), ...kraken(), ...deribit(), ...bitmex()]
}

/** Whole tiers: the rate up to each notional, in thousands of dollars, is that of the whole position. */
const WHOLE_ROWS: readonly (readonly [thousands: number, rate: string])[] = [
  [500, '0.005'],
  [2_000, '0.01'],
  [8_000, '0.02'],
  [20_000, '0.05'],
  [60_000, '0.125'],
  [150_000, '0.25'],
  [1_000_000, '0.5'],
]

/** Caps in units of `unitUsd` dollars, whole ones. */
function wholeTiers(unitUsd: number): WholeTier[] {
  return WHOLE_ROWS.map(([thousands, maintenanceMarginRate]) => ({
    cap: String(Math.max(1, Math.round((thousands * 1_000) / unitUsd))),
    maintenanceMarginRate,
  }))
}

/** Tiers by contracts, the fee of closing at the mark. */
function okx(): DemoInstrument[] {
  const swap = (coin: string, multiplier: string): DemoInstrument =>
    listedInstrument(
      venueId('okx'),
      'okx-public',
      {
        symbol: `${coin}-USDT-SWAP`,
        coin,
        kind: 'linear',
        settlementAsset: 'USDT',
        multiplier,
        sizeDecimals: 2,
      },
      {
        takerFeeRate: '0.0005',
        maintenance: {
          kind: 'whole-tiers',
          basis: 'contracts',
          tiers: wholeTiers(coinOf(coin).startPrice * Number(multiplier)),
        },
      },
    )
  return [
    swap('BTC', '0.01'),
    swap('ETH', '0.1'),
    swap('SOL', '1'),
    swap('XRP', '100'),
    swap('DOGE', '1000'),
    swap('ADA', '100'),
    swap('LINK', '1'),
  ]
}

/** Levels of the value at entry; linear futures of one coin are netted. */
function kraken(): DemoInstrument[] {
  const future = (symbol: string, coin: string, isInverse: boolean): DemoInstrument =>
    listedInstrument(
      KRAKEN,
      'kraken-futures-public',
      {
        symbol,
        coin,
        kind: isInverse ? 'inverse' : 'linear',
        settlementAsset: isInverse ? krakenNameOf(coin) : 'USD',
        multiplier: '1',
        ...(isInverse ? { sizeDecimals: 0 } : {}),
        dated: symbol.startsWith('F'),
        hasIsolatedMargin: !isInverse,
      },
      {
        takerFeeRate: '0',
        maintenance: {
          kind: 'whole-tiers',
          basis: isInverse ? 'contracts' : 'notional',
          tiers: wholeTiers(1),
        },
        maintenancePrice: 'entry',
        initial: { kind: 'multiple', factor: '2' },
        ...(isInverse ? {} : { nettingGroup: krakenNameOf(coin) }),
      },
    )
  return [
    future('PF_XBTUSD', 'BTC', false),
    future('PF_ETHUSD', 'ETH', false),
    future('PF_SOLUSD', 'SOL', false),
    future('PF_XRPUSD', 'XRP', false),
    future('FF_XBTUSD_261225', 'BTC', false),
    future('PI_XBTUSD', 'BTC', true),
    future('PI_ETHUSD', 'ETH', true),
  ]
}

function krakenNameOf(coin: string): string {
  return coin === 'BTC' ? 'XBT' : coin
}

/**
 * A rate that grows with the size in coin. Linear ones: the rate of an inverse future moves with its price, so that the worker
 * decides each of its accounts exactly on every tick, which a book of 100,000 accounts does not leave time for.
 */
function deribit(): DemoInstrument[] {
  const perpetual = (coin: string, base: string, increment: string): DemoInstrument =>
    listedInstrument(
      DERIBIT,
      'deribit-public',
      {
        symbol: `${coin}_USDC-PERPETUAL`,
        coin,
        kind: 'linear',
        settlementAsset: 'USDC',
        multiplier: '1',
        hasIsolatedMargin: false,
      },
      { takerFeeRate: '0.0005', maintenance: { kind: 'size-rate', base, increment } },
    )
  return [
    perpetual('BTC', '0.01', '0.00005'),
    perpetual('ETH', '0.01', '0.000004'),
    perpetual('SOL', '0.02', '0.000005'),
    perpetual('XRP', '0.02', '0.00000001'),
    perpetual('DOGE', '0.02', '0.000000005'),
    perpetual('AVAX', '0.02', '0.000001'),
  ]
}

/** Maintenance and fee on the value at entry, each lot in whole units of the settlement asset. */
function bitmex(): DemoInstrument[] {
  const future = (symbol: string, coin: string, isInverse: boolean): DemoInstrument => {
    const unitUsd = isInverse ? coinOf(coin).startPrice : 1
    return listedInstrument(
      venueId('bitmex'),
      'bitmex-public',
      {
        symbol,
        coin,
        kind: isInverse ? 'inverse' : 'linear',
        settlementAsset: isInverse ? 'XBT' : 'USDT',
        multiplier: isInverse ? '1' : linearMultiplierOf(coinOf(coin)),
        sizeDecimals: 0,
        dated: true,
      },
      {
        takerFeeRate: '0.0005',
        maintenance: {
          kind: 'whole-tiers',
          basis: isInverse ? 'coin' : 'notional',
          tiers: wholeTiers(unitUsd),
        },
        maintenancePrice: 'entry',
        rounding: { unit: isInverse ? '0.00000001' : '0.000001', per: 'lot', lotSize: '1' },
      },
    )
  }
  return [
    future('XBTZ26', 'BTC', true),
    future('XBTH27', 'BTC', true),
    future('XBTUSDTZ26', 'BTC', false),
    future('ETHUSDTZ26', 'ETH', false),
    future('SOLUSDTZ26', 'SOL', false),
    future('XRPUSDTZ26', 'XRP', false),
  ]
}

/** A contract of about a tenth of a dollar. */
function linearMultiplierOf({ startPrice }: DemoCoin): string {
  const decimals = Math.max(0, Math.ceil(Math.log10(startPrice * 10)))
  return decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`
}
