import { type InstrumentRules, type RulesImport, shownValue } from '../../domain/index.ts'
import { ceilTo, compare, div, formatRate, parseDecimal } from '../../margin/index.ts'
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
        const initialRate = positiveIn(market, 'initialMarginFraction')
        const maintenanceRate = positiveIn(market, 'maintenanceMarginFraction')
        if (compare(parseDecimal(maintenanceRate), parseDecimal(initialRate)) >= 0)
          refuse(
            `the maintenance margin rate ${maintenanceRate} is not below the initial one, ${initialRate}`,
          )
        return dydxRules({
          ticker: textIn(market, 'ticker'),
          initialRate,
          maintenanceRate,
          lowerCap: decimalOf(market.openInterestLowerCap) ?? '0',
          upperCap: decimalOf(market.openInterestUpperCap) ?? '0',
          openInterest: decimalOf(market.openInterest),
          onlyIsolated: isIsolated(market),
          asOf,
        })
      })
    }
    return taken
  },
}

/** The chain writes the type with a prefix. Bodies from before there were isolated markets state none. */
function isIsolated({ marketType = 'CROSS' }: BodyRecord): boolean {
  const type = typeof marketType === 'string' ? marketType.replace(/^PERPETUAL_MARKET_TYPE_/, '') : marketType
  if (type !== 'CROSS' && type !== 'ISOLATED') {
    refuse(`marketType is ${shownValue(marketType)}: must be CROSS or ISOLATED`)
  }
  return type === 'ISOLATED'
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
  /** Each position is in a subaccount of its own. */
  readonly onlyIsolated?: boolean
  readonly asOf?: string
}

/** Fees are not part of margin. An account at its maintenance margin is safe. */
export function dydxRules(market: DydxMarket): InstrumentRules {
  const { ticker, initialRate, maintenanceRate, lowerCap, upperCap, openInterest, onlyIsolated, asOf } =
    market
  return {
    ...baseAssetField(ticker.replace(/-USD$/, '')),
    contribution: 'linear',
    multiplier: '1',
    settlementAsset: 'USDC',
    takerFeeRate: '0',
    ...(asOf === undefined ? {} : { asOf }),
    maintenance: { kind: 'initial-share', initialRate, share: shareOf(maintenanceRate, initialRate) },
    initial: {
      kind: 'open-interest',
      rate: initialRate,
      lowerCap,
      upperCap,
      ...(openInterest === undefined ? {} : { openInterest }),
    },
    rounding: { unit: '0.000001', per: 'position' },
    ...(onlyIsolated === true ? { onlyIsolated } : {}),
    closingFee: 'none',
    liquidation: 'passed',
  }
}

const MILLIONTH = { n: 1n, d: 1_000_000n }

/** The Indexer states the product of the two fractions of the chain; each is in whole millionths. */
function shareOf(maintenanceRate: string, initialRate: string): string {
  return formatRate(ceilTo(div(parseDecimal(maintenanceRate), parseDecimal(initialRate)), MILLIONTH))
}
