import { type InstrumentRules, marginalTiers, NO_CAP, type RulesImport } from '../../domain/index.ts'
import { parseDecimal } from '../../margin/index.ts'
import {
  type BodyRecord,
  baseAssetField,
  decimalOf,
  positiveIn,
  recordsOf,
  refuse,
  symbolIn,
  Taken,
  textIn,
} from './body.ts'
import { leverageOf } from './tiers.ts'

/** `/v4/perpetualMarkets` of the Indexer. */
export const dydxImport: RulesImport = {
  source: '/v4/perpetualMarkets',
  endpoint: {
    url: 'https://indexer.dydx.trade',
    first: [{ path: '/v4/perpetualMarkets' }],
    following: () => [],
    objectionOf: () => undefined,
    pauseMs: 0,
  },
  read(bodies, { asOf }) {
    const taken = new Taken()
    const isMarket = ({ ticker, maintenanceMarginFraction }: BodyRecord) =>
      typeof ticker === 'string' && maintenanceMarginFraction !== undefined
    for (const market of recordsOf(bodies, isMarket)) {
      taken.take(symbolIn(market, 'ticker'), () => {
        if (market.status === 'FINAL_SETTLEMENT') refuse('the venue is settling it for good')
        return dydxRules({
          ticker: textIn(market, 'ticker'),
          initialRate: positiveIn(market, 'initialMarginFraction'),
          maintenanceRate: positiveIn(market, 'maintenanceMarginFraction'),
          lowerCap: decimalOf(market.openInterestLowerCap) ?? '0',
          upperCap: decimalOf(market.openInterestUpperCap) ?? '0',
          openInterest: decimalOf(market.openInterest),
          asOf,
        })
      })
    }
    return taken
  },
}

export interface DydxMarket {
  readonly ticker: string
  readonly initialRate: string
  readonly maintenanceRate: string
  /** In USDC. */
  readonly lowerCap: string
  readonly upperCap: string
  /** In base units. */
  readonly openInterest?: string | undefined
  readonly asOf?: string
}

/** Fees are not part of margin. An account at its maintenance margin is safe. */
export function dydxRules(market: DydxMarket): InstrumentRules {
  const { ticker, initialRate, maintenanceRate, lowerCap, upperCap, openInterest, asOf } = market
  const maxLeverage = leverageOf(parseDecimal(initialRate))
  const tier = { cap: NO_CAP, maintenanceMarginRate: maintenanceRate, maintenanceDeduction: '0', maxLeverage }
  return {
    ...baseAssetField(ticker.replace(/-USD$/, '')),
    contribution: 'linear',
    multiplier: '1',
    settlementAsset: 'USDC',
    takerFeeRate: '0',
    ...(asOf === undefined ? {} : { asOf }),
    maintenance: marginalTiers('linear', [tier]),
    initial: {
      kind: 'open-interest',
      rate: initialRate,
      lowerCap,
      upperCap,
      ...(openInterest === undefined ? {} : { openInterest }),
    },
    rounding: { unit: '0.000001', per: 'position' },
    closingFee: 'none',
    liquidation: 'passed',
  }
}
