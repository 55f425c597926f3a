import { marginalTiers, NO_CAP, venueId } from '../../domain/index.ts'
import type { DemoInstrument } from './instrument.ts'
import { listedInstrument } from './listed-instrument.ts'

const COINBASE = venueId('coinbase')

/** Contracts that are settled in dollars, at exchanges of the United States and those beside them. */
export function usInstruments(): DemoInstrument[] {
  return [...coinbaseCfm(), ...coinbaseIntx(), ...cme()]
}

/** A rate of the value for each side, long and short. */
function coinbaseCfm(): DemoInstrument[] {
  const future = (code: string, coin: string, multiplier: string, long: string, short: string) =>
    listedInstrument(
      COINBASE,
      'coinbase-cfm',
      {
        symbol: `${code}-20DEC30-CDE`,
        coin,
        kind: 'linear',
        settlementAsset: 'USD',
        multiplier,
        sizeDecimals: 0,
        dated: true,
        hasIsolatedMargin: false,
        accountsOf: 'us',
      },
      {
        takerFeeRate: '0',
        maintenance: { kind: 'side-rates', long, short },
        initial: { kind: 'side-rates', long, short },
        closingFee: 'none',
        liquidation: 'reached',
      },
    )
  return [
    future('BIP', 'BTC', '0.01', '0.245625', '0.306375'),
    future('ETP', 'ETH', '0.1', '0.2625', '0.3275'),
    future('SLP', 'SOL', '5', '0.30375', '0.37875'),
    future('XPP', 'XRP', '500', '0.31', '0.3875'),
    future('DOP', 'DOGE', '5000', '0.325', '0.40625'),
    future('LNP', 'LINK', '50', '0.33', '0.4125'),
  ]
}

/** Two thirds of the initial margin. */
function coinbaseIntx(): DemoInstrument[] {
  const perpetual = (coin: string, initialRate: string, maintenanceMarginRate: string) => {
    const tier = { cap: NO_CAP, maintenanceMarginRate, maintenanceDeduction: '0' }
    return listedInstrument(
      COINBASE,
      'coinbase-intx',
      {
        symbol: `${coin}-PERP`,
        coin,
        kind: 'linear',
        settlementAsset: 'USDC',
        multiplier: '1',
        leverageMax: Math.floor(1 / Number(initialRate)),
        accountsOf: 'international',
      },
      {
        takerFeeRate: '0',
        maintenance: marginalTiers('linear', [tier]),
        initial: { kind: 'rate', rate: initialRate },
        closingFee: 'none',
        liquidation: 'passed',
      },
    )
  }
  return [
    perpetual('BTC', '0.06', '0.04'),
    perpetual('ETH', '0.06', '0.04'),
    perpetual('SOL', '0.12', '0.08'),
    perpetual('XRP', '0.12', '0.08'),
    perpetual('DOGE', '0.15', '0.1'),
    perpetual('AVAX', '0.15', '0.1'),
  ]
}

/** An amount of dollars for each contract, about three tenths of its value. */
function cme(): DemoInstrument[] {
  const future = (symbol: string, coin: string, multiplier: string, amount: string) =>
    listedInstrument(
      venueId('cme'),
      'cme-poll',
      {
        symbol,
        coin,
        kind: 'linear',
        settlementAsset: 'USD',
        multiplier,
        sizeDecimals: 0,
        dated: true,
        hasIsolatedMargin: false,
        isNetted: true,
      },
      {
        takerFeeRate: '0',
        maintenance: { kind: 'per-contract', amount },
        initial: { kind: 'multiple', factor: '11/10', roundUpTo: '1' },
        closingFee: 'none',
        liquidation: 'passed',
      },
    )
  return [
    future('BTCZ26', 'BTC', '5', '96000'),
    future('MBTZ26', 'BTC', '0.1', '1920'),
    future('MBTF27', 'BTC', '0.1', '1950'),
    future('BFFZ26', 'BTC', '0.02', '384'),
    future('ETHZ26', 'ETH', '50', '47000'),
    future('METZ26', 'ETH', '0.1', '94'),
    future('METF27', 'ETH', '0.1', '96'),
  ]
}
