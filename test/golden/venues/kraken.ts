// Kraken Futures: support pages and the position of ccxt issue 22551.

import { quotientOf } from '../fractions.ts'
import {
  cross,
  type Example,
  type GoldenCase,
  givenCase,
  goldenCase,
  isolated,
  NO_CAP,
  rateRules,
} from '../golden-case.ts'
import { printedF64 } from '../support.ts'

const FLEX = {
  settlementAsset: 'USD',
  maintenancePrice: 'entry',
  initial: { kind: 'multiple', factor: '2' },
  liquidation: 'passed',
}

/** One currency of the multi-collateral wallet: haircut and conversion take 2.245 % of each but dollars. */
function flexCollateral(asset: string, quantity: string, value: string, collateralValue: string): Example {
  return {
    id: `kraken flex: ${asset} as collateral`,
    source: 'documentation, sample of /accounts; the index price is value/quantity',
    rules: {},
    account: {
      pool: { currency: 'USD' },
      // Without a position or a debt nothing can be liquidated; the dollar that is owed is there.
      collateral: [
        { asset, amount: quantity },
        { asset: 'USD', amount: '1' },
      ],
      liabilities: [{ asset: 'USD', amount: '1' }],
    },
    marks: {},
    indexPrices: { [asset]: quotientOf(value, quantity) },
    collateralRules: { [asset]: { tiers: [{ cap: NO_CAP, ratio: '0.97755' }] } },
    // Sixteen digits of both values leave twelve decimals of their product with the rate.
    printed: { 'account.walletBalance': value, 'account.marginBalance': collateralValue.slice(0, 16) },
  }
}

export const KRAKEN_EXAMPLES: readonly Example[] = [
  flexCollateral('XBT', '0.1185308247', '4998.721054420551', '4886.49976674881'),
  flexCollateral('EUR', '4540.5837374453', '4999.137289089901', '4886.906656949836'),
  {
    id: 'kraken G1: PF_XBTUSD',
    source: 'position of ccxt issue 22551',
    rules: { X: rateRules('0.01', FLEX) },
    account: cross('USD', '100', '0.0134', '66607.42774643192'),
    marks: { X: '66884.5130689281' },
    printed: {
      initialMargin: printedF64('17.850790636043754'),
      maintenanceMargin: printedF64('8.925395318021877'),
      // Sixteen digits of both prices leave eleven decimals of their difference.
      unrealizedPnl: '3.71294332144',
      'return on equity': '0.207998816251',
    },
    derived: (figures) => ({
      'return on equity': quotientOf(figures.unrealizedPnl!, figures.initialMargin!),
    }),
  },
  {
    id: 'kraken G3: inverse long, liquidated by the value at the mark',
    source: 'document of the Equity Protection Process',
    rules: {
      X: rateRules('0.01', {
        contribution: 'inverse',
        settlementAsset: 'BTC',
        maintenance: {
          kind: 'whole-tiers',
          basis: 'contracts',
          tiers: [{ cap: NO_CAP, maintenanceMarginRate: '0.01' }],
        },
        maintenancePrice: 'larger',
        initial: { kind: 'multiple', factor: '2' },
        liquidation: 'passed',
      }),
    },
    account: cross('BTC', '0.01', '1000', '8000'),
    marks: { X: '8000' },
    // The document asks for the maintenance margin on the value at the mark; the schedules say entry. The larger one holds.
    printed: {
      initialMargin: '0.0025',
      maintenanceMargin: '0.00125',
      liquidationPrice: '7481',
      bankruptcyPrice: '7407',
    },
  },
  {
    id: 'kraken G7: the larger side of one underlying is asked for margin',
    source: 'rule max(long, short) of the support page, with figures of this test',
    rules: {
      X: rateRules('0.01', { ...FLEX, nettingGroup: 'BTC' }),
      Y: rateRules('0.01', { ...FLEX, nettingGroup: 'BTC' }),
    },
    account: {
      collateral: [{ asset: 'USD', amount: '5000' }],
      positions: [
        { symbol: 'X', marginMode: 'cross', size: '2', entryPrice: '60000' },
        { symbol: 'Y', marginMode: 'cross', size: '-1', entryPrice: '60000' },
      ],
    },
    marks: { X: '60000', Y: '60000' },
    printed: { 'account.maintenanceMargin': '1200' },
  },
  {
    id: 'kraken G9: linear isolated',
    source: 'computed from the rule of the support page',
    rules: { X: rateRules('0.01', FLEX) },
    account: isolated('1', '60000', { isolatedMargin: '3000' }),
    marks: { X: '60000' },
    printed: { maintenanceMargin: '600', liquidationPrice: '57600' },
  },
]

export const KRAKEN_CASES: readonly GoldenCase[] = [
  ...KRAKEN_EXAMPLES.map(goldenCase),
  givenCase('kraken G5: cap of the funding rate'),
]
