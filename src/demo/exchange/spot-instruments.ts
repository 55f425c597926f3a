import { venueId } from '../../domain/index.ts'
import type { DemoInstrument } from './instrument.ts'
import { listedInstrument } from './listed-instrument.ts'

/** Pairs that Kraken's spot exchange lends for. It liquidates at a margin level of 40 %: a share of the used margin. */
export function spotInstruments(): DemoInstrument[] {
  const pair = (symbol: string, coin: string, leverageMax: number): DemoInstrument =>
    listedInstrument(
      venueId('kraken'),
      'kraken-spot',
      {
        symbol,
        coin,
        kind: 'linear',
        settlementAsset: 'USD',
        multiplier: '1',
        hasIsolatedMargin: false,
        leverageMax,
        accountsOf: 'spot',
      },
      {
        takerFeeRate: '0',
        maintenance: { kind: 'used-margin', share: '0.4' },
        initial: { kind: 'used-margin', share: '1' },
        closingFee: 'none',
        liquidation: 'reached',
      },
    )
  return [
    pair('XBTUSD', 'BTC', 10),
    pair('ETHUSD', 'ETH', 10),
    pair('SOLUSD', 'SOL', 10),
    pair('XRPUSD', 'XRP', 5),
    pair('XDGUSD', 'DOGE', 5),
    pair('ADAUSD', 'ADA', 3),
    pair('LINKUSD', 'LINK', 3),
  ]
}
